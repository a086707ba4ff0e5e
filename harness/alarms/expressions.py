"""Metric math: parses expressions into a tree and evaluates them over a row of periods.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

A value is a scalar, a row of periods (the oldest first, None where there is no number) or an array of rows. What is
known here are the operators, IF, FILL, METRICS, TIME_SERIES, PERIOD, ABS, CEIL, FLOOR, METRIC_COUNT, and SUM, AVG, MIN
and MAX of an array. Anything else raises UnknownFunction. SUM and its like of a single row are refused as well: AWS
advises against them in alarms, because what they give depends on how far CloudWatch happens to look back.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.alarms.errors import UnknownFunction, UnreadableExpression
from harness.alarms.reading import Reading

Row = Sequence[float | None]
Value = float | tuple[float | None, ...] | list[tuple[float | None, ...]]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],]))"
)
_WORDS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR"}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
#: From lowest to highest precedence; all are left-associative.
_LEVELS = (("OR",), ("AND",), tuple(_COMPARISONS), ("+", "-"), ("*", "/"), ("^",))
_ROUNDED: Mapping[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_OVER_ARRAYS: Mapping[str, Callable[[Sequence[float]], float]] = {"SUM": sum, "MIN": min, "MAX": max}
#: Deeper than people write, and well below Python's recursion limit.
_DEPTH = 50
MAXIMUM_LENGTH = 2048


@dataclass(frozen=True)
class Number:
    """A number literal."""

    value: float


@dataclass(frozen=True)
class Name:
    """The id of a metric or another expression, or a keyword such as REPEAT."""

    name: str


@dataclass(frozen=True)
class Text:
    """A string literal."""

    value: str


@dataclass(frozen=True)
class Array:
    """An array of rows."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """A function or operator and its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Text | Array | Call


@dataclass(frozen=True)
class Rows:
    """The inputs of an evaluation: rows by id, which ids are metrics, and their periods in seconds."""

    by_id: Mapping[str, tuple[float | None, ...]]
    metrics: tuple[str, ...]
    periods: Mapping[str, int]
    length: int
    reading: Reading


@lru_cache(maxsize=4096)
def parse(expression: str) -> Node:
    """Parse an expression. Raises UnreadableExpression if it is not metric math."""
    if len(expression) > MAXIMUM_LENGTH:
        raise UnreadableExpression(f"an expression has at most {MAXIMUM_LENGTH} characters, not {len(expression)}")
    parser = _Parser(_tokens(expression))
    node = parser.binary(0, 0)
    parser.expect("")
    return node


def names(node: Node) -> frozenset[str]:
    """The ids that an expression references directly."""
    match node:
        case Name(name):
            return frozenset({name}) if name[:1].islower() else frozenset()
        case Array(inner) | Call(_, inner):
            return frozenset().union(*map(names, inner))
    return frozenset()


def needs_metrics(node: Node) -> bool:
    """Whether an expression uses METRICS()."""
    match node:
        case Array(inner):
            return any(map(needs_metrics, inner))
        case Call(function, inner):
            return function == "METRICS" or any(map(needs_metrics, inner))
    return False


def work_out(node: Node, rows: Rows) -> Value:
    """The value of an expression."""
    match node:
        case Number(value):
            return value
        case Name(name):
            if name not in rows.by_id:
                raise UnreadableExpression(f"{name} is no id of a metric or expression of this alarm")
            return rows.by_id[name]
        case Text():
            raise UnreadableExpression("a string is only valid as the argument of METRICS()")
        case Array(inner):
            return _array([work_out(each, rows) for each in inner])
        case Call():
            return _called(node, rows)


def _tokens(expression: str) -> list[str]:
    found, position, text = [], 0, expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnreadableExpression(f"{text[position:].strip()[:20]!r} is not metric math")
        found.append(_WORDS.get(match.group().strip(), match.group().strip()))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0

    def expect(self, token: str) -> None:
        found = self._tokens[self._at]
        if found != token:
            raise UnreadableExpression(f"expected {token or 'the end'} but found {found or 'the end'}")
        self._at += 1

    def binary(self, level: int, depth: int) -> Node:
        if depth > _DEPTH:
            raise UnreadableExpression(f"it is nested more than {_DEPTH} deep")
        if level == len(_LEVELS):
            return self._unary(depth)
        left = self.binary(level + 1, depth)
        while self._tokens[self._at] in _LEVELS[level]:
            sign = self._take()
            left = Call(sign, (left, self.binary(level + 1, depth)))
        return left

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _unary(self, depth: int) -> Node:
        if self._tokens[self._at] == "-":
            self._take()
            # -m ^ 2 is -(m ^ 2), -m * 2 either way the same.
            return Call("negative", (self.binary(len(_LEVELS) - 1, depth + 1),))
        return self._primary(depth)

    def _primary(self, depth: int) -> Node:
        token = self._take()
        if re.fullmatch(r"[0-9.]+", token):
            return Number(float(token))
        if token[:1] in ("'", '"') and token:
            return Text(token[1:-1])
        if token == "(":
            inner = self.binary(0, depth + 1)
            self.expect(")")
            return inner
        if token == "[":
            return Array(tuple(self._list("]", depth)))
        if token[:1].isalpha() and token not in _WORDS:
            if self._tokens[self._at] == "(":
                self._take()
                return Call(token, tuple(self._list(")", depth)))
            return Name(token)
        raise UnreadableExpression(f"expected a value but found {token or 'the end'}")

    def _list(self, closing: str, depth: int) -> Iterator[Node]:
        if self._tokens[self._at] == closing:
            self._take()
            return
        while True:
            yield self.binary(0, depth + 1)
            if self._tokens[self._at] != ",":
                break
            self._take()
        self.expect(closing)


def _called(call: Call, rows: Rows) -> Value:
    function = call.function
    if function in _FUNCTIONS:
        return _FUNCTIONS[function](call, rows)
    if function in _COMPARISONS or function in ("AND", "OR", "+", "-", "*", "/", "^"):
        left, right = (work_out(each, rows) for each in call.arguments)
        return _each(left, right, _operation(function), rows.reading.missing_is_zero)
    if function == "negative":
        return _mapped(work_out(call.arguments[0], rows), operator.neg)
    if function in _ROUNDED:
        return _mapped(work_out(_only(call), rows), _ROUNDED[function])
    if function in ("SUM", "AVG", "MIN", "MAX"):
        return _over_array(call, rows)
    raise UnknownFunction(f"the function {function} is not modelled")


def _operation(sign: str) -> Callable[[float, float], float | None]:
    if sign in _COMPARISONS:
        compare = _COMPARISONS[sign]
        return lambda left, right: float(compare(left, right))
    match sign:
        case "AND":
            return lambda left, right: float(left != 0 and right != 0)
        case "OR":
            return lambda left, right: float(left != 0 or right != 0)
        case "+":
            return operator.add
        case "-":
            return operator.sub
        case "*":
            return operator.mul
        case "/":
            # "The data point is dropped."
            return lambda left, right: left / right if right else None
    return _power


def _power(left: float, right: float) -> float | None:
    try:
        found = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return found if isinstance(found, int | float) else None


def _each(left: Value, right: Value, operation: Callable[[float, float], float | None], missing_is_zero: bool) -> Value:
    """Period by period. "Missing values in a time series are treated as 0", unless both rows miss it."""
    if isinstance(left, list) or isinstance(right, list):
        lefts = left if isinstance(left, list) else [left] * len(right)  # type: ignore[arg-type]
        rights = right if isinstance(right, list) else [right] * len(lefts)
        if len(lefts) != len(rights):
            raise UnreadableExpression("arrays of different lengths cannot be combined")
        return _array([_each(one, other, operation, missing_is_zero) for one, other in zip(lefts, rights, strict=True)])
    if isinstance(left, tuple) and isinstance(right, tuple):
        return tuple(
            None
            if (one is None and other is None) or (not missing_is_zero and (one is None or other is None))
            else operation(one or 0.0, other or 0.0)
            for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, tuple):
        scalar = right
        return tuple(None if one is None else operation(one, scalar) for one in left)  # type: ignore[arg-type]
    if isinstance(right, tuple):
        return tuple(None if one is None else operation(left, one) for one in right)
    found = operation(left, right)
    if found is None:
        raise UnreadableExpression("a number is divided by zero")
    return found


def _mapped(value: Value, change: Callable[[float], float]) -> Value:
    if isinstance(value, list):
        return [tuple(None if each is None else change(each) for each in row) for row in value]
    if isinstance(value, tuple):
        return tuple(None if each is None else change(each) for each in value)
    return change(value)


def _array(values: Sequence[Value]) -> list[tuple[float | None, ...]]:
    found: list[tuple[float | None, ...]] = []
    for each in values:
        if isinstance(each, list):
            found.extend(each)
        elif isinstance(each, tuple):
            found.append(each)
        else:
            raise UnreadableExpression("an array holds rows, not numbers")
    return found


def _only(call: Call) -> Node:
    if len(call.arguments) != 1:
        raise UnreadableExpression(f"{call.function} takes one argument, not {len(call.arguments)}")
    return call.arguments[0]


def _over_array(call: Call, rows: Rows) -> Value:
    value = work_out(_only(call), rows)
    if not isinstance(value, list):
        raise UnknownFunction(f"{call.function} of a single row depends on how far CloudWatch looks back")
    found: list[float | None] = []
    for column in zip(*value, strict=True):
        there = [each for each in column if each is not None]
        if len(there) < len(column) and not rows.reading.missing_is_zero:
            there = []
        if call.function == "AVG":
            # "Missing values are treated as 0."
            found.append(sum(there) / len(column) if there else None)
        else:
            found.append(float(_OVER_ARRAYS[call.function](there)) if there else None)
    return tuple(found)


def _metrics(call: Call, rows: Rows) -> Value:
    part = ""
    if call.arguments:
        wanted = _only(call)
        if not isinstance(wanted, Text):
            raise UnreadableExpression("METRICS takes nothing or a text")
        part = wanted.value
    return [rows.by_id[each] for each in rows.metrics if part in each]


def _time_series(call: Call, rows: Rows) -> Value:
    value = work_out(_only(call), rows)
    if not isinstance(value, float | int):
        raise UnreadableExpression("TIME_SERIES takes a number")
    return (float(value),) * rows.length


def _period(call: Call, rows: Rows) -> Value:
    wanted = _only(call)
    if not isinstance(wanted, Name) or wanted.name not in rows.metrics:
        raise UnreadableExpression("PERIOD takes a metric")
    return float(rows.periods[wanted.name])


def _metric_count(call: Call, rows: Rows) -> Value:
    value = work_out(_only(call), rows)
    if not isinstance(value, list):
        raise UnreadableExpression("METRIC_COUNT takes an array")
    return float(len(value))


def _fill(call: Call, rows: Rows) -> Value:
    if len(call.arguments) != 2:
        raise UnreadableExpression(f"FILL takes a row and a fill value, not {len(call.arguments)} arguments")
    value, filler = work_out(call.arguments[0], rows), call.arguments[1]
    if isinstance(value, list):
        return [_filled(row, filler, rows) for row in value]
    if not isinstance(value, tuple):
        raise UnreadableExpression("FILL fills a row")
    return _filled(value, filler, rows)


def _filled(row: tuple[float | None, ...], filler: Node, rows: Rows) -> tuple[float | None, ...]:
    if all(each is None for each in row) and not rows.reading.fills_the_empty:
        return row
    if filler == Name("REPEAT"):
        return _repeated(row)
    if filler == Name("LINEAR"):
        raise UnknownFunction("FILL with LINEAR is not modelled")
    value = work_out(filler, rows)
    if isinstance(value, list):
        raise UnreadableExpression("FILL takes a number or a row to fill with")
    fillers = value if isinstance(value, tuple) else (float(value),) * len(row)
    return tuple(other if each is None else each for each, other in zip(row, fillers, strict=True))


def _repeated(row: tuple[float | None, ...]) -> tuple[float | None, ...]:
    found: list[float | None] = []
    for each in row:
        found.append(found[-1] if each is None and found else each)
    return tuple(found)


def _if(call: Call, rows: Rows) -> Value:
    if len(call.arguments) not in (2, 3):
        raise UnreadableExpression(f"IF takes two or three arguments, not {len(call.arguments)}")
    condition, then, *rest = (work_out(each, rows) for each in call.arguments)
    other: Value | None = rest[0] if rest else None
    if isinstance(condition, list) or isinstance(then, list) or isinstance(other, list):
        raise UnreadableExpression("IF takes rows and numbers, no arrays")
    if not isinstance(condition, tuple):
        # IF(S, TS, TS): the row as it is, or none.
        chosen = then if condition else other
        row = chosen if isinstance(chosen, tuple) else (chosen,) * rows.length
        return tuple(row)
    found: list[float | None] = []
    for index, each in enumerate(condition):
        if each is None:
            found.append(None)
        elif each:
            # True, and the row has nothing there: 0.
            value = then[index] if isinstance(then, tuple) else then
            found.append(0.0 if value is None else value)
        else:
            found.append(other[index] if isinstance(other, tuple) else other)
    return tuple(found)


_FUNCTIONS: Mapping[str, Callable[[Call, Rows], Value]] = {
    "FILL": _fill, "IF": _if, "METRICS": _metrics, "METRIC_COUNT": _metric_count, "PERIOD": _period,
    "TIME_SERIES": _time_series,
}  # fmt: skip
