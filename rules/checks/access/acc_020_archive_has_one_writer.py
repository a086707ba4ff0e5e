"""ACC-020  archive_has_one_writer

Why       The archive is proof only if it holds what arrived and nothing else. Anything else that is written there is
          locked for seven years like the record itself, and cannot be told apart from it.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, buckets
from rules.lib.iam import Statement
from rules.lib.principals import conditions, names_everybody
from rules.lib.stores import guards

#: Whichever way an object comes in.
WRITES = ("s3:PutObject", "s3:ReplicateObject")

subjects = buckets.archives  # Logs are not among them: S3 writes those.


def problems(stack: Stack, subject: str) -> Problems:
    """Write actions that are open to principals other than the replication role."""
    bucket = stack.resources[subject]
    writers = _writers(stack, bucket)
    refusals = [each for each in guards(stack, bucket) if _refuses_all_but(each, writers, bucket)]
    open_ = [action for action in WRITES if not any(each.covers(action) for each in refusals)]
    if open_ and not writers:
        yield Problem(
            "nothing in this template replicates into this write-once bucket, and its policy lets anyone with the "
            f"permission write objects that are then locked ({', '.join(open_)}).",
            "replicate the record into it, and add to its policy a Deny of s3:PutObject and s3:ReplicateObject for"
            " Principal '*' on bucket/*, with ArnNotEquals aws:PrincipalArn, the replication role's ARN, as its only "
            "condition.",
        )
    elif open_:
        yield Problem(
            f"principals other than the replication role may write to the archive ({', '.join(open_)}).",
            "add to its policy a Deny of s3:PutObject and s3:ReplicateObject for Principal '*' on bucket/*, with"
            " ArnNotEquals aws:PrincipalArn, the replication role's ARN, as its only condition.",
        )


def _writers(stack: Stack, archive: Resource) -> list[str]:
    # The roles with which other buckets replicate into this one.
    found = []
    for bucket in stack.of("AWS::S3::Bucket").values():
        replication = bucket.properties.get("ReplicationConfiguration")
        rules = items(at(replication, "Rules"))
        if any(at(each, "Destination", "Bucket") == archive.arn for each in rules):
            found.append(str(at(replication, "Role")))
    return found


def _refuses_all_but(statement: Statement, writers: list[str], bucket: Resource) -> bool:
    tests = conditions(statement)
    spared = [tests.get((operator, "aws:principalarn")) for operator in ("arnnotequals", "stringnotequals")]
    return (
        statement.denies
        and names_everybody(statement)
        and statement.reaches(f"{bucket.arn}/*")
        and len(tests) == 1
        and any([writer] in spared for writer in writers)
    )
