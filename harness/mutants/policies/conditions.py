"""On which condition a statement holds: another, the opposite, or one more. `drop_condition` makes those on none."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.mutants import places
from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import NO_VALUE, Edit, Template
from harness.mutants.policies.stated import STRANGER, Stated, policy_operator, stated
from harness.render.resources import items
from harness.render.source import Place

_NEGATABLE = re.compile("(.*:)?(String|Arn)(Not)?(Equals|Like)(IfExists)?")
_OTHER_NUMBERS = {"NumericLessThan": ("NumericLessThanEquals", "NumericGreaterThanEquals", "NumericEquals")}
#: What every request has, so that it makes no difference if it may be absent.
_ALWAYS = {"aws:SecureTransport", "aws:PrincipalAccount", "aws:PrincipalArn"}
#: Other keys, which people mistake for these.
_MISTAKEN = {
    "aws:PrincipalAccount": "aws:ResourceAccount", "aws:PrincipalArn": "aws:SourceArn",
    "dynamodb:LeadingKeys": "dynamodb:Attributes",
    "aws:PrincipalOrgID": "aws:ResourceOrgID", "aws:PrincipalServiceName": "aws:CalledVia",
    "aws:SecureTransport": "aws:ViaAWSService", "aws:SourceAccount": "aws:ResourceAccount",
    "aws:SourceArn": "aws:PrincipalArn", "kms:ViaService": "kms:CallerAccount",
    "lambda:SourceFunctionArn": "aws:SourceArn", "s3:prefix": "s3:delimiter",
    "kms:EncryptionContext:aws:s3:arn": "kms:EncryptionContext:aws:s3",
}  # fmt: skip
_LATER = "2030-01-01T00:00:00Z"
#: Conditions that may be added to any statement, and how they read.
_ADDED: dict[str, dict[str, dict[str, Any]]] = {
    "until 2030": {"DateLessThan": {"aws:CurrentTime": _LATER}},
    "from one network": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    "with a tag": {"StringLike": {"aws:PrincipalTag/team": "market-*"}},
}


class Test(NamedTuple):
    """One operator on one key, in a statement: `inside` leads to the value, through conditions."""

    statement: Stated
    inside: Place
    operator: str
    key: str
    value: Any

    @property
    def base(self) -> str:
        """The operator, be it of a set or not."""
        return self.operator.rpartition(":")[2]

    @property
    def of_set(self) -> bool:
        """Whether it is ForAllValues or ForAnyValue."""
        return self.base != self.operator

    def moved(self, to: str) -> Edit | None:
        """The edit that has the value compared by another operator; None where that one compares the key already."""
        at = self.inside.index(self.operator)
        tests: Mapping[str, Any] = get(self.statement.body, self.inside[:at])
        # Keys behind a condition go there together.
        going = {self.key: self.value} if len(self.inside) == at + 2 else tests[self.operator]
        staying = {key: each for key, each in tests[self.operator].items() if key not in going}
        left = {name: each for name, each in tests.items() if name != self.operator}
        left |= {self.operator: staying} if staying else {}
        there = left.get(to, {})
        if there and (there.keys() & {*going, "Fn::If"} or "Fn::If" in going):
            return None
        change = f"{to} for {self.operator} of {self.key}"
        return self.statement.edit({**left, to: {**there, **going}}, change, *self.inside[:at])


def _tests(template: Template) -> Iterator[Test]:
    for each in stated(template):
        for found in places.conditions(each.body):
            yield Test(each, *found)


def _moved(template: Template, to: Mapping[str, tuple[str, ...]] | None = None) -> Iterator[Edit]:
    for each in _tests(template):
        for other in _negated(each.operator) if to is None else to.get(each.operator, ()):
            if edit := each.moved(other):
                yield edit


def _negated(operator: str) -> tuple[str, ...]:
    if found := _NEGATABLE.fullmatch(operator):
        of_set, kind, negation, how, ending = found.groups()
        return (f"{of_set or ''}{kind}{'' if negation else 'Not'}{how}{ending or ''}",)
    return _OTHER_NUMBERS.get(operator, ())


@policy_operator
def policy_negate_test(template: Template) -> Iterator[Edit]:
    """The opposite of what is asked for."""
    yield from _moved(template)
    for each in _tests(template):
        if each.operator in ("Bool", "Null"):
            turned = str(each.value).lower() == "false"
            yield each.statement.edit(turned, f"{str(turned).lower()} for {each.value}", *each.inside)


@policy_operator
def policy_may_be_absent(template: Template) -> Iterator[Edit]:
    """What has to be there, and fit, is right if it is absent too; or the other way round."""
    for each in _tests(template):
        if each.operator == "Null" or "Not" in each.operator or each.key in _ALWAYS:
            continue
        others: tuple[str, ...]
        if each.operator.endswith("IfExists"):
            others = (each.operator.removesuffix("IfExists"),)
        elif each.of_set:
            others = (each.base, f"ForAnyValue:{each.base}")
        else:
            others = (f"{each.operator}IfExists", f"ForAllValues:{each.operator}")
        for other in others:
            if edit := each.moved(other):
                yield edit


@policy_operator
def policy_accept_value(template: Template) -> Iterator[Edit]:
    """One more value, any value, or all that begin so."""
    for each in _tests(template):
        if each.base in ("Bool", "Null") or each.base.startswith("Numeric"):
            continue
        if not (isinstance(each.value, dict) and "Fn::If" in each.value):
            more = _another_value(each.key)
            yield each.statement.edit([*items(each.value), more], f"or {more}", *each.inside)
        if each.base.startswith("String"):
            like = each.operator.replace("Equals", "Like")
            any_value = each._replace(value="*")
            if like == each.operator:
                yield each.statement.edit("*", "any value", *each.inside)
            elif edit := any_value.moved(like):
                yield edit._replace(change=f"{like} any value for {each.operator} of {each.key}")
        else:
            for wider in _wider(each.value):
                yield each.statement.edit({"Fn::Sub": wider}, wider, *each.inside)


def _wider(value: Any) -> Iterator[str]:
    text = value.get("Fn::Sub") if isinstance(value, dict) else None
    if isinstance(text, str):
        for variable in ("${Environment}", "${AWS::AccountId}"):
            if variable in text:
                yield text.replace(variable, "*")


def _another_value(key: str) -> Any:
    lowered = key.lower()
    if lowered.endswith("arn"):
        return f"arn:aws:s3:us-east-1:{STRANGER}:somebody-else"
    if lowered.endswith("account"):
        return STRANGER
    if lowered == "kms:viaservice":
        return {"Fn::Sub": "sns.${AWS::Region}.${AWS::URLSuffix}"}
    return "quarantine/*" if lowered == "s3:prefix" else "o-somebody" if lowered.endswith("orgid") else "other"


@policy_operator
def policy_refuse_value(template: Template) -> Iterator[Edit]:
    """One value fewer, or another one."""
    for each in _tests(template):
        if isinstance(each.value, list) and len(each.value) > 1:
            for index, value in enumerate(each.value):
                said = value["Fn::Sub"] if isinstance(value, dict) else value
                yield each.statement.edit(ABSENT, f"not {said}", *each.inside, index)
        if each.base.startswith("Numeric"):
            yield each.statement.edit(1, "1", *each.inside)
        elif each.base not in ("Bool", "Null") and not (isinstance(each.value, dict) and "Fn::If" in each.value):
            other = _another_value(each.key)
            yield each.statement.edit(other, f"{other} alone", *each.inside)


@policy_operator
def policy_mistake_key(template: Template) -> Iterator[Edit]:
    """Another key in the place of one that reads much like it."""
    for each in _tests(template):
        keys = get(each.statement.body, each.inside[:-1])
        other = _MISTAKEN.get(each.key)
        if other and other not in keys:
            renamed = {other if key == each.key else key: value for key, value in keys.items()}
            yield each.statement.edit(renamed, f"{other} for {each.key}", *each.inside[:-1])


@policy_operator
def policy_add_condition(template: Template) -> Iterator[Edit]:
    """A statement that holds for a time, for some network, or for some people only."""
    for each in stated(template):
        for change, more in _ADDED.items():
            if (condition := _both(each.body.get("Condition", {}), more)) is not None:
                yield each.edit(condition, change, "Condition")


def _both(condition: Any, more: Mapping[str, Any]) -> Any:
    """A condition with one more test; None if its operator is there already."""
    if condition == NO_VALUE:
        return more
    if "Fn::If" in condition:
        name, *branches = condition["Fn::If"]
        found = [_both(each, more) for each in branches]
        return None if None in found else {"Fn::If": [name, *found]}
    return None if condition.keys() & more.keys() else {**condition, **more}
