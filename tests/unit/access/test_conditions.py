"""Condition operators as AWS documents them, mostly with the documentation's own examples."""

from typing import Any

import pytest

from harness.access.conditions import Comparison, read, representatives
from harness.access.refused import Refused

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATORS = [
    ("StringEquals", "silver", {"silver": True, "Silver": False, None: False}),
    ("StringEquals", ["a", "b*"], {"a": True, "b*": True, "bc": False}),
    ("StringNotEquals", ["a", "b"], {"a": False, "b": False, "c": True, None: True}),
    ("StringEqualsIgnoreCase", "Silver", {"sILVER": True, "gold": False}),
    ("StringNotEqualsIgnoreCase", "Silver", {"sILVER": False, "gold": True, None: True}),
    ("StringLike", "home/*", {"home/": True, "home/ab": True, "hom": False, "Home/a": False, None: False}),
    ("StringNotLike", ["a?", "b*"], {"ab": False, "abc": True, "b": False, None: True}),
    ("StringEqualsIfExists", "a", {"a": True, "b": False, None: True}),
    ("StringNotEqualsIfExists", "a", {"a": False, None: True}),
    ("ArnEquals", "arn:aws:sns:*:1:t*", {"arn:aws:sns:eu:1:t:x": True, "arn:aws:sns:eu:x:1:t": False, "t": False}),
    ("ArnLike", "arn:aws:s3:::raw", {"arn:aws:s3:::raw": True, "arn:aws:s3:::raw/x": False, None: False}),
    (
        "ArnNotLike",
        "arn:aws:iam::1:role/a",
        {"arn:aws:iam::1:role/a": False, "arn:aws:iam::1:role/b": True, None: True},
    ),
    ("Bool", "false", {"false": True, "true": False, None: False}),
    ("Bool", True, {"true": True, "TRUE": True, "false": False}),
    ("BoolIfExists", "false", {"false": True, "true": False, None: True}),
    ("NumericLessThan", "10", {"9": True, "9.5": True, "10": False, None: False}),
    ("NumericLessThanEquals", 10, {"10.0": True, "11": False}),
    ("NumericNotEquals", "10", {"10.0": False, "11": True, None: True}),
    ("NumericGreaterThanEqualsIfExists", "10", {"10": True, "9": False, None: True}),
    ("DateLessThan", "2020-07-01T00:00:00Z", {"2020-06-30T23:59:59Z": True, "1593561600": False, "1593561599": True}),
    ("DateGreaterThanEquals", "2020-07-01", {"2020-07-01T00:00:00Z": True, "2020-07-01T01:00:00+02:00": False}),
    (
        "IpAddress",
        ["203.0.113.0/24", "2001:DB8::/32"],
        {"203.0.113.9": True, "203.0.114.1": False, "2001:db8::1": True},
    ),
    ("NotIpAddress", "203.0.113.7", {"203.0.113.7": False, "203.0.113.8": True, None: True}),
    ("Null", "true", {"a": False, None: True}),
    ("Null", "false", {"a": True, None: False}),
    ("StringEquals", "${aws:username}", {"bob": True, "eve": False}),
    ("StringLike", "${aws:username}/*", {"bob/x": True, "bobby/x": False}),
    ("StringEquals", "${aws:none, 'staff'}", {"staff": True, "bob": False}),
    ("StringLike", "a${*}${?}${$}*", {"a*?$z": True, "abc$": False}),
    (
        "ArnLike",
        "arn:aws:iam::1:user/${aws:username}",
        {"arn:aws:iam::1:user/bob": True, "arn:aws:iam::1:user/x": False},
    ),
]
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
SETS = [
    ("ForAllValues:StringLike", ["Post*", "Tags"], {("PostDate", "Tags"): True, ("PostDate", "User"): False, (): True}),
    (
        "ForAnyValue:StringLike",
        ["ID", "Post*"],
        {("User", "PostDate"): True, ("User",): False, (): False, ("",): False},
    ),
    ("ForAllValues:StringNotEquals", ["ID"], {("User",): True, ("User", "ID"): False, (): True, ("",): True}),
    ("ForAnyValue:StringNotEquals", ["ID"], {("User", "ID"): True, ("ID",): False, (): False}),
]


def one(operator: str, values: Any, key: str = "a:Key", *, has_variables: bool = True) -> Comparison:
    (found,) = read({operator: {key: values}}, ("Role",), has_variables=has_variables)
    return found


@pytest.mark.parametrize(("operator", "values", "expected"), OPERATORS, ids=lambda each: str(each)[:40])
def test_an_operator_passes_as_documented(operator: str, values: Any, expected: dict[str | None, bool]):
    test, context = one(operator, values), {"aws:username": ("bob",)}

    assert {
        each: test.holds(context if each is None else {**context, "a:key": (each,)}) for each in expected
    } == expected


@pytest.mark.parametrize(("operator", "values", "expected"), SETS, ids=lambda each: str(each)[:40])
def test_a_set_operator_passes_as_documented(operator: str, values: Any, expected: dict[tuple[str, ...], bool]):
    assert {each: one(operator, values).holds({"a:key": each}) for each in expected} == expected


@pytest.mark.parametrize(("operator", "passes"), [("StringEquals", False), ("StringNotLike", True), ("ArnLike", False)])
def test_nothing_equals_a_variable_without_a_value(operator: str, passes: bool):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""
    test = one(operator, "arn:aws:s3:::${aws:none}")

    assert test.holds({"a:key": ("arn:aws:s3:::x",)}) is passes
    # Whatever the value: one is enough.
    assert len(representatives("a:key", [test], {})) == 1


def test_an_old_policy_has_no_variables():
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""
    assert one("StringEquals", "${aws:username}", has_variables=False).holds({"a:key": ("${aws:username}",)})


@pytest.mark.parametrize(
    ("operator", "values", "message"),
    [
        ("BinaryEquals", "QmluYXJ5", "binaryequals is not evaluated"),
        ("Bool", "yes", "neither true nor false"),
        ("NumericEquals", "ten", "is not a number"),
        ("NumericEquals", "NaN", "is not a number"),
        ("DateEquals", "yesterday", "Invalid isoformat"),
        ("IpAddress", "203.0.113.0/64", "does not appear to be an IPv4 or IPv6 network"),
        ("IpAddress", "${aws:SourceIp}", "only text and Arn operators"),
        ("ArnLike", "*", "six parts"),
        ("StringEquals", "${not a key}", "none of IAM's"),
        ("Null", ["true", "false"], "a Null test has one value"),
        ("StringEquals", [], "nothing to compare with"),
        ("StringEquals", {"a": "b"}, "no text, number or boolean"),
        ("ForAnyValue:StringEqualsIfExists", "a", "not documented"),
    ],
)
def test_what_is_not_evaluated_is_refused_with_its_place(operator: str, values: Any, message: str):
    with pytest.raises(Refused, match=rf"^Role.{operator}.a:Key: .*{message}"):
        one(operator, values)


@pytest.mark.parametrize(
    ("operator", "values", "found", "message"),
    [
        ("StringEquals", "a", ("a", "b"), "several values, so it needs ForAllValues"),
        ("StringEquals", "${aws:tags}", ("a",), "several values in this request"),
        ("NumericEquals", "1", ("a",), "is not a number"),
    ],
)
def test_a_request_that_is_not_documented_is_refused(operator: str, values: Any, found: tuple[str, ...], message: str):
    with pytest.raises(Refused, match=message):
        one(operator, values).holds({"a:key": found, "aws:tags": ("a", "b")})


@pytest.mark.parametrize(
    ("key", "tests", "expected"),
    [
        ("a:key", {"Null": "true"}, [(), ("x",)]),
        (
            "a:key",
            {"StringEquals": ["raw", ""], "StringEqualsIfExists": "", "Null": "true"},
            [(), ("",), ("raw",), ("x",)],
        ),
        (
            "aws:sourcearn",
            {"ArnNotLike": "arn:aws:s3:::raw", "Null": "true"},
            [(), ("arn:aws:s3:::raw",), ("arn:x:x:::x",)],
        ),
        ("aws:sourceaccount", {"StringNotEquals": "123456789012"}, [(), ("123456789012",)]),
        ("aws:sourceaccount", {"StringEqualsIfExists": "12*", "Null": "true"}, [(), ("000000000000",)]),
        ("aws:principalorgid", {"StringEqualsIfExists": "o-abc", "Null": "false"}, [(), ("o-abc",), ("o-x",)]),
        ("a:key", {"Bool": "true", "BoolIfExists": "false"}, [(), ("true",)]),
        ("aws:securetransport", {"Bool": "false"}, [("false",), ("true",)]),
        (
            "a:key",
            {"NumericLessThan": "10", "NumericGreaterThan": "10", "Null": "true"},
            [(), ("0",), ("10",), ("11",)],
        ),
        ("a:key", {"NumericLessThan": "0.5", "NumericGreaterThan": "0.5"}, [(), ("0",), ("1.5",)]),
        ("a:key", {"DateGreaterThan": "1970-01-01T00:00:00Z"}, [(), ("1970-01-01T00:00:01+00:00",)]),
        ("a:key", {"IpAddress": "10.0.0.0/8", "NotIpAddress": "10.0.0.0/32"}, [(), ("10.0.0.0",), ("10.0.0.1",)]),
        (
            "a:key",
            {"ForAllValues:StringEquals": ["a"], "ForAnyValue:StringEquals": ["a"]},
            [(), ("a",), ("a", "x"), ("x",)],
        ),
    ],
)
def test_a_key_has_a_value_for_each_way_to_pass(key: str, tests: dict[str, Any], expected: list[tuple[str, ...]]):
    found = representatives(key, [one(name, values, key) for name, values in tests.items()], {})

    assert sorted(tuple(sorted(each)) for each in found) == expected


def test_a_key_compared_in_several_ways_is_refused():
    tests = [one("StringEquals", "a"), one("NumericEquals", "1")]

    with pytest.raises(Refused, match="compared in several ways: numeric, text"):
        representatives("a:key", tests, {})
