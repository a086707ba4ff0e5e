"""Decisions and condition keys' classes, held to each other on random policies (tests/second_opinion asks others)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.access.conditions import Comparison, read, representatives
from harness.access.evaluate import Decision, Request, decide
from harness.access.globs import like
from harness.access.policies import Identity, Policies, ResourcePolicy
from harness.access.principals import Principal
from harness.access.statements import Kind, Statement, statements

HERE, THERE = "123456789012", "210987654321"
ROLE = Principal(f"arn:aws:iam::{HERE}:role/reader")
Body = dict[str, Any]
Documents = tuple[list[Body], list[Body] | None, list[Body]]

OPERATORS = [
    f"{base}{after}"
    for base in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "Bool")
    for after in ("", "IfExists")
] + ["Null"]
SETS = [f"{of}:{base}" for of in ("ForAllValues", "ForAnyValue") for base in ("StringLike", "StringNotEquals")]
WORDS = ["a", "A", "ab", "b", "true", "false"]


def values(operator: str) -> st.SearchStrategy[list[str]]:
    words = ["true", "false"] if operator in ("Null", "Bool", "BoolIfExists") else [*WORDS, "a*", "*b", "?"]
    return st.lists(st.sampled_from(words), min_size=1, max_size=1 if operator == "Null" else 2)


def compared(operators: list[str]) -> st.SearchStrategy[tuple[str, list[str]]]:
    return st.sampled_from(operators).flatmap(lambda each: st.tuples(st.just(each), values(each)))


conditions = st.lists(st.sampled_from(OPERATORS), max_size=2, unique=True).flatmap(
    lambda chosen: st.fixed_dictionaries({each: st.fixed_dictionaries({"a:key": values(each)}) for each in chosen})
)
contexts = st.one_of(st.none(), st.sampled_from(WORDS))
principals = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ROLE.arn}, {"AWS": HERE}, {"AWS": [f"arn:aws:iam::{THERE}:root"]}]
)


@st.composite
def bodies(draw: st.DrawFn, principal: bool = False) -> Body:
    found: Body = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
            st.sampled_from(["s3:*", "S3:get*", "s3:Put?", "*"])
        ),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
            st.sampled_from(["*", "arn:aws:s3:::raw/*", "arn:aws:s3:::raw/?"])
        ),
    }
    if draw(st.booleans()):
        found["Condition"] = draw(conditions)
    return found | ({"Principal": draw(principals)} if principal else {})


documents = st.tuples(
    st.lists(bodies(), max_size=3),
    st.one_of(st.none(), st.lists(bodies(), max_size=2)),
    st.lists(bodies(principal=True), max_size=3),
)
actions, resources = (
    st.sampled_from(["s3:GetObject", "s3:PutX"]),
    st.sampled_from(["arn:aws:s3:::raw/x", "arn:aws:s3:::o/x"]),
)


def parsed(found: list[Body], kind: Kind, place: str) -> tuple[Statement, ...]:
    return statements({"Version": "2012-10-17", "Statement": found}, (place,), kind) if found else ()


def asked(
    found: Documents, decides: bool, action: str, resource: str, value: str | None, who: Principal = ROLE
) -> Decision:
    own, boundary, policy = found
    identity = Identity(
        parsed(own, Kind.IDENTITY, "own"), None if boundary is None else parsed(boundary, Kind.IDENTITY, "boundary")
    )
    resource_policy = ResourcePolicy(
        (like("*"),), parsed(policy, Kind.RESOURCE, "policy"), action.partition(":")[0], decides
    )
    context = {} if value is None else {"a:key": (value,)}
    return decide(
        Policies(HERE, {ROLE.arn: identity}, (resource_policy,)), Request(who, action, resource, HERE, context)
    )


@given(
    found=documents, decides=st.booleans(), action=actions, resource=resources, value=contexts, where=st.integers(0, 2)
)
def test_a_deny_only_takes_away_and_an_allow_only_adds(
    found: Documents, decides: bool, action: str, resource: str, value: str | None, where: int
) -> None:
    def with_one(effect: str) -> bool:
        body = {"Effect": effect, "Action": "*", "Resource": "*"} | ({"Principal": "*"} if where == 2 else {})
        more = [each if index != where else [*(each or []), body] for index, each in enumerate(found)]
        return asked((more[0] or [], more[1], more[2] or []), decides, action, resource, value).allowed

    before = asked(found, decides, action, resource, value)

    assert not with_one("Deny")
    assert with_one("Allow") or not before.allowed or (where == 1 and found[1] is None)
    # What decides is one of the statements, and has the effect that was decided.
    assert before.statement is None or before.statement.allows == before.allowed


@given(
    stated=st.one_of(
        st.lists(compared([*OPERATORS[:10], "Null"]), min_size=1, max_size=4),
        st.lists(compared(SETS), min_size=1, max_size=4),
    ),
    given_values=st.lists(
        st.lists(st.sampled_from(["a", "A", "ab", "b", "x", "xa", "xb"]), max_size=3), min_size=1, max_size=8
    ),
)
def test_whatever_a_key_is_some_representative_fares_alike(
    stated: list[tuple[str, list[str]]], given_values: list[list[str]]
) -> None:
    comparisons: list[Comparison] = []
    for operator, texts in stated:
        comparisons += read({operator: {"a:key": texts}}, (), has_variables=True)
    of_sets = any(each.of_set for each in comparisons)

    def passed(each: tuple[str, ...]) -> tuple[bool, ...]:
        return tuple(comparison.holds({"a:key": each}) for comparison in comparisons)

    found = [passed(each) for each in representatives("a:key", comparisons, {})]

    assert len(set(found)) == len(found)
    for each in given_values:
        assert passed(tuple(each if of_sets else each[:1])) in found
