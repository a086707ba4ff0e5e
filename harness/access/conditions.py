"""Condition operators, and the finitely many classes that they divide each condition key's values into.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from typing import Any

from harness.access.globs import ANY_TEXT, DIGIT, Glob, arn, classes, exact, like, literal, meant
from harness.access.refused import Refused
from harness.render.resources import items

#: A request's condition keys, in lower case, each with its values. A key without values is absent.
Context = Mapping[str, tuple[str, ...]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Place = tuple[str | int, ...]

_OPERATOR = re.compile(r"(forallvalues:|foranyvalue:)?(\w+?)(ifexists)?")
_NOT = re.compile(r"^(string|arn|numeric|date)not|^not(?=ipaddress)")
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_KEY = re.compile(r"\s*([\w:/.@-]+)\s*(?:,\s*'([^']*)'\s*)?")
#: How the operators that take policy variables compare a text.
_TEXTS: dict[str, Callable[[str], Glob]] = {
    "stringequals": exact,
    "stringequalsignorecase": lambda text: exact(text, ignore_case=True),
    "stringlike": like,
    "arnequals": arn,
    "arnlike": arn,
}
_COMPARISONS = {
    "equals": operator.eq, "lessthan": operator.lt, "lessthanequals": operator.le,
    "greaterthan": operator.gt, "greaterthanequals": operator.ge,
}  # fmt: skip
#: Every request has these: the "Availability" of each on this page.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_ALWAYS = {"aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport"}
#: What values look like, by the end of the key's name; others are any text.
_FORMS = (
    ("arn", arn("arn:?*:?*:*:*:?*")),
    ("account", Glob("an account", (DIGIT,) * 12)),
    ("orgid", Glob("an organization", (*literal("o-"), *ANY_TEXT))),
    ("", Glob("any text", ANY_TEXT)),
)


@dataclass(frozen=True)
class Bound:
    """A number, or a date as seconds since 1970, that values are compared with."""

    limit: Decimal
    compare: Callable[[Decimal, Decimal], bool]
    read: Callable[[str], Decimal]

    def fits(self, text: str) -> bool:
        """Whether a value is on the right side of it; ValueError if it is none of the kind."""
        return self.compare(self.read(text), self.limit)


@dataclass(frozen=True)
class Range:
    """A range of IP addresses."""

    network: Network

    def fits(self, text: str) -> bool:
        """Whether an address is in it."""
        return ipaddress.ip_address(text) in self.network


@dataclass(frozen=True)
class Variables:
    """A text with policy variables: plain parts, and keys with their default values.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    parts: tuple[str | tuple[str, str | None], ...]
    make: Callable[[str], Glob]

    def resolved(self, context: Context) -> Glob | None:
        """The pattern for a request; None if it has no value for a variable, LookupError if it has several."""
        texts = [each if isinstance(each, str) else _value(*each, context) for each in self.parts]
        found = [each for each in texts if each is not None]
        return self.make("".join(found)) if len(found) == len(texts) else None


def _value(key: str, default: str | None, context: Context) -> str | None:
    found = context.get(key) or ((default,) if default is not None else ())
    if len(found) > 1:
        raise LookupError(f"${{{key}}} has several values in this request")
    return meant(found[0]) if found else None


Value = Glob | Bound | Range | Variables


@dataclass(frozen=True, eq=False)
class Comparison:
    """One operator on one condition key (lower case). `kind` is what it compares; a Null test compares nothing."""

    place: Place
    key: str
    kind: str
    values: tuple[Value, ...]
    negated: bool = False
    if_exists: bool = False
    #: "all" for ForAllValues, "any" for ForAnyValue.
    of_set: str = ""

    def holds(self, context: Context) -> bool:
        """Whether a request passes. Raises Refused where AWS's documentation does not say."""
        if self.variables:
            return self._passes(context)
        found = context.get(self.key, ())
        if found not in self._passed:
            self._passed[found] = self._passes(context)
        return self._passed[found]

    @cached_property
    def _passed(self) -> dict[tuple[str, ...], bool]:
        """Whether the key's values pass, where nothing else decides it."""
        return {}

    def _passes(self, context: Context) -> bool:
        found = context.get(self.key, ())
        if self.kind == "null":
            return any(each.fits(str(not found).lower()) for each in self.values if isinstance(each, Glob))
        if self.of_set:
            # An empty text is an empty set: see the second page above.
            found = tuple(filter(None, found))
        elif len(found) > 1:
            raise Refused(self.place, f"{self.key} has several values, so it needs ForAllValues or ForAnyValue")
        if not found:
            return self.of_set == "all" or (not self.of_set and (self.negated or self.if_exists))
        patterns = self.patterns(context)
        try:
            passing = (any(each.fits(value) for each in patterns) != self.negated for value in found)
            return any(passing) if self.of_set == "any" else all(passing)
        except ValueError as error:
            raise Refused(self.place, str(error)) from error

    def patterns(self, context: Context) -> list[Glob | Bound | Range]:
        """What the key's values are compared with in a request.

        A variable without a value is null, which nothing equals: "Policy variables with no value" on
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        """
        try:
            found = [each.resolved(context) if isinstance(each, Variables) else each for each in self.values]
        except LookupError as error:
            raise Refused(self.place, str(error)) from error
        return [each for each in found if each is not None]

    @cached_property
    def variables(self) -> frozenset[str]:
        """The other keys that it depends on."""
        parts = [part for each in self.values if isinstance(each, Variables) for part in each.parts]
        return frozenset(each[0] for each in parts if isinstance(each, tuple))


def read(stated: Mapping[str, Any], place: Place, *, has_variables: bool) -> tuple[Comparison, ...]:
    """The tests of a Condition whose operators are IAM's (`rules.lib.iam` reads it first). Raises Refused.

    `has_variables`: the policy's Version knows policy variables.
    """
    return tuple(
        _read(name, key, items(values), (*place, name, key), has_variables)
        for name, tests in stated.items()
        for key, values in tests.items()
    )


def _read(name: str, key: str, stated: list[Any], place: Place, has_variables: bool) -> Comparison:
    matched = _OPERATOR.fullmatch(name.lower())
    of_set, base, if_exists = matched.groups() if matched else (None, "", None)
    if of_set == "foranyvalue:" and if_exists:
        raise Refused(place, "whether ForAnyValue with IfExists passes without the key is not documented")
    negated = _NOT.search(base)
    if negated:
        base = (negated[1] or "") + base[negated.end() :]
    values = []
    for each in stated:
        if not isinstance(each, str | bool | int | float):
            raise Refused(place, "a value is no text, number or boolean")
        text = str(each).lower() if isinstance(each, bool) else str(each)
        try:
            values.append(_value_of(base, text, has_variables))
        except ValueError as error:
            raise Refused(place, f"{text!r}: {error}") from error
    if len(values) != 1 and (base == "null" or not values):
        raise Refused(place, "a Null test has one value" if values else "there is nothing to compare with")
    kind = "text" if base in _TEXTS else re.sub("(less|greater)?(than)?(equals)?$", "", base)
    return Comparison(place, key.lower(), kind, tuple(values), bool(negated), bool(if_exists), (of_set or "")[3:6])


def _value_of(base: str, text: str, has_variables: bool) -> Value:
    if base in _TEXTS:
        return _text(text, _TEXTS[base], has_variables)
    if "${" in text:
        raise ValueError("only text and Arn operators take policy variables")
    if base in ("bool", "null"):
        if text.lower() not in ("true", "false"):
            raise ValueError("neither true nor false")
        return exact(text, ignore_case=True)
    if base == "ipaddress":
        return Range(ipaddress.ip_network(text))
    kind = re.fullmatch("(numeric|date)(.*)", base)
    if kind is None:
        raise ValueError(f"{base} is not evaluated")
    reader = _number if kind[1] == "numeric" else _date
    return Bound(reader(text), _COMPARISONS[kind[2]], reader)


def _text(text: str, make: Callable[[str], Glob], has_variables: bool) -> Glob | Variables:
    if not has_variables:
        return make(text)
    parts: list[str | tuple[str, str | None]] = []
    for index, each in enumerate(_VARIABLE.split(text)):
        if index % 2 == 0 or each in ("*", "?", "$"):
            parts.append(each if index % 2 == 0 else meant(each))
        elif named := _KEY.fullmatch(each):
            parts.append((named[1].lower(), named[2]))
        else:
            raise ValueError("a policy variable that is none of IAM's")
    plain = [each for each in parts if isinstance(each, str)]
    if len(plain) == len(parts):
        return make("".join(plain))
    make("".join(each if isinstance(each, str) else "x" for each in parts))
    return Variables(tuple(parts), make)


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(f"{text!r} is not a number")
    return found


def _date(text: str) -> Decimal:
    if re.fullmatch(r"\d+", text):
        return Decimal(text)
    found = datetime.fromisoformat(text)
    return Decimal(repr((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()))


def representatives(key: str, tests: Sequence[Comparison], context: Context) -> list[tuple[str, ...]]:
    """Values of a key, one for each way in which they can pass and fail all its tests; () is without the key.

    `context` has the values of policy variables. An empty text is a value only where a policy names one. Raises
    Refused, also where a key is compared in ways that have nothing in common.
    """
    if any(each.variables for each in tests):
        return _representatives(key, tests, context)
    return _of_any_context(key, tuple(tests))


# Most classes of requests pass and fail the tests of a few statements.
@lru_cache(maxsize=50_000)
def _of_any_context(key: str, tests: tuple[Comparison, ...]) -> list[tuple[str, ...]]:
    return _representatives(key, tests, {})


def _representatives(key: str, tests: Sequence[Comparison], context: Context) -> list[tuple[str, ...]]:
    kinds = {each.kind for each in tests} - {"null"}
    if len(kinds) > 1 or len({bool(each.of_set) for each in tests if each.kind != "null"}) > 1:
        raise Refused(
            tests[0].place, f"{key} is compared in several ways: {', '.join(sorted(kinds))}, alone or as a set"
        )
    found: dict[tuple[bool, ...], tuple[str, ...]] = {}

    def add(values: tuple[str, ...]) -> bool:
        passed = tuple(each.holds({**context, key: values}) for each in tests)
        return found.setdefault(passed, values) is values

    ones: list[tuple[str, ...]] = [(each,) for each in _candidates(key, next(iter(kinds), "text"), tests, context)]
    if key not in _ALWAYS:
        add(())
    pending = [each for each in ones if add(each)]
    if any(each.of_set for each in tests):
        # How a set fares follows from how its members do, so that adding one at a time reaches every way.
        while pending:
            grown = pending.pop()
            pending += [both for each in ones if each[0] not in grown and add(both := (*grown, *each))]
    return list(found.values())


def _candidates(key: str, kind: str, tests: Iterable[Comparison], context: Context) -> Iterator[str]:
    values = [value for each in tests if each.kind != "null" for value in each.values]
    if kind == "bool":
        yield from ("true", "false")
    elif kind in ("numeric", "date"):
        limits = sorted({each.limit for each in values if isinstance(each, Bound)})
        for lower, upper in zip((Decimal(-1), *limits), (*limits, limits[-1] + 2), strict=True):
            # Between two limits; no number is negative, and none has a fraction unless limits have.
            middle = lower + 1 if lower + 1 < upper else (lower + upper) / 2
            if lower < middle < upper and middle >= 0 and (middle % 1 == 0 or lower % 1 or upper % 1):
                yield _written(middle, kind)
            if upper in limits:
                yield _written(upper, kind)
    elif kind == "ipaddress":
        for each in (each.network for each in values if isinstance(each, Range)):
            yield str(each[0])
            yield from (str(one) for one in (_next(each[0], -1), _next(each[-1], 1)) if one is not None)
    else:
        compared = (each.patterns(context) for each in tests if each.kind != "null")
        globs = [one for each in compared for one in each if isinstance(one, Glob)]
        form = next(form for ending, form in _FORMS if key.endswith(ending))
        yield from classes(globs, form).values()
        if any(not each.text for each in globs):
            yield ""


def _written(number: Decimal, kind: str) -> str:
    return f"{number.normalize():f}" if kind == "numeric" else datetime.fromtimestamp(float(number), UTC).isoformat()


def _next(address: Any, step: int) -> Any:
    try:
        return address + step
    except ipaddress.AddressValueError:
        return None
