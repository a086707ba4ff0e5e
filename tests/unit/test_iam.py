"""The reader of IAM policies that checks and Checkov policies share."""

from typing import Any

import pytest

from harness.render.resources import Resource
from rules.lib.conditions import holds
from rules.lib.iam import (
    Statement,
    Unreadable,
    fits,
    overlap,
    policy_statements,
    role_statements,
    statements,
    trust_statements,
)
from rules.lib.requests import Request, granted

STATEMENT = {"Effect": "Allow", "Action": ["s3:Get*", "kms:Decrypt"], "Resource": "arn:aws:s3:::data/raw/*"}


def read(**keys: Any) -> Statement:
    """The good statement with other keys; None removes a key."""
    body = {key: each for key, each in {**STATEMENT, **keys}.items() if each is not None}
    (found,) = statements({"Statement": [body]})
    return found


def resource(kind: str, **properties: Any) -> Resource:
    return Resource("Thing", kind, {"Type": kind, "Properties": properties}, "thing", "")


@pytest.mark.parametrize(
    ("asked", "covers", "touches"),
    [
        ("s3:GetObject", True, True),
        ("S3:getobject", True, True),
        ("s3:GetObject*", True, True),
        ("s3:*", False, True),
        ("s3:PutObject", False, False),
        ("kms:*", False, True),
    ],
)
def test_a_statement_is_about_the_actions_that_it_names(asked, covers, touches):
    assert (read().covers(asked), read().touches(asked)) == (covers, touches)


@pytest.mark.parametrize(
    ("asked", "covers", "touches"),
    [
        ("s3:PutObject", True, True),
        ("s3:GetObject", False, False),
        ("s3:GetObject*", False, False),
        ("s3:*", False, True),
        ("iam:*", True, True),
    ],
)
def test_a_statement_with_not_action_is_about_every_other(asked, covers, touches):
    statement = read(Action=None, NotAction="s3:get*")
    assert statement.actions == ["*"]
    assert (statement.covers(asked), statement.touches(asked)) == (covers, touches)


def test_a_statement_with_not_resource_reaches_every_other():
    statement = read(Resource=None, NotResource=["arn:aws:s3:::data/raw/*"])

    assert statement.resources == ["*"]
    assert statement.reaches("arn:aws:s3:::data/curated/x")
    assert not statement.reaches("arn:aws:s3:::data/raw/x")
    # Of all the objects there are, some are left out.
    assert not statement.reaches("arn:aws:s3:::data/*")


@pytest.mark.parametrize("effect", ["allow", "Allowed", "", None, ["Allow"], ["Allow", "Deny"], {"Ref": "Such"}, True])
def test_an_unknown_effect_is_neither_a_grant_nor_a_refusal(effect):
    with pytest.raises(Unreadable, match="neither Allow nor Deny") as odd:
        statements({"Statement": [STATEMENT, {**STATEMENT, "Effect": effect}]}, ("Properties",), "Policy")
    assert odd.value.path == ("Properties", "Statement", 1)
    assert odd.value.logical_id == "Policy"


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"Action": None}, "names no action"),
        ({"NotAction": "s3:*"}, "both Action and NotAction"),
        ({"Action": []}, "not the name of an action"),
        ({"Action": ""}, "not the name of an action"),
        ({"Action": 7}, "not the name of an action"),
        ({"Action": ["s3:GetObject", {"Fn::Sub": "s3:${What}"}]}, "not the name of an action"),
        ({"Action": None, "NotAction": {"Ref": "What"}}, "not the name of an action"),
    ],
)
def test_actions_that_nobody_can_tell_are_not_passed_over(action, said):
    with pytest.raises(Unreadable, match=said):
        read(**action)


@pytest.mark.parametrize(
    "document",
    [None, "text", [], {}, {"Statement": []}, {"Statement": "text"}, {"Statement": ["text"]}, {"Statement": [None]}],
)
def test_a_document_without_statements_is_none(document):
    with pytest.raises(Unreadable):
        statements(document)


def test_all_statements_are_read_before_the_first_is_given_out():
    """A check that stops at the first grant would miss that a later statement may deny."""
    with pytest.raises(Unreadable):
        any(each.allows for each in statements({"Statement": [STATEMENT, {**STATEMENT, "Effect": "Denied"}]}))


def test_one_statement_stands_where_it_is_written():
    (of_map,) = statements({"Statement": STATEMENT}, ("Properties", "PolicyDocument"))
    (of_list,) = statements({"Statement": [STATEMENT]}, ("Properties", "PolicyDocument"))
    assert of_map.path == ("Properties", "PolicyDocument", "Statement")
    assert of_list.path == ("Properties", "PolicyDocument", "Statement", 0)


def test_a_property_that_is_not_there_grants_nothing_unless_it_has_to_be_there():
    for readable in (policy_statements, trust_statements):
        assert readable(resource("AWS::IAM::Role")) == []
        with pytest.raises(Unreadable):
            readable(resource("AWS::IAM::Role"), required=True)
    assert role_statements(resource("AWS::IAM::Role")) == []
    with pytest.raises(Unreadable):
        role_statements(resource("AWS::IAM::ManagedPolicy"))


@pytest.mark.parametrize("policies", ["text", {"PolicyDocument": {"Statement": STATEMENT}}, ["text"], [{}]])
def test_a_roles_policies_are_a_list_of_documents(policies):
    with pytest.raises(Unreadable):
        role_statements(resource("AWS::IAM::Role", Policies=policies))


def test_a_keys_policy_has_a_name_of_its_own():
    for kind in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        (found,) = policy_statements(resource(kind, KeyPolicy={"Statement": [STATEMENT]}))
        assert found.path[:2] == ("Properties", "KeyPolicy")


def test_operators_and_condition_keys_ignore_case():
    tests = {"stringequals": {"AWS:sourceaccount": ["2", "3"]}}

    assert read(Condition=tests).condition("StringEquals", "aws:SourceAccount") == ["2", "3"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"Condition": "text"}, "not an object"),
        ({"Condition": ["text"]}, "not an object"),
        ({"Condition": {"StringEquals": "text"}}, "tests no key"),
        ({"Condition": {"StringEquals": {}}}, "tests no key"),
        ({"Condition": {"StringEqual": {"aws:SourceAccount": "1"}}}, "no operator"),
        ({"Condition": {"ForAllValue:StringEquals": {"aws:TagKeys": "1"}}}, "no operator"),
        ({"Condition": {"NullIfExists": {"aws:TagKeys": "true"}}}, "no operator"),
        ({"Condition": {"Bool": {"a:B": "1"}, "bool": {"A:b": "2"}}}, "the same test twice"),
        ({"Conditions": {}}, "no element"),
        ({"Principal": "*", "NotPrincipal": {"AWS": "1"}}, "both Principal and NotPrincipal"),
        ({"NotResource": "*"}, "both Resource and NotResource"),
        ({"Resource": []}, "not the name of a resource"),
        ({"Resource": {"Ref": "Bucket"}}, "not the name of a resource"),
        ({"Resource": "arn:aws:s3:::data/${aws:userid}/*"}, "a policy variable"),
        ({"Resource": None, "NotResource": "arn:aws:s3:::data/${aws:userid}/*"}, "a policy variable"),
    ],
)
def test_what_no_check_can_judge_is_not_passed_over(keys, said):
    with pytest.raises(Unreadable, match=said):
        read(**keys)


KNOWN = {"a:text": "prod", "a:number": "7", "a:arn": "arn:aws:s3:::data/raw/x", "a:absent": None}


@pytest.mark.parametrize(
    ("operator", "key", "value", "answer"),
    [
        ("StringEquals", "A:Text", "prod", True),
        ("StringEquals", "a:text", ["dev", "prod"], True),
        ("StringEquals", "a:text", "p*", False),
        ("StringEquals", "a:text", "${aws:username}", None),
        ("StringEquals", "a:text", {"Ref": "Environment"}, None),
        ("StringEquals", "a:absent", "prod", False),
        ("StringEquals", "a:unknown", "prod", None),
        ("StringNotEquals", "a:text", ["dev", "prod"], False),
        ("StringNotEquals", "a:absent", "prod", True),
        ("StringNotEquals", "a:unknown", "prod", None),
        ("StringEqualsIfExists", "a:absent", "prod", True),
        ("StringEqualsIfExists", "a:text", "dev", False),
        ("StringEqualsIfExists", "a:unknown", "dev", None),
        ("StringEqualsIgnoreCase", "a:text", "PROD", True),
        ("StringLike", "a:text", "p?o*", True),
        ("StringLike", "a:text", "[p]rod", False),
        ("StringNotLike", "a:text", "d*", True),
        ("ForAllValues:StringEquals", "a:absent", "prod", True),
        ("ForAllValues:StringEquals", "a:text", "dev", False),
        ("ForAnyValue:StringEquals", "a:text", "prod", True),
        ("ForAnyValue:StringNotEquals", "a:absent", "prod", False),
        ("Bool", "a:text", True, False),
        ("Null", "a:absent", True, True),
        ("Null", "a:text", "true", False),
        ("Null", "a:unknown", "true", None),
        ("NumericLessThan", "a:number", 8, True),
        ("NumericNotEquals", "a:number", "7", False),
        ("NumericGreaterThanEquals", "a:number", "seven", None),
        ("NumericEquals", "a:text", "7", None),
        ("DateLessThan", "a:text", "2030-01-01T00:00:00Z", None),
        ("IpAddress", "a:text", "10.0.0.0/8", None),
        ("NotIpAddress", "a:absent", "10.0.0.0/8", True),
        ("BinaryEquals", "a:text", "QmluYXJ5", None),
        ("ArnLike", "a:arn", "arn:aws:s3:::data/*", True),
        ("ArnEquals", "a:arn", "arn:*:s3:*:*:data/raw/?", True),
        # A star stays in its part: as one text this would fit.
        ("ArnLike", "a:arn", "arn:aws:*:data/raw/x", False),
        ("ArnLike", "a:arn", "*", False),
        ("ArnNotLike", "a:arn", "arn:aws:s3:::other/*", True),
        ("StringLike", "a:arn", "arn:aws:*:data/raw/x", True),
    ],
)
def test_a_condition_holds_or_not_or_nobody_can_tell(operator, key, value, answer):
    assert holds(read(Condition={operator: {key: value}}), KNOWN) is answer


def test_a_test_that_fails_settles_it_and_one_that_is_unknown_does_not():
    unknown = {"a:unknown": "1"}

    assert holds(read(Condition={"StringEquals": {"a:text": "dev", **unknown}}), KNOWN) is False
    assert holds(read(Condition={"StringEquals": {"a:text": "prod", **unknown}}), KNOWN) is None
    assert holds(read(Condition={}), KNOWN) is True


@pytest.mark.parametrize(
    ("deny", "passes"),
    [
        ({}, False),
        ({"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}, False),
        ({"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, True),
        ({"Principal": {"Service": "events.amazonaws.com"}}, True),
        ({"Principal": None, "NotPrincipal": {"Service": "events.amazonaws.com"}}, False),
        ({"Action": None, "NotAction": "sqs:ReceiveMessage"}, False),
        ({"Action": "sqs:Receive*"}, True),
        ({"Resource": None, "NotResource": "arn:aws:sqs:*:*:other"}, False),
        ({"Resource": "arn:aws:sqs:*:*:oth?r"}, True),
    ],
)
def test_a_deny_that_cannot_be_judged_counts_against_what_is_needed(deny, passes):
    queue = {"Principal": "*", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:1:work"}
    request = Request("s3.amazonaws.com", "sqs:SendMessage", "arn:aws:sqs:us-east-1:1:work")

    assert granted([read(**queue), read(Effect="Deny", **{**queue, **deny})], request) is passes
    assert not granted([read(**queue, Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})], request)


def test_iam_has_two_wildcards_and_no_third():
    assert fits("s3:GetObject", "s3:*Obj?ct")
    assert not fits("s3:GetObject", "s3:[A-Z]etObject")
    assert fits("a[b]c", "a[b]*")
    # A pattern fits another if all that it stands for does.
    assert fits("s3:Get*", "s3:*")
    assert not fits("s3:*", "s3:?")


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("s3:Get*", "s3:*Object", True),
        ("s3:Get*", "s3:Put*", False),
        ("s3:GetObject", "s3:GetObject", True),
        ("s3:?etObject", "s3:G*", True),
        ("*", "", True),
        ("a*b", "a", False),
    ],
)
def test_two_patterns_overlap_if_one_text_fits_both(one, other, meet):
    assert overlap(one, other) is meet
    assert overlap(other, one) is meet
