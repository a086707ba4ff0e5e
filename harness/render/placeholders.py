"""What a template does not say itself, so that a placeholder is all there is.

A parameter's value, another stack's export, and what AWS gives a resource may have more parts than their placeholders
have. What the template writes out has as many as are written, and asking for more is a mistake that AWS refuses too.
"""

from collections.abc import Iterator
from typing import Any

from harness.render import parameters
from harness.render.dependencies import references
from harness.render.evaluator import Evaluator
from harness.render.unknown import IMPORTS

#: The pseudo parameters whose values are examples; an account id, a region and a partition have one form everywhere.
_PSEUDO = ("AWS::NotificationARNs", "AWS::StackId", "AWS::StackName")


def is_placeholder(evaluation: Evaluator, expression: Any) -> bool:
    """Whether anything that a value is made of is a placeholder."""
    if any(_refers_to_placeholder(evaluation, reference[0]) for reference in references(expression)):
        return True
    return any(each.keys() & {*IMPORTS} for each in _objects(expression))


def has_placeholder_length(evaluation: Evaluator, expression: Any) -> bool:
    """Whether the list that an expression gives may really have more entries. A list that is written out has not."""
    expression = _taken(evaluation, expression)
    if not isinstance(expression, dict) or len(expression) != 1:
        return False
    function, argument = next(iter(expression.items()))
    if function == "Fn::Cidr":
        return is_placeholder(evaluation, argument[1])  # how many are asked for
    return function in ("Ref", "Fn::GetAtt", "Fn::Split") and is_placeholder(evaluation, expression)


def is_attribute(evaluation: Evaluator, expression: Any) -> bool:
    """Whether an expression is a resource's attribute, which may be a list where its placeholder is a text."""
    expression = _taken(evaluation, expression)
    return isinstance(expression, dict) and expression.keys() == {"Fn::GetAtt"}


def _refers_to_placeholder(evaluation: Evaluator, name: str) -> bool:
    if name in evaluation.template.get("Parameters", {}):
        parameter = evaluation.template["Parameters"][name]
        return evaluation.values[name] not in parameters.written(parameter)
    return name in evaluation.template["Resources"] or name in _PSEUDO


def _taken(evaluation: Evaluator, expression: Any) -> Any:
    while isinstance(expression, dict) and expression.keys() == {"Fn::If"}:
        expression = expression["Fn::If"][evaluation.branch(expression["Fn::If"])]
    return expression


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)
