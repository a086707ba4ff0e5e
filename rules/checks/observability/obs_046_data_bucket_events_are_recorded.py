"""OBS-046  data_bucket_events_are_recorded

Why       When a licensed feed turns up where it should not be, the question is who read which object, and an auditor
          asks it up to a year later. Access logs may lose lines; only a trail of data events has every read and write.
          A bucket that it leaves out has no answer.
Targets   AWS::S3::Bucket, AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Stack, trails


def subjects(stack: Stack) -> list[str]:
    """The buckets with data, where there is a trail or has to be one."""
    if not stack.of(trails.TRAIL) and stack.parameters.get("Environment") != "production":
        return []
    return list(trails.data_buckets(stack))


def problems(stack: Stack, subject: str) -> Problems:
    """No trail that records every read and write of the bucket's objects."""
    objects = f"{stack.resources[subject].arn}/"
    picked = [begins for trail in stack.of(trails.TRAIL).values() for _, begins in trails.picked(trail)]
    if not any(objects.startswith(each) for begins in picked for each in begins or ()):
        yield Problem(
            "no trail records every read and write of this bucket's objects, so nobody could show who has read them.",
            "name the bucket's ARN with a slash at its end in StartsWith of resources.ARN, in a selector of a trail"
            " with eventCategory Data and resources.type AWS::S3::Object and no other field.",
        )
