"""What the functions of a template ask of whoever evaluates them, so that they need not import it."""

from collections.abc import Mapping
from typing import Any, Protocol

from harness.render.attributes import Account


class _NoValue:
    """`AWS::NoValue`: the property, or the list's entry, is not there."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()


class Evaluator(Protocol):
    """One scenario of a template: parameter values as text, and what expressions come to with them."""

    template: Mapping[str, Any]
    values: Mapping[str, str]
    account: Account
    taken: set[tuple[int, Any]]

    def value(self, value: Any) -> Any:
        """`value` without functions."""

    def branch(self, argument: Any) -> int:
        """The index of the branch that an `Fn::If` takes: 1 or 2."""
