"""Each grant of a role by itself: every action, resource and value of a condition of which one is enough."""

from typing import Any

import pytest

from harness.access.grants import grants
from tests.unit.access.small import OWN, READS, TEMPLATE, changed, statement

NOTHING = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("statements", "rights"),
    [
        ([READS], ["s3:GetObject Bucket/in/*"]),
        (
            statement("Allow", ["s3:GetObject", "s3:PutObject"], Resource=[{"Fn::GetAtt": ["Bucket", "Arn"]}, "*"]),
            ["s3:GetObject Bucket", "s3:GetObject *", "s3:PutObject Bucket", "s3:PutObject *"],
        ),
        (
            [READS | {"Condition": {"StringEquals": {"aws:PrincipalTag/a": ["b", {"Ref": "Wide"}]}}}],
            [
                "s3:GetObject Bucket/in/* if aws:PrincipalTag/a is b",
                "s3:GetObject Bucket/in/* if aws:PrincipalTag/a is Wide",
            ],
        ),
        (
            [READS | {"Condition": {"StringNotEquals": {"aws:PrincipalTag/a": ["b", "c"]}}}],
            ["s3:GetObject Bucket/in/*"],
        ),
        ([{"Fn::If": ["IsWide", statement("Allow", "s3:*", Resource="*"), NOTHING]}], ["s3:* *"]),
        ([statement("Deny", "s3:*", Resource="*")], []),
        ([{"Effect": "Allow", "NotAction": ["s3:*", "iam:*"], "NotResource": "x"}], ["all but s3:* iam:* all but x"]),
        (
            [
                READS
                | {"Resource": {"Fn::If": ["IsWide", {"Fn::Sub": "${Bucket.Arn}/*"}, {"Fn::Sub": ["${Topic}/a", {}]}]}}
            ],
            ["s3:GetObject Bucket/*", "s3:GetObject Topic/a"],
        ),
    ],
)
def test_a_policy_is_taken_apart(statements: Any, rights: list[str]):
    assert [each.right for each in grants(changed(OWN, statements))] == rights


def test_a_role_without_policies_is_granted_nothing():
    assert not [*grants({"Resources": {"Role": {"Type": "AWS::IAM::Role"}, "Bucket": TEMPLATE["Resources"]["Bucket"]}})]
