"""Allowed is held to what is meant, both ways, on a small template: each break of one is a finding with a witness."""

from pathlib import Path
from typing import Any

import pytest

from harness.access.grants import Called
from harness.access.judge import (
    ALLOWED,
    DENIED,
    MISSING,
    NOT_EVALUATED,
    SPARE,
    UNDENIED,
    UNUSED,
    Report,
    against_base,
    against_table,
)
from harness.render.scenarios import Scenarios
from tests.unit.access.small import (
    ALARMS,
    BUCKET,
    OWN,
    PAGE,
    PASSES,
    READS,
    ROLE,
    ROWS,
    TEMPLATE,
    TLS,
    TRUST,
    changed,
    document,
    statement,
    table,
)

Json = dict[str, Any]
POLICY = ("Resources", "Policy", "Properties", "PolicyDocument")
TOPIC = ("Resources", "Alarms", "Properties", "PolicyDocument")
WAY = ("Resources", "Way", "Properties", "PolicyDocument")
OTHERS = "111122223333"
NOTHING = {"Ref": "AWS::NoValue"}
REPORTING = "arn:aws:iam::123456789012:role/reporting"
LOG = "arn:aws:logs:us-east-1:123456789012:log-group:x:*"
ELSEWHERE = "arn:aws:sqs:eu-west-9:123456789012:q"
LETS_IN = statement("Allow", "s3:GetObject", Resource=f"{BUCKET}/*")
ANYTHING = statement("Allow", "*", Resource="*")


def everybody_if(operator: str, **tests: str) -> Json:
    """The bucket's policy with an Allow for everybody on a condition; `aws_X` stands for aws:X."""
    condition = {operator: {key.replace("_", ":", 1): each for key, each in tests.items()}}
    return document(TLS, LETS_IN | {"Principal": "*", "Condition": condition})


def judged(tmp_path: Path, template: Json = TEMPLATE, rows: list[Json] | None = None) -> Report:
    return against_table(Scenarios(template), table(tmp_path / "access.yaml", rows or ROWS, template))


def test_what_is_allowed_is_what_is_meant(tmp_path: Path):
    report = judged(tmp_path)

    assert not report.findings


RIGHT = "s3:GetObject Bucket/in/*"
CALL = Called("Role", "s3:GetObject", "Bucket/in/*")


@pytest.mark.parametrize(
    ("stated", "calls", "used", "by_source"),
    [
        ({}, {CALL}, [RIGHT], {"recorded": {RIGHT: "rules/calls.csv: s3:GetObject Bucket/in/*"}}),
        ({}, set(), [], {"code": {RIGHT: "x.py: y"}}),
        ({}, {CALL._replace(resource="Bucket/out/*")}, [], {"code": {RIGHT: "x.py: y"}}),
        ({"code": None, "page": PAGE}, set(), [RIGHT], {"page": {RIGHT: PAGE}}),
    ],
)
def test_a_right_is_used_if_a_call_or_a_page_says_so(
    tmp_path: Path, stated: Json, calls: set[Called], used: list[str], by_source: Json
):
    row = {key: value for key, value in {**ROWS[0], **stated}.items() if value}
    report = judged(tmp_path, rows=[row, *ROWS[1:]]).as_dict(frozenset(calls))

    unused = [] if used else [RIGHT]
    assert report["roles"] == {
        "Role": {"granted": [RIGHT], "used": used, "unused": unused, "missing": [], "by_source": by_source}
    }


def test_what_is_granted_and_not_meant_is_unused_and_what_is_not_granted_is_missing(tmp_path: Path):
    template = changed(OWN, [READS | {"Action": "s3:PutObject"}])
    (role,) = judged(tmp_path, template).as_dict(frozenset({CALL}))["roles"].values()

    assert "s3:PutObject Bucket/in/*" in role["unused"]
    assert role["unused"] == role["granted"]
    assert role["used"] == []
    assert any("s3:GetObject" in each for each in role["missing"])


@pytest.mark.parametrize(
    ("path", "value", "kind", "who", "witness"),
    [
        pytest.param(OWN, [READS, statement("Allow", "s3:PutObject", Resource=f"{BUCKET}/in/*")],
                     SPARE, "Role", f"s3:PutObject on {BUCKET}/in/", id="a spare action"),
        pytest.param(OWN, [READS | {"Resource": f"{BUCKET}/*"}],
                     SPARE, "Role", f"s3:GetObject on {BUCKET}/x", id="a prefix too wide"),
        pytest.param(OWN, [READS | {"Action": "s3:GetObjectAcl"}],
                     MISSING, "Role", f"s3:GetObject on {BUCKET}/in/", id="a missing action"),
        pytest.param(OWN, [READS, {"Fn::If": ["IsWide", statement("Allow", "iam:*", Resource="*"), NOTHING]}],
                     SPARE, "Role", "iam:PassRole", id="an administrator behind a condition"),
        pytest.param(OWN, [READS, {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}],
                     SPARE, "Role", "sns:", id="all but some actions"),
        pytest.param(OWN, [READS | {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}],
                     MISSING, "Role", "aws:requestedregion=", id="a condition that cuts it off"),
        pytest.param(POLICY, document(TLS | {"Resource": BUCKET}),
                     SPARE, "Role", "aws:securetransport=false", id="no TLS"),
        pytest.param(POLICY, document(TLS, LETS_IN | {"Principal": {"AWS": OTHERS}}),
                     SPARE, OTHERS, f"on {BUCKET}/x", id="another account"),
        pytest.param(POLICY, document(TLS, LETS_IN | {"Principal": "*"}),
                     SPARE, "anybody without credentials", f"s3:GetObject on {BUCKET}/x", id="everybody"),
        pytest.param(POLICY, everybody_if("StringEquals", aws_PrincipalAccount=OTHERS),
                     SPARE, OTHERS, "s3:GetObject on", id="an account in a condition"),
        pytest.param(POLICY, everybody_if("ArnEquals", aws_PrincipalArn=f"arn:aws:iam::{OTHERS}:role/x"),
                     SPARE, OTHERS, "s3:GetObject on", id="another account's role in a condition"),
        pytest.param(POLICY, everybody_if("StringLike", aws_PrincipalAccount="22*", aws_PrincipalArn="*:*5:role/x"),
                     SPARE, "220000000005", "s3:GetObject on", id="an account that two patterns fit together"),
        pytest.param(POLICY, everybody_if("StringEquals", aws_username="x-ray"),
                     SPARE, "999999999999", "s3:GetObject on", id="a user's name in a condition"),
        pytest.param(POLICY, everybody_if("StringEquals", aws_PrincipalServiceName="config.amazonaws.com"),
                     SPARE, "config.amazonaws.com", "s3:GetObject on", id="a service in a condition"),
        pytest.param(POLICY, everybody_if("StringEquals", aws_SourceVpce="vpce-1"),
                     SPARE, "anybody without credentials", "aws:sourcevpce=vpce-1", id="somebody's own endpoint"),
        pytest.param(POLICY, everybody_if("StringEquals", aws_PrincipalType="Account"),
                     NOT_EVALUATED, "Policy", "aws:principaltype is Account", id="root users"),
        pytest.param(OWN, [READS, ANYTHING | {"Resource": "arn:aws:secretsmanager:*:*:secret:*"}],
                     SPARE, "Role", "secretsmanager:", id="a service that only the resource names"),
        pytest.param(OWN, [READS, ANYTHING | {"Condition": {"StringEquals": {"rds:DatabaseEngine": "x"}}}],
                     SPARE, "Role", "rds:", id="a service that only the condition names"),
        pytest.param(("Resources", "Way", "Properties"),
                     {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.secretsmanager"},
                     SPARE, "999999999999", "secretsmanager:", id="an endpoint to another service"),
        pytest.param(OWN, [READS | {"Condition": {"StringEquals": {"glue:CredentialIssuingService": "x"}}}],
                     NOT_EVALUATED, "Role", "glue:credentialissuingservice for none", id="a key of other actions"),
        pytest.param(OWN, [READS | {"Condition": {"StringEquals": {"aws:PrincipalTag/a": "${aws:PrincipalTag/b}"}}}],
                     NOT_EVALUATED, "Role", "${aws:principaltag/b}", id="a variable"),
        pytest.param(TOPIC, document(ALARMS, ALARMS | {"Effect": "Deny", "Principal": "*"}),
                     MISSING, "cloudwatch.amazonaws.com", "sns:Publish", id="a Deny that mutes the alarms"),
        pytest.param(TOPIC, document(ALARMS, ALARMS | {"Principal": {"Service": "events.amazonaws.com"}}),
                     SPARE, "events.amazonaws.com", "sns:Publish", id="another service"),
        pytest.param(WAY, document(PASSES | {"Resource": "*"}),
                     SPARE, "999999999999", "through Way", id="an open endpoint"),
        pytest.param(WAY, document(PASSES | {"Action": "s3:Put*"}),
                     MISSING, "Role", "through Way", id="an endpoint too narrow"),
        pytest.param((*ROLE, "AssumeRolePolicyDocument"), document(TRUST | {"Principal": {"AWS": OTHERS}}),
                     SPARE, OTHERS, "sts:AssumeRole", id="whom the role trusts"),
        pytest.param(OWN, [READS | {"Condition": {"DateLessThan": {"x": "tomorrow"}}}],
                     NOT_EVALUATED, "Role", "", id="a form that is not evaluated"),
        pytest.param(POLICY, document(TLS, LETS_IN | {"Principal": {"AWS": REPORTING}}),
                     SPARE, REPORTING, f"s3:GetObject on {BUCKET}/x", id="a role here that has no rights of its own"),
        pytest.param(OWN, [READS, statement("Allow", "logs:PutRetentionPolicy", Resource=LOG)],
                     SPARE, "Role", "logs:PutRetentionPolicy", id="a log group as policies name it"),
        pytest.param(OWN, [READS, statement("Allow", "sqs:SendMessage", Resource=ELSEWHERE)],
                     SPARE, "Role", "sqs:SendMessage on arn:aws:sqs:eu-west-9", id="a queue in another Region"),
        pytest.param(OWN, [READS | {"Action": ["s3:GetObject", "s3:PutBucketPolicy"]}],
                     NOT_EVALUATED, "Role", "s3:PutBucketPolicy is done to none of the resources", id="an idle action"),
        pytest.param(OWN, [READS | {"Resource": [READS["Resource"], BUCKET]}],
                     NOT_EVALUATED, "Role", f"none of the actions is done to {BUCKET}", id="an idle resource"),
        pytest.param(POLICY, document(TLS | {"Resource": [*TLS["Resource"], "arn:aws:s3:::other"]}),
                     NOT_EVALUATED, "Policy", "done to arn:aws:s3:::other", id="a resource that the policy is not on"),
        pytest.param(POLICY, document(TLS | {"Action": ["s3:GetObject", "s3:ListBucket"]}),
                     UNDENIED, "unnamed.amazonaws.com", "with aws:securetransport=false", id="nothing denies it"),
        pytest.param(OWN, [READS | {"Action": "s3:GetObjects"}], NOT_EVALUATED, "Role", "", id="no action of AWS's"),
    ],
)  # fmt: skip
def test_each_break_is_found_with_a_witness(
    tmp_path: Path, path: tuple[str | int, ...], value: Any, kind: str, who: str, witness: str
):
    report = judged(tmp_path, changed(path, value))

    found = [each for each in report.findings if (each.kind, each.who) == (kind, who)]
    assert any(witness in text for each in found for text in (*each.witnesses, each.why)), [*map(str, report.findings)]


def test_what_needs_no_permission_is_no_matter_of_policies(tmp_path: Path):
    assert not judged(
        tmp_path, changed(OWN, [READS, statement("Allow", "sts:GetCallerIdentity", Resource="*")])
    ).findings


def test_a_row_that_decides_nothing_is_a_finding(tmp_path: Path):
    rows = [*ROWS, {"who": "Role", "never": "sns:Publish", "resources": "${Topic}", "page": "x"}]

    # And nothing denies it.
    assert [each.kind for each in judged(tmp_path, rows=rows).findings] == [UNDENIED, UNUSED]


def test_what_a_row_never_lets_pass_an_endpoint_is_asked_for_though_no_policy_names_it(tmp_path: Path):
    never = {"who": "Way", "never": "s3:GetObject", "resources": "${Bucket.Arn}/in/secret/*", "page": PAGE}
    found = judged(tmp_path, rows=[*ROWS, never]).findings

    assert ("Role", SPARE) in {(each.who, each.kind) for each in found if "in/secret/" in each.witnesses[0]}


def test_a_row_holds_only_where_all_its_conditions_do(tmp_path: Path):
    rows = [ROWS[0] | {"when": "IsWide"}, *ROWS[1:]]
    (found,) = judged(tmp_path, rows=rows).findings

    assert (found.kind, found.who) == (SPARE, "Role")
    assert (
        judged(tmp_path, rows=[ROWS[0] | {"when": "not IsWide"}, ROWS[0] | {"when": "IsWide"}, *ROWS[1:]]).findings
        == []
    )
    both = [*ROWS, ROWS[0] | {"when": ["IsWide", "not IsWide"], "resources": f"{BUCKET}/*"}]
    assert [each.kind for each in judged(tmp_path, rows=both).findings] == [UNUSED]


def test_a_change_is_what_is_newly_allowed_and_newly_denied():
    before, after = Scenarios(TEMPLATE), Scenarios(changed(OWN, [READS | {"Resource": f"{BUCKET}/out/*"}]))
    found = against_base(after, before).findings

    assert {(each.kind, each.who, each.place) for each in found} == {
        (ALLOWED, "Role", ("Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0)),
        (DENIED, "Role", ()),
    }
    assert not against_base(before, before).findings


def test_what_was_idle_before_can_be_compared_with():
    before = Scenarios(changed(OWN, [READS | {"Action": ["s3:GetObject", "s3:PutBucketPolicy"]}]))

    assert not against_base(Scenarios(TEMPLATE), before).findings
    assert not against_base(before, Scenarios(TEMPLATE)).findings


def test_a_role_that_is_new_or_gone_is_a_change():
    alone = {**TEMPLATE, "Resources": {name: each for name, each in TEMPLATE["Resources"].items() if name != "Role"}}
    both, none = Scenarios(TEMPLATE), Scenarios(alone)

    assert {each.kind for each in against_base(both, none).findings if each.who == "Role"} == {ALLOWED}
    assert {each.kind for each in against_base(none, both).findings if each.who == "Role"} == {DENIED}


def with_two_alike(tmp_path: Path, bucket_policy: Json, *more: Json) -> set[tuple[str, str]]:
    """Kinds of findings and whom they are about, where two roles have no policies of their own."""
    template = changed(POLICY, bucket_policy)
    for name in ("First", "Last"):
        trusted = {"AssumeRolePolicyDocument": document(TRUST), "RoleName": name}
        template["Resources"][name] = {"Type": "AWS::IAM::Role", "Properties": trusted}
    trust = ROWS[3] | {"resources": [f"${{{each}.Arn}}" for each in ("Role", "First", "Last")]}
    report = judged(tmp_path, template, [*ROWS[:3], trust, *ROWS[4:], *more])
    return {(each.kind, each.who) for each in report.findings}


# What is worked out for one is kept for all that nothing tells apart: here something does, each time for another one.
@pytest.mark.parametrize("name", ["First", "Last"])
@pytest.mark.parametrize("by", ["a row", "a policy's principal", "a condition"])
def test_two_who_have_the_same_rights_are_not_taken_for_one_another(tmp_path: Path, name: str, by: str):
    arn = f"arn:aws:iam::123456789012:role/{name}"
    granting = {
        "a row": [],
        "a policy's principal": [LETS_IN | {"Principal": {"AWS": arn}}],
        "a condition": [LETS_IN | {"Principal": {"AWS": "*"}, "Condition": {"ArnEquals": {"aws:PrincipalArn": arn}}}],
    }[by]
    rows = [ROWS[0] | {"who": name}] if by == "a row" else []

    found = with_two_alike(tmp_path, document(TLS, *granting), *rows)

    assert found == {(MISSING if by == "a row" else SPARE, name)}
