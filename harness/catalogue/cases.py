"""The cases of a rule: small templates, each with the expected verdict.

A case file has a `base`, a small template, and `cases`, each of which is the base with a few changes (RFC 6902, JSON
Patch), or a template of its own. A case may also change another case of the file, named as its `base`.

Two kinds are not written out. `malformed` names places of the base, each of which is given every shape that does not
belong there. And every bad one is set beside a good one, in both orders (`beside` says why not, where that is not so):
a rule that is content with one good resource out of two would pass its other cases.
"""

from __future__ import annotations

import copy
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonpatch

from harness.catalogue.catalogue import CHECKOV, BadRule, Rule
from harness.render.errors import UnreadableTemplate
from harness.render.source import parse

OUTCOMES = ("SKIP", "PASS", "FAIL")
_CONTENT = {"base", "cases"}
_MORE = {"beside", "malformed"}
_NEEDED, _OPTIONAL = {"name", "expect"}, {"base", "parameters", "patch", "template"}
MISSING = "missing"
_ABSENT = object()
#: Sections that define things; names in other sections are fixed.
_MADE = ("Resources", "Outputs")
#: Properties that hold names, including a function's name in its logs and metrics.
_NAMED = ("", "/DatabaseInput", "/TableInput", "/Environment/Variables")
#: Malformed shapes by their name in a case's name.
SHAPES: dict[str, Any] = {
    MISSING: _ABSENT,
    "text": "malformed",
    "a number": 7,
    "a list": ["malformed"],
    "an empty list": [],
    "a map": {"Malformed": "malformed"},
    "an empty map": {},
}
#: Wraps the file in a template, for the template parser with its short-form functions.
_WRAPPING = "Resources: {X: {Type: X}}\nMetadata:\n"


@dataclass(frozen=True)
class Case:
    """A template, its parameter values, and the expected verdict: SKIP, PASS or FAIL."""

    name: str
    expect: str
    template: dict[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The case's name with its verdict, unique in its file."""
        return f"{self.expect} - {self.name}"


def load(rule: Rule) -> list[Case]:
    """The expanded cases of a rule. Raises BadRule, naming the case, for an invalid file."""
    path = rule.case_file
    try:
        wrapped = parse(_WRAPPING + textwrap.indent(path.read_text(), "  "), path)
    except (OSError, UnreadableTemplate) as error:
        raise BadRule(f"{path}: {error}") from error
    content = wrapped.template["Metadata"]
    if not isinstance(content, dict) or not _CONTENT <= set(content) <= _CONTENT | _MORE:
        raise BadRule(f"{path}: a case file has only base and cases, and optionally malformed and beside")
    if not isinstance(content["base"], dict) or not isinstance(content["cases"], list):
        raise BadRule(f"{path}: base is a template, cases are a list")
    found: dict[str, Case] = {}
    for entry in content["cases"]:
        try:
            case = _case(entry, content["base"], {each.name: each for each in found.values()})
        except _BadCase as error:
            raise BadRule(f"{path}: {error}") from error
        if case.title in found:
            raise BadRule(f"{path}: two cases are called {case.title}")
        found[case.title] = case
    try:
        written = list(found.values())
        more = [*malformed(content["base"], content.get("malformed", []))]
        if rule.engine != CHECKOV and "beside" not in content:
            more += beside(written)
    except _BadCase as error:
        raise BadRule(f"{path}: {error}") from error
    return written + more


def malformed(base: dict[str, Any], places: Any) -> Iterator[Case]:
    """The base with each place in all malformed shapes, or in those listed in `as`.

    A place is `at`, a JSON Pointer, and `expect`, the verdict.
    """
    for place in places:
        if not isinstance(place, dict) or not {"at", "expect"} <= set(place) <= {"at", "expect", "as"}:
            raise _BadCase(f"malformed: a place has at and expect, and perhaps as: {place}")
        at, expect = str(place["at"]), str(place["expect"])
        now = jsonpatch.JsonPointer(at).resolve(base, _ABSENT)
        if now is _ABSENT or expect not in OUTCOMES:
            raise _BadCase(f"malformed: {at}: the base has nothing there, or {expect} is not a verdict")
        for shape in place.get("as", [each for each, value in SHAPES.items() if not _is_alike(value, now)]):
            if shape not in SHAPES:
                raise _BadCase(f"malformed: {at}: {shape} is none of {', '.join(SHAPES)}")
            change = {"op": "remove"} if shape == MISSING else {"op": "replace", "value": SHAPES[shape]}
            template = _patched(at, base, [change | {"path": at}])
            yield Case(f"{at} is {shape}", expect, {"Resources": {}} | template)


def _is_alike(value: Any, now: Any) -> bool:
    # An existing value is valid in its own shape; a function can return any shape.
    return value is not _ABSENT and bool(value) and type(value) is type(now)


def beside(written: Sequence[Case]) -> Iterator[Case]:
    """A bad template combined with a good one, in both orders, with the bad one's names changed.

    It is the first pair whose parameters, and other sections, do not contradict each other.
    """
    of = {verdict: [case for case in written if case.expect == verdict] for verdict in OUTCOMES}
    pairs = ((good, bad) for bad in of["FAIL"] for good in of["PASS"] if _agree(good, bad))
    good, bad = next(pairs, (None, None))
    if good is None or bad is None:
        raise _BadCase("beside: there is no good case that a bad one could stand beside")
    neighbour = _renamed(bad.template, good.template)
    for first, second, order in (
        (good.template, neighbour, "a good one beside a bad one"),
        (neighbour, good.template, "a bad one beside a good one"),
    ):
        template = {**first, **{key: {**first.get(key, {}), **section} for key, section in second.items()}}
        yield Case(f"{order} ({bad.name})", "FAIL", template, {**good.parameters, **bad.parameters})


def _agree(good: Case, bad: Case) -> bool:
    """Whether both make something of one kind, and nothing that keeps its name is different in both."""
    if not any(good.template.get(key) and bad.template.get(key) for key in _MADE):
        return False
    shared = [key for key in good.template if key in bad.template]
    if not all(isinstance(case.template[key], Mapping) for case in (good, bad) for key in shared):
        return False
    kept = [(good.template[key], bad.template[key]) for key in shared if key not in _MADE]
    return all(
        one[name] == other[name]
        for one, other in [*kept, (good.parameters, bad.parameters)]
        for name in set(one) & set(other)
    )


def _renamed(template: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A template with other logical ids and physical names, in definitions and references.

    So is what only the other one makes: a bad template may refer to what it lacks.
    """
    ids = {name: f"{name}OfNeighbour" for each in (template, other) for key in _MADE for name in each.get(key, {})}
    names = sorted(set(_names(template["Resources"])), key=len, reverse=True)
    word = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names)) or '(?!)'})(?![\w-])")

    def text(value: str) -> str:
        inside = re.sub(r"(?<=\$\{)\w+", lambda found: ids.get(found[0], found[0]), value)
        return ids.get(value) or word.sub(lambda found: f"{found[0]}-of-neighbour", inside)

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(each) for each in value]
        if isinstance(value, dict):
            return {key: renamed(each) for key, each in value.items()}
        return text(value) if isinstance(value, str) else value

    return {
        section: {ids[name] if section in _MADE else name: renamed(body) for name, body in content.items()}
        if isinstance(content, dict)
        else content
        for section, content in template.items()
    }


def _names(resources: Mapping[str, Any]) -> Iterator[str]:
    for body in resources.values():
        for at in _NAMED:
            named = jsonpatch.JsonPointer(f"/Properties{at}").resolve(body, None)
            for key, value in named.items() if isinstance(named, Mapping) else ():
                if isinstance(value, str) and key.upper().endswith("NAME") and key != "MetricName":
                    yield value


class _BadCase(Exception):
    """A case is invalid."""


def _case(entry: Any, base: dict[str, Any], others: Mapping[str, Case]) -> Case:
    if not isinstance(entry, dict) or not _NEEDED <= set(entry) <= _NEEDED | _OPTIONAL:
        needed, optional = (", ".join(sorted(fields)) for fields in (_NEEDED, _OPTIONAL))
        raise _BadCase(f"a case has {needed}, and perhaps {optional}: {entry}")
    name = str(entry["name"])
    if entry["expect"] not in OUTCOMES:
        raise _BadCase(f"{name}: expect is one of {', '.join(OUTCOMES)}")
    if "template" in entry and ("patch" in entry or "base" in entry):
        raise _BadCase(f"{name}: a case with a template has no base or patch")
    if "base" in entry:
        if entry["base"] not in others:
            raise _BadCase(f"{name}: no case before it is called {entry['base']}")
        base = others[entry["base"]].template
    template = entry["template"] if "template" in entry else _patched(name, base, entry.get("patch", []))
    if not isinstance(template, dict):
        raise _BadCase(f"{name}: the template is no mapping")
    values = {key: str(value) for key, value in entry.get("parameters", {}).items()}
    return Case(name, str(entry["expect"]), {"Resources": {}} | template, values)


def _patched(name: str, base: dict[str, Any], operations: Any) -> Any:
    if not isinstance(operations, list):
        raise _BadCase(f"{name}: the patch is no list of operations")
    try:
        # Copied, because patch values become part of the result, which later cases change again.
        return jsonpatch.apply_patch(base, copy.deepcopy(operations))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
        raise _BadCase(f"{name}: the patch does not fit: {' '.join(str(error).split())}") from error
