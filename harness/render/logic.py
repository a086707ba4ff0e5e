"""The functions that are true or false: those of Conditions, and those that only Rules have."""

from typing import Any

from harness.render import parameters
from harness.render.arguments import boolean, pair
from harness.render.errors import UnrenderableTemplate
from harness.render.evaluator import Evaluator


def equals(evaluation: Evaluator, argument: Any) -> bool:
    """Fn::Equals: as text, and with case."""
    left, right = (evaluation.value(each) for each in pair("Fn::Equals", argument))
    return bool(_comparable(left) == _comparable(right))


def every(evaluation: Evaluator, argument: Any) -> bool:
    """Fn::And."""
    return all(_conditions("Fn::And", evaluation, argument))


def some(evaluation: Evaluator, argument: Any) -> bool:
    """Fn::Or."""
    return any(_conditions("Fn::Or", evaluation, argument))


def negate(evaluation: Evaluator, argument: Any) -> bool:
    """Fn::Not."""
    conditions = _conditions("Fn::Not", evaluation, argument)
    if len(conditions) != 1:
        raise UnrenderableTemplate("Fn::Not takes one condition")
    return not conditions[0]


def contains(evaluation: Evaluator, argument: Any) -> bool:
    """Fn::Contains, of rules."""
    values, value = _members("Fn::Contains", evaluation, argument)
    return _comparable(value) in [_comparable(each) for each in values]


def each_member_in(evaluation: Evaluator, argument: Any) -> bool:
    """Fn::EachMemberIn, of rules."""
    values, allowed = _members("Fn::EachMemberIn", evaluation, argument)
    if not isinstance(allowed, list):
        raise UnrenderableTemplate("Fn::EachMemberIn takes two lists")
    return all(_comparable(each) in [_comparable(other) for other in allowed] for each in values)


def each_member_equals(evaluation: Evaluator, argument: Any) -> bool:
    """Fn::EachMemberEquals, of rules."""
    values, value = _members("Fn::EachMemberEquals", evaluation, argument)
    return all(_comparable(each) == _comparable(value) for each in values)


def _conditions(function: str, evaluation: Evaluator, argument: Any) -> list[bool]:
    if not isinstance(argument, list) or not argument:
        raise UnrenderableTemplate(f"{function} takes a list of conditions")
    return [boolean(function, evaluation.value(each)) for each in argument]


def _members(function: str, evaluation: Evaluator, argument: Any) -> tuple[list[Any], Any]:
    values, other = (evaluation.value(each) for each in pair(function, argument))
    if not isinstance(values, list):
        raise UnrenderableTemplate(f"{function} takes a list and what its members are compared with")
    return values, other


def _comparable(value: Any) -> Any:
    return parameters.text(value) if isinstance(value, (str, int, float)) else value
