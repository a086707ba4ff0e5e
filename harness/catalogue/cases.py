"""The cases of a rule: small templates, each with the expected verdict.

A case file has a `base`, a small template, and `cases`, each of which is the base with a few changes, as
`harness.catalogue.patches` reads them, or has a template of its own. A case may also change another case of the file,
named as its `base`, and give `parameters` values:

    base: {Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: alerts}}}}
    cases:
      - {SKIP: no topic, remove: Topic}
      - {PASS: a topic with a name}
      - {FAIL: a topic without a name, remove: Topic/Properties/TopicName}
    malformed: [{FAIL: Topic/Properties}]

What fits on a line of 120 columns is on one line, and what fits on two may be on two. Two kinds of case are not written
out. `malformed` names places of the base, each of which is given every shape that does not belong there. And the first
bad one is set beside a good one, in both orders (`beside` says why not, where that is not so): a rule that looks at one
resource of two would pass its other cases.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonpatch

from harness.catalogue.catalogue import CHECKOV, BadRule, Rule
from harness.catalogue.patches import VERBS, BadPatch, changed, pointer
from harness.render.errors import UnreadableTemplate
from harness.render.source import parse

OUTCOMES = ("SKIP", "PASS", "FAIL")
_CONTENT = {"base", "cases"}
_MORE = {"beside", "malformed"}
_OPTIONAL = {"base", "parameters", "template", *VERBS}
MISSING = "missing"
_ABSENT = object()
#: Sections that define things; names in other sections are fixed.
_MADE = ("Resources", "Outputs")
#: Properties that hold names, including a function's name in its logs and metrics.
_NAMED = ("", "/DatabaseInput", "/TableInput", "/Environment/Variables")
#: Malformed shapes by their name in a case's name.
SHAPES: dict[str, Any] = {
    MISSING: _ABSENT, "text": "malformed", "a number": 7, "a list": ["malformed"], "an empty list": [],
    "a map": {"Malformed": "malformed"}, "an empty map": {},
}  # fmt: skip
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


def content(rule: Rule) -> dict[str, Any]:
    """What a rule's case file says, functions in the long form. Raises BadRule for a file that is not one of cases."""
    return _content(rule.case_file, _text(rule))


def _text(rule: Rule) -> str:
    try:
        return rule.case_file.read_text()
    except OSError as error:
        raise BadRule(f"{rule.case_file}: {error}") from error


def _content(path: Path, text: str) -> dict[str, Any]:
    try:
        wrapped = parse(_WRAPPING + textwrap.indent(text, "  "), path)
    except UnreadableTemplate as error:
        raise BadRule(f"{path}: {error}") from error
    found = wrapped.template["Metadata"]
    if not isinstance(found, dict) or not _CONTENT <= set(found) <= _CONTENT | _MORE:
        raise BadRule(f"{path}: a case file has only base and cases, and optionally malformed and beside")
    if not isinstance(found["base"], dict) or not isinstance(found["cases"], list):
        raise BadRule(f"{path}: base is a template, cases are a list")
    return found


def load(rule: Rule) -> list[Case]:
    """The cases of a rule, expanded. Raises BadRule for a file that is not one of cases, naming the case."""
    return [*_load(rule, _text(rule))]


@cache
def _load(rule: Rule, text: str) -> tuple[Case, ...]:
    """Cached: pages, examples and tests read the cases of every rule, some of them several times."""
    path = rule.case_file
    said = _content(path, text)
    found: dict[str, Case] = {}
    for entry in said["cases"]:
        try:
            case = _case(entry, said["base"], {each.name: each for each in found.values()})
        except _BadCase as error:
            raise BadRule(f"{path}: {error}") from error
        if case.title in found:
            raise BadRule(f"{path}: two cases are called {case.title}")
        found[case.title] = case
    try:
        written = list(found.values())
        more = [*malformed(said["base"], said.get("malformed", []))]
        if rule.engine != CHECKOV and "beside" not in said:
            more += beside(written)
    except (BadPatch, _BadCase) as error:
        raise BadRule(f"{path}: {error}") from error
    return (*written, *more)


def malformed(base: dict[str, Any], places: Any) -> Iterator[Case]:
    """The base with each place in all malformed shapes, or in those listed in `as`.

    A place, or a list of them, stands at the verdict that is expected.
    """
    for entry in places:
        expect, named, more = _verdict(entry, {"as"}, "malformed: a place")
        for place in named if isinstance(named, list) else [named]:
            at = pointer(str(place), base)
            now = jsonpatch.JsonPointer(at).resolve(base, _ABSENT)
            if now is _ABSENT:
                raise _BadCase(f"malformed: {at}: the base has nothing there")
            for shape in more.get("as", [each for each, value in SHAPES.items() if not _is_alike(value, now)]):
                if shape not in SHAPES:
                    raise _BadCase(f"malformed: {at}: {shape} is none of {', '.join(SHAPES)}")
                change = {"remove": at} if shape == MISSING else {"replace": {at: SHAPES[shape]}}
                yield Case(f"{at} is {shape}", expect, {"Resources": {}} | changed(base, change))


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


def _verdict(entry: Any, optional: set[str], what: str) -> tuple[str, Any, dict[str, Any]]:
    """The verdict that an entry expects, what stands at it, and the rest of the entry."""
    verdicts = [key for key in entry if key in OUTCOMES] if isinstance(entry, dict) else []
    if len(verdicts) != 1 or not set(entry) <= {*verdicts, *optional}:
        raise _BadCase(f"{what} has one of {', '.join(OUTCOMES)}, and perhaps {', '.join(sorted(optional))}: {entry}")
    return verdicts[0], entry[verdicts[0]], {key: each for key, each in entry.items() if key not in OUTCOMES}


def _case(entry: Any, base: dict[str, Any], others: Mapping[str, Case]) -> Case:
    expect, name, more = _verdict(entry, _OPTIONAL, "a case")
    name = str(name)
    changes = {key: each for key, each in more.items() if key in VERBS}
    if "template" in more and (changes or "base" in more):
        raise _BadCase(f"{name}: a case with a template has no base and no changes")
    if "base" in more:
        if more["base"] not in others:
            raise _BadCase(f"{name}: no case before it is called {more['base']}")
        base = others[more["base"]].template
    try:
        template = more["template"] if "template" in more else changed(base, changes)
    except BadPatch as error:
        raise _BadCase(f"{name}: {error}") from error
    if not isinstance(template, dict):
        raise _BadCase(f"{name}: the template is no mapping")
    values = {key: str(value) for key, value in more.get("parameters", {}).items()}
    return Case(name, expect, {"Resources": {}} | template, values)
