"""Findings and verdicts: what all engines found in all scenarios, without repeats."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from harness.gate.engines.outcome import Failure, Outcome, Place, Target
from harness.render.rendering import Rendering
from harness.render.source import Source
from harness.render.unknown import Unknown

PASS, FAIL, NOT_APPLICABLE, NOT_EVALUATED = "pass", "fail", "not applicable", "not evaluated"
#: Who finds what nobody could judge.
GATE, UNKNOWN = "gate", "not-evaluated"
#: A value of at most so many characters is a number or one of a list, which a message may say for another reason.
MADE_UP = 12
VERDICTS = (PASS, FAIL, NOT_APPLICABLE, NOT_EVALUATED)
ERROR, WARNING = "error", "warning"
#: What these rules find changes nothing that is deployed: a warning, except in our own template, which has none.
WARNINGS = {"CHG-021": "a parameter that decides nothing", "W2001": "cfn-lint's word for the same"}


@dataclass(frozen=True)
class Finding:
    """One rule fails at one place of the source, in the scenarios named; `waived` is the reason of its waiver.

    `level` is `error`, or `warning` for what does not fail the gate.
    """

    rule: str
    slug: str
    engine: str
    resource: str
    line: int
    path: str
    message: str
    fix: str
    scenarios: tuple[str, ...]
    waived: str = ""
    level: str = ERROR

    @property
    def stands(self) -> bool:
        """Whether the gate fails for it: it is neither waived nor a warning."""
        return not self.waived and self.level == ERROR


@dataclass(frozen=True)
class RuleVerdict:
    """The result of one rule over all targets. A rule that was never evaluated has not passed."""

    rule: str
    slug: str
    engine: str
    verdict: str
    passed_in: int
    failed_in: int
    not_applicable_in: int
    not_evaluated_in: int


@dataclass(frozen=True)
class EngineUsed:
    """An engine and its version."""

    name: str
    version: str


@dataclass(frozen=True)
class ScenarioJudged:
    """A scenario: its name, its parameters, and which conditions held."""

    name: str
    parameters: dict[str, str]
    conditions: dict[str, bool]


@dataclass(frozen=True)
class Suppression:
    """An inline suppression in the template; it was ignored."""

    engine: str
    line: int
    what: str


@dataclass
class Report:
    """The gate's report on one template."""

    template: str
    template_sha256: str
    engines: list[EngineUsed]
    scenarios: list[ScenarioJudged]
    rules: list[RuleVerdict]
    findings: list[Finding]
    suppressions: list[Suppression] = field(default_factory=list)
    rules_sha256: str = ""

    @property
    def exit_code(self) -> int:
        """0 if every finding is waived or a warning, otherwise 1."""
        return 1 if any(finding.stands for finding in self.findings) else 0

    def as_dict(self) -> dict[str, Any]:
        """What `verdicts.json` holds."""
        return {"format": 1, "exit_code": self.exit_code, **asdict(self)}


class Tally:
    """Collects outcomes and groups equal findings of different scenarios."""

    def __init__(
        self, source: Source, names: Mapping[str, tuple[str, str]], unknown: Mapping[str, Unknown] | None = None
    ) -> None:
        """`names` maps an engine's name of a rule to the rule's id and slug; `unknown` is what nobody here can know."""
        self._source = source
        self._unknown = unknown or {}
        self._unknown_at = {
            place: name for name, each in self._unknown.items() if not each.is_open for place in each.places
        }
        self._names = names
        self._findings: dict[tuple[Any, ...], tuple[Finding, list[str]]] = {}
        self._counts: dict[tuple[str, str], dict[str, int]] = {}

    def add(self, engine: str, target: Target, outcome: Outcome) -> None:
        """Count an engine's outcome for one target."""
        failed, undecided = set(), set()
        for failure in outcome.failures:
            place = failure.place if target.rendering is None else target.rendering.origin(failure.place)
            line = self._source.line(place)
            if target.rendering is not None:
                failure = replace(failure, message=self._named_in(failure.message, target.rendering))
            if unknown := self._unknown_in(place):
                # The rule's answer is about a value that the gate has made up.
                undecided.add(failure.rule)
                self._not_evaluated(failure, place, unknown, target)
                continue
            failed.add(failure.rule)
            # Two clauses that fail at one line are two findings; one clause in ten scenarios is one.
            key = (engine, failure.rule, failure.resource, line, _steady(failure.message))
            if key not in self._findings:
                rule, slug = self._named(failure.rule)
                path = dotted(place)
                finding = Finding(
                    rule, slug, engine, failure.resource, line, path, failure.message, failure.fix, scenarios=()
                )
                self._findings[key] = (finding, [])
            names = self._findings[key][1]
            if target.name not in names:
                names.append(target.name)
        for rules, verdict in (
            (failed, FAIL), (outcome.passed - failed, PASS), (outcome.not_applicable - failed, NOT_APPLICABLE),
            ((outcome.unevaluated | undecided) - failed, NOT_EVALUATED),
        ):  # fmt: skip
            for rule in rules:
                self._counts.setdefault((engine, rule), dict.fromkeys(VERDICTS, 0))[verdict] += 1

    def _unknown_in(self, place: Place) -> str:
        """The name of what a value comes from that nobody here knows; empty if the template says the value."""
        return next(
            (self._unknown_at[place[:end]] for end in range(len(place) + 1) if place[:end] in self._unknown_at), ""
        )

    def _not_evaluated(self, failure: Failure, place: Place, unknown: str, target: Target) -> None:
        rule, slug = self._named(failure.rule)
        name = rule if rule == slug else f"{rule} {slug}"
        message = (
            f"Not evaluated: {name} depends on {unknown}, which only the deployment knows; some values of it fail."
        )
        fix = "write the value in the template, or take it from a parameter that allows only good ones."
        line = self._source.line(place)
        key = (GATE, failure.resource, line, message)
        finding = Finding(UNKNOWN, UNKNOWN, GATE, failure.resource, line, dotted(place), message, fix, scenarios=())
        names = self._findings.setdefault(key, (finding, []))[1]
        if target.name not in names:
            names.append(target.name)

    def _named_in(self, message: str, rendering: Rendering) -> str:
        """A message that names what was made up, where it quotes it."""
        for name in self._unknown.keys() & rendering.values.keys():
            if len(rendering.values[name]) > MADE_UP:
                message = message.replace(rendering.values[name], f"<{name}>")
        return message

    def findings(self) -> list[Finding]:
        """Every finding, by line."""
        found = [replace(finding, scenarios=tuple(names)) for finding, names in self._findings.values()]
        return sorted(found, key=lambda each: (each.line, each.engine, each.rule, each.resource))

    def verdicts(self) -> list[RuleVerdict]:
        """The verdict of every rule that an engine judged."""
        return [
            RuleVerdict(*self._named(rule), engine, _overall(counts), *(counts[each] for each in VERDICTS))
            for (engine, rule), counts in sorted(self._counts.items())
        ]

    def _named(self, rule: str) -> tuple[str, str]:
        return self._names.get(rule, (rule, rule))


def with_warnings(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, with the level `warning` for those that change nothing that is deployed."""
    return [replace(each, level=WARNING) if each.rule in WARNINGS else each for each in findings]


def dotted(place: Place) -> str:
    """A place in dotted form: `Resources.RawDataBucket.Properties.LifecycleConfiguration.Rules[1]`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _overall(counts: dict[str, int]) -> str:
    return next((verdict for verdict in (FAIL, PASS, NOT_APPLICABLE) if counts[verdict]), NOT_EVALUATED)


def _steady(message: str) -> str:
    """A message without the words that differ between scenarios: names and ARNs that contain the environment."""
    return " ".join(word for word in message.split() if not any(mark in word for mark in ("arn:", "://", "-", "_")))
