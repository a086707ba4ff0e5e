"""ENC-028  trail_key_is_open_to_cloudtrail

Why       CloudTrail uses the key for each file. If the key policy denies it, the deployment fails, or, when the policy
          changes later, files are no longer written, and only a status that nobody reads says so.
Targets   AWS::CloudTrail::Trail, AWS::KMS::Key
"""

from rules.lib import Problem, Problems, Stack, trails
from rules.lib.requests import key_of, refused


def subjects(stack: Stack) -> list[str]:
    """The trails whose key is in the template."""
    found = stack.of(trails.TRAIL).items()
    return [name for name, trail in found if key_of(stack, trail.properties.get("KMSKeyId"))]


def problems(stack: Stack, subject: str) -> Problems:
    """What the key policy denies CloudTrail for this trail."""
    trail = stack.resources[subject]
    key = key_of(stack, trail.properties.get("KMSKeyId"))
    if key is None:
        return
    if actions := [each.action for each in refused(key, trails.key_requests(trail, key))]:
        yield Problem(
            f"the trail's key {key.logical_id} denies CloudTrail {' and '.join(actions)}: nothing is recorded.",
            f"allow {trails.SERVICE} kms:DescribeKey and kms:GenerateDataKey* in {key.logical_id}'s KeyPolicy, for"
            " aws:SourceArn the trail's ARN.",
            ("Properties", "KMSKeyId"),
        )
