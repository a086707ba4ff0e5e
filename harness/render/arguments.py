"""What every function of CloudFormation's asks of its arguments, and how a refusal shows them."""

import json
from typing import Any

from harness.render.errors import UnrenderableTemplate

#: Names and texts can be made of each other, and so grow without an end. No property takes more than this.
MAXIMUM_TEXT = 1_000_000


def pair(function: str, argument: Any) -> tuple[Any, Any]:
    """The two arguments of a function that takes two."""
    if not isinstance(argument, list) or len(argument) != 2:
        raise UnrenderableTemplate(f"{function} takes two arguments")
    return argument[0], argument[1]


def scalar(what: str, value: Any) -> Any:
    """The value, which has to be a text, a number or a boolean."""
    if not isinstance(value, (str, int, float)):
        raise UnrenderableTemplate(f"{what} is not a text: {shown(value)}")
    return value


def boolean(what: str, value: Any) -> bool:
    """The value, which has to be true or false, be it as text."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise UnrenderableTemplate(f"{what} is neither true nor false: {shown(value)}")


def bounded(function: str, text: str) -> str:
    """The text, which must not be longer than any property's."""
    if len(text) > MAXIMUM_TEXT:
        raise UnrenderableTemplate(f"{function} makes more than {MAXIMUM_TEXT} characters")
    return text


def shown(value: Any) -> str:
    """The beginning of a value, for a message of one line."""
    return json.dumps(value, default=str)[:80]
