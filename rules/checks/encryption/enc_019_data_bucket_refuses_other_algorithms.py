"""ENC-019  data_bucket_refuses_other_algorithms

Why       An upload can ask for weaker encryption than the bucket's own, and its object then stays readable after the
          key is switched off. But an upload that names no algorithm gets the bucket's encryption, and denying it loses
          the data of writers that rely on that, such as Lambda's delivery of failed batches.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::IAM::Role
"""

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Statement, role_statements
from rules.lib.stores import ALGORITHM, encrypted_with_kms, guards, refuses_uploads, refuses_uploads_without

subjects = encrypted_with_kms


def problems(stack: Stack, subject: str) -> Problems:
    """Uploads that name another algorithm are allowed, or those that name none are denied."""
    bucket = stack.resources[subject]
    wanted = {("null", ALGORITHM): ["false"], ("stringnotequals", ALGORITHM): ["aws:kms"]}
    if not refuses_uploads(stack, bucket, wanted):
        yield Problem(
            "an upload may choose an algorithm other than aws:kms, so our key does not protect that object.",
            f"add to its policy a Deny of s3:PutObject for Principal '*' on bucket/*, with Null {ALGORITHM} false and"
            f" StringNotEquals {ALGORITHM} aws:kms.",
        )
    if refuses_uploads_without(guards(stack, bucket), ALGORITHM):
        yield Problem(
            "uploads that name no algorithm are denied, although the bucket would encrypt them: their data is lost.",
            f"add Null {ALGORITHM} false to the condition of the Deny, so that it judges only uploads that name one.",
        )
    for role in stack.of("AWS::IAM::Role").values():
        own = [each for each in role_statements(role) if _is_about(each, bucket)]
        if refuses_uploads_without(own, ALGORITHM):
            yield Problem(
                f"{role.logical_id} is denied uploads that name no algorithm, although the bucket would encrypt them.",
                f"remove the Deny from {role.logical_id}: the bucket policy denies other algorithms to everyone.",
            )


def _is_about(statement: Statement, bucket: Resource) -> bool:
    objects = f"{bucket.arn}/"
    return statement.reaches(f"{objects}*") or any(each.startswith(objects) for each in statement.resources)
