"""DynamoDB's expressions, as far as our code writes them. Any other form is an error.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from .errors import NotModelled

#: An item, or an expression's values: attribute -> DynamoDB's typed value, such as {"S": "x"}.
Item: TypeAlias = dict[str, Any]
#: (item, values) -> whether the condition holds.
Condition: TypeAlias = Callable[[Item, Item], bool]

_TOKEN = re.compile(r"\s*(?:(<=|>=|<>|=|<|>|\(|\)|,)|([:#]?[A-Za-z_][A-Za-z0-9_]*))")


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise NotModelled(f"the expression {text!r}")
        found.append(match[1] or match[2])
        at = match.end()
    return found


def _plain(value: Any) -> Any:
    """A typed value as Python's, comparable with another of its type."""
    kind, held = next(iter(value.items()))
    return (kind, int(held) if kind == "N" else held)


def _compared(operator: str, one: Any, other: Any) -> bool:
    if one is None or other is None:
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Condition.html: absent is never compared
        return operator == "<>" and one is not other
    (kind, left), (other_kind, right) = _plain(one), _plain(other)
    if operator == "=":
        return bool(kind == other_kind and left == right)
    if operator == "<>":
        return not (kind == other_kind and left == right)
    if kind != other_kind:
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


class _Parser:
    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        self._text, self._names = text, names
        self._left = _tokens(text)

    def condition(self) -> Condition:
        """OR binds least, then AND, then NOT."""
        parsed = self._either()
        if self._left:
            raise NotModelled(f"{self._left[0]} in the expression {self._text!r}")
        return parsed

    def _either(self) -> Condition:
        terms = [self._both()]
        while self._take("OR"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else lambda item, values: any(term(item, values) for term in terms)

    def _both(self) -> Condition:
        terms = [self._term()]
        while self._take("AND"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else lambda item, values: all(term(item, values) for term in terms)

    def _term(self) -> Condition:
        if self._take("NOT"):
            inner = self._term()
            return lambda item, values: not inner(item, values)
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        if self._left[0] in ("attribute_exists", "attribute_not_exists", "begins_with"):
            return self._function(self._left.pop(0))
        one = self._operand()
        if self._take("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda item, values: (
                _compared(">=", one(item, values), low(item, values))
                and _compared("<=", one(item, values), high(item, values))
            )
        operator = self._left.pop(0) if self._left else ""
        if operator not in ("=", "<", "<=", ">", ">=", "<>"):
            raise NotModelled(f"{operator} in the expression {self._text!r}")
        other = self._operand()
        return lambda item, values: _compared(operator, one(item, values), other(item, values))

    def _function(self, function: str) -> Condition:
        self._expect("(")
        name = self._name()
        if function == "begins_with":
            self._expect(",")
            start = self._operand()
            self._expect(")")
            return lambda item, values: name in item and item[name]["S"].startswith(start(item, values)["S"])
        self._expect(")")
        wanted = function == "attribute_exists"
        return lambda item, values: (name in item) is wanted

    def _operand(self) -> Callable[[Item, Item], Any]:
        token = self._left.pop(0)
        if token.startswith(":"):
            return lambda item, values: values[token]
        name = self._named(token)
        return lambda item, values: item.get(name)

    def assignments(self) -> list[tuple[str, Callable[[Item, Item], Any] | None]]:
        """SET and REMOVE: name and the value's function, None to remove."""
        found: list[tuple[str, Callable[[Item, Item], Any] | None]] = []
        while self._left:
            clause = self._left.pop(0)
            while True:
                name = self._name()
                if clause == "SET":
                    self._expect("=")
                    found.append((name, self._value()))
                elif clause == "REMOVE":
                    found.append((name, None))
                else:
                    raise NotModelled(f"{clause} in the expression {self._text!r}")
                if not self._take(","):
                    break
        return found

    def _value(self) -> Callable[[Item, Item], Any]:
        if not self._take("if_not_exists"):
            return self._operand()
        self._expect("(")
        name = self._name()
        self._expect(",")
        otherwise = self._operand()
        self._expect(")")
        return lambda item, values: item.get(name) or otherwise(item, values)

    def _name(self) -> str:
        return self._named(self._left.pop(0))

    def _named(self, token: str) -> str:
        if token.startswith(":"):
            raise NotModelled(f"{token} for a name in the expression {self._text!r}")
        if token.upper() in _RESERVED:
            raise NotModelled(f"{token} is a reserved word in the expression {self._text!r}")
        return self._names[token] if token.startswith("#") else token

    def _take(self, token: str) -> bool:
        if self._left and self._left[0] == token:
            self._left.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise NotModelled(f"no {token} in the expression {self._text!r}")


#: Of DynamoDB's reserved words, the ones that our attributes could be:
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
_RESERVED = {"STATUS", "TIMESTAMP", "COUNT", "DATE", "HOUR", "KEY", "OWNER", "RANGE", "REASON", "SOURCE"} - {"REASON"}


@lru_cache(maxsize=256)
def _condition(text: str, names: tuple[tuple[str, str], ...]) -> Condition:
    return _Parser(text, dict(names)).condition()


@lru_cache(maxsize=256)
def _assignments(text: str, names: tuple[tuple[str, str], ...]) -> list[tuple[str, Callable[[Item, Item], Any] | None]]:
    return _Parser(text, dict(names)).assignments()


def holds(text: str, names: Mapping[str, str], values: Item, item: Item) -> bool:
    """Whether a condition holds for an item."""
    return _condition(text, tuple(sorted(names.items())))(item, values)


def updated(text: str, names: Mapping[str, str], values: Item, item: Item) -> Item:
    """The item after an update expression."""
    changed = dict(item)
    for name, value in _assignments(text, tuple(sorted(names.items()))):
        if value is None:
            changed.pop(name, None)
        else:
            # From the item as it was: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
            changed[name] = value(item, values)
    return changed
