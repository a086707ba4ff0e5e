"""ENC-019  data_bucket_refuses_other_algorithms

Why       An upload can ask for weaker encryption than the bucket's own, and its object then stays
          readable after the key is switched off. But an upload that asks for nothing gets the
          bucket's encryption, and refusing that one loses the data of writers that rely on it:
          Lambda's own writer of failed batches does.
Targets   AWS::S3::Bucket, AWS::S3::BucketPolicy, AWS::IAM::Role

Cases     SKIP  no bucket in the template; a bucket without a KMS key, and one without Properties
          PASS  uploads that name another algorithm are refused to everybody; the test for the
                header as text; uploads that name the algorithm and no key are refused too
          FAIL  no policy; a policy without Properties; a policy without a statement; another
                algorithm is asked for than the bucket has; dual-layer encryption is let in; one
                role only is refused; one prefix only is guarded; another action is refused; a
                further condition lets some through; an Allow refuses nobody; uploads without the
                header are refused too; a second statement refuses uploads without the header; a
                second statement does not ask whether the header is there; a role is refused uploads
                without the header by a policy of its own; a good bucket does not hide its neighbour
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Resource, Stack
from rules.lib.iam import Statement, role_statements
from rules.lib.stores import ALGORITHM, encrypted_with_kms, guards, refuses_uploads, refuses_uploads_without


def subjects(stack: Stack) -> list[str]:
    """Buckets that encrypt with KMS."""
    return list(encrypted_with_kms(stack))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Uploads that name another algorithm are let in, or those that name none are not."""
    bucket = stack.resources[subject]
    wanted = {("null", ALGORITHM): ["false"], ("stringnotequals", ALGORITHM): ["aws:kms"]}
    if not refuses_uploads(stack, bucket, wanted):
        yield Problem(
            "an upload to a KMS-encrypted bucket may name another algorithm, and no key of ours protects that object.",
            f"add to its policy a Deny of s3:PutObject for Principal '*' on bucket/*, with Null {ALGORITHM} false and"
            f" StringNotEquals {ALGORITHM} aws:kms.",
        )
    if refuses_uploads_without(guards(stack, bucket), ALGORITHM):
        yield Problem(
            "uploads that name no algorithm are refused, although the bucket would encrypt them: their data is lost.",
            f"add Null {ALGORITHM} false to the condition of the Deny, so that it judges only uploads that name one.",
        )
    for role in stack.of("AWS::IAM::Role").values():
        own = [each for each in role_statements(role) if _is_about(each, bucket)]
        if refuses_uploads_without(own, ALGORITHM):
            yield Problem(
                f"{role.logical_id} is refused uploads that name no algorithm, although the bucket would encrypt them.",
                f"remove the Deny from {role.logical_id}: the bucket's policy refuses other algorithms to everybody.",
            )


def _is_about(statement: Statement, bucket: Resource) -> bool:
    objects = f"{bucket.arn}/"
    return statement.reaches(f"{objects}*") or any(each.startswith(objects) for each in statement.resources)
