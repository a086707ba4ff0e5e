"""ACC-049  trail_bucket_accepts_only_its_trail

Why       The trail is what we show when we are asked who read what. CloudTrail works for every customer: a statement
          that does not name our trail lets a stranger's files in among ours. A trail that the bucket denies records
          nothing, and the pipeline does not notice.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Resource, Stack, stores, trails
from rules.lib.iam import Statement
from rules.lib.principals import ACCOUNT, conditions
from rules.lib.requests import granted

OWNER = ("stringequals", "s3:x-amz-acl")

subjects = trails.trail_buckets


def problems(stack: Stack, subject: str) -> Problems:
    """Grants beyond the trails that deliver here, and trails that are not allowed in."""
    bucket = stack.resources[subject]
    statements = stores.guards(stack, bucket)
    for statement in statements:
        if statement.allows:
            yield from _judge(stack, statement, bucket)
    for trail in trails.delivering(stack, bucket):
        refused = [each.action for each in trails.bucket_requests(trail, bucket) if not granted(statements, each)]
        if refused:
            yield Problem(
                f"CloudTrail is denied {' and '.join(dict.fromkeys(refused))} for {trail.logical_id}: nothing is"
                " recorded.",
                f"allow {trails.SERVICE} s3:GetBucketAcl on the bucket and s3:PutObject on AWSLogs/<account>/* in it,"
                f" for aws:SourceArn the ARN of {trail.logical_id}.",
            )


def _judge(stack: Stack, statement: Statement, bucket: Resource) -> Problems:
    which = f"the statement {statement.sid or statement.path[-1]} of its policy"
    if statement.body.get("Principal") not in ({"Service": trails.SERVICE}, {"Service": [trails.SERVICE]}):
        yield Problem(
            f"{which} grants access to a principal other than CloudTrail, so trail files could be forged.",
            f"set Principal to the Service {trails.SERVICE}; grant readers access in their roles.",
        )
    if not trails.is_held_to_our_trails(stack, statement):
        yield Problem(
            f"{which} accepts files of trails outside this template, which would look like ours.",
            "name in StringEquals aws:SourceArn the ARN of this template's trail, without a wildcard.",
        )
    actions = {each.lower() for each in statement.actions}
    finding = actions == {"s3:getbucketacl"} and statement.resources == [bucket.arn]
    folder = f"{bucket.arn}/AWSLogs/{ACCOUNT}/"
    inside = bool(statement.resources) and all(each.startswith(folder) for each in statement.resources)
    if not finding and not (actions == {"s3:putobject"} and inside):
        yield Problem(
            f"{which} grants more than reading the bucket's ACL and writing the trail's files.",
            "grant s3:GetBucketAcl on the bucket, and in another statement s3:PutObject on AWSLogs/<account>/* in it.",
        )
    if not finding and conditions(statement).get(OWNER) != ["bucket-owner-full-control"]:
        yield Problem(
            f"{which} does not require that the bucket owner owns the files, as AWS documents.",
            "add the condition StringEquals s3:x-amz-acl bucket-owner-full-control.",
        )
