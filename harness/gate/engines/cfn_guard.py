"""cfn-guard, as a process: all rules over all templates in one call."""

import json
import re
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness import patience
from harness.catalogue.catalogue import slug_of
from harness.gate.engines import cfn_guard_binary
from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Failure, Outcome, Place, Target
from harness.gate.engines.watch import SECONDS, Done, hangs, unwatched
from harness.render import schemas
from harness.render.dumping import as_json
from harness.render.resources import at

#: cfn-guard's exit codes: all passed; some rule failed. Anything else is an error.
_PASSED, _FAILED = 0, 19
_MESSAGE = re.compile(r"Violation:\s*(?P<violation>.+?)\s*Fix:\s*(?P<fix>.+?)\s*$", re.DOTALL)
#: The start of a query that selects resources by type; further filters only narrow it.
_OF_TYPES = re.compile(r"\bResources\.\*\[\s*Type\s*(?:==\s*('[^']*')|in\s*\[([^\]]*)\])(?!\s*(?:or|OR|\|))")
_MESSAGE_BLOCK = re.compile(r"<<.*?>>", re.DOTALL)
#: Queries that match properties without naming them: `*` not directly after a name, key filters, all at once.
_ANYTHING = re.compile(
    r"\bProperties\b(?!\s*(?:\.\s*\w|\{))|\bthis\b|%\w+\s*(?:\.\s*\*|\[)|(?<![\w.\]\[])\*|(?<!\w)(?:\.|\[\s*)\*"
)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
#: Guard applies each rule's filter to each resource. From this many resources on, each rule gets only those it selects,
#: and equal inputs of several templates are judged once; below that, the extra processes would cost more.
WORTH_SPLITTING = 100


class CfnGuard:
    """Guard with the rules in some files; it must give a verdict for each rule."""

    name = "cfn-guard"
    version = cfn_guard_binary.VERSION

    def __init__(self, paths: Sequence[Path], silence: float = SECONDS) -> None:
        """If a call takes longer than `silence` seconds, it hangs."""
        self._silence = patience.seconds(silence)
        self._paths = [str(path) for path in paths]
        self._rules = frozenset(map(slug_of, paths))
        self._binary = cfn_guard_binary.find()

    def judge(self, targets: Sequence[Target], done: Done = unwatched) -> list[Outcome]:
        """See `Engine`."""
        if not self._rules or not targets:
            return [Outcome() for _ in targets]
        if sum(len(_resources(target.template)) for target in targets) < WORTH_SPLITTING:
            answers = self._answers(self._paths, [as_json(_read(target)) for target in targets])
            return [self._outcome(self._rules, *each) for each in zip(answers, targets, strict=True)]
        outcomes = [Outcome() for _ in targets]
        groups = _by_types(self._paths)
        for finished, (types, sources) in enumerate(groups.items()):
            done(finished, len(groups))
            seen = [as_json(_seen(_read(target), types, sources.values())) for target in targets]
            distinct = list(dict.fromkeys(seen))
            answered = dict(zip(distinct, self._answers(list(sources), distinct), strict=True))
            rules = frozenset(slug_of(Path(path)) for path in sources)
            for outcome, target, text in zip(outcomes, targets, seen, strict=True):
                outcome.add(self._outcome(rules, answered[text], target))
        done(len(groups), len(groups))
        return outcomes

    def _answers(self, rules: Sequence[str], templates: Sequence[str]) -> list[dict[str, Any]]:
        """Guard's verdicts on each template, for the rules in these files."""
        with TemporaryDirectory(prefix="cfn-guard-") as folder:
            for index, text in enumerate(templates):
                Path(folder, f"{index:06}.json").write_text(text)
            answers = self._run(rules, folder)
        by_index = {int(Path(answer["name"]).stem): answer for answer in answers}
        if sorted(by_index) != list(range(len(templates))):
            raise EngineError(f"cfn-guard answered for {len(by_index)} of {len(templates)} templates")
        return [by_index[index] for index in range(len(templates))]

    def _run(self, rules: Sequence[str], folder: str) -> list[dict[str, Any]]:
        command = [
            str(self._binary), "validate", "--rules", *rules, "--data", folder,
            "--structured", "--output-format", "json", "--show-summary", "none",
        ]  # fmt: skip
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=self._silence)
        except subprocess.TimeoutExpired as error:
            raise hangs(self.name, self._silence) from error
        if result.returncode not in (_PASSED, _FAILED):
            raise EngineError(f"cfn-guard ended with {result.returncode}: {' '.join(result.stderr.split())[:500]}")
        if result.stderr.strip():
            # An unparsable rule file is reported here only; the exit code is 0 or 19 for the other files.
            raise EngineError(f"cfn-guard: {' '.join(result.stderr.split())[:500]}")
        try:
            answers: list[dict[str, Any]] = json.loads(result.stdout)
        except ValueError as error:
            raise EngineError("cfn-guard's answer is not JSON") from error
        return answers

    def _outcome(self, rules: frozenset[str], answer: dict[str, Any], target: Target) -> Outcome:
        outcome = Outcome(passed=set(answer["compliant"]), not_applicable=set(answer["not_applicable"]))
        failed = {}
        for entry in answer["not_compliant"]:
            rule = entry["Rule"]
            failed[rule["name"]] = [*_failures(rule["name"], rule)]
        missing = rules - outcome.passed - outcome.not_applicable - failed.keys()
        if missing:
            raise EngineError(f"cfn-guard did not answer for {', '.join(sorted(missing))}")
        for name, failures in failed.items():
            if target.is_source:
                decided = [each for each in failures if not _is_function(target.template, each.place)]
                if not decided:
                    outcome.unevaluated.add(name)
                failures = decided
            outcome.failures.extend(dict.fromkeys(failures))
        return outcome


def types_seen(source: str) -> frozenset[str] | None:
    """The types of the resources that a rule sees; None if it may see any.

    Each of its queries has to begin with a filter by type; wherever else it says "Resources", it may see others.
    """
    rule = _COMMENT.sub("", source)
    queries = [*_OF_TYPES.finditer(rule)]
    if not queries or len(queries) != len(re.findall(r"\bResources\b", rule)):
        return None
    return frozenset(name for query in queries for name in re.findall("'([^']*)'", query[1] or query[2]))


def properties_seen(source: str) -> frozenset[str] | None:
    """All words of a rule, which the properties that it sees are among; None if it may see any property.

    It may where it goes through what it has no word for: the properties, a variable, or what a block is about.
    """
    rule = _MESSAGE_BLOCK.sub("", _COMMENT.sub("", source))
    if types_seen(source) is None or _ANYTHING.search(re.sub(r"\bResources\.\*\[", "", rule)):
        return None
    return frozenset(re.findall(r"\w+", rule))


def _by_types(paths: Sequence[str]) -> dict[frozenset[str] | None, dict[str, str]]:
    """The rules' sources by path, grouped by the types that they select."""
    found: dict[frozenset[str] | None, dict[str, str]] = {}
    for path in paths:
        source = Path(path).read_text()
        found.setdefault(types_seen(source), {})[path] = source
    return found


def _read(target: Target) -> dict[str, Any]:
    """The template, with text as the number or boolean that CloudFormation makes of it; renderings have it so."""
    resources = _resources(target.template)
    if not target.is_source or not all(isinstance(at(each, "Type"), str) for each in resources.values()):
        return target.template
    read = {
        name: {**each, "Properties": schemas.typed(each["Type"], each["Properties"])} if "Properties" in each else each
        for name, each in resources.items()
    }
    return {**target.template, "Resources": read}


def _seen(template: dict[str, Any], types: frozenset[str] | None, sources: Collection[str]) -> dict[str, Any]:
    """The parts of a template that rules for these types can read, by the words in the rules."""
    if types is None:
        return template
    said = {word for text in sources for word in re.findall(r"\w+", text)}
    kept = {key: each for key, each in template.items() if key in said}
    return kept | {"Resources": {name: body for name, body in _resources(template).items() if _may_be_of(body, types)}}


def _resources(template: dict[str, Any]) -> dict[str, Any]:
    resources = template.get("Resources")
    return resources if isinstance(resources, dict) else {}


def _may_be_of(body: Any, types: frozenset[str]) -> bool:
    type_ = body.get("Type") if isinstance(body, dict) else None
    return type_ in types if isinstance(type_, str) else True


def _failures(rule: str, report: Any) -> Iterator[Failure]:
    """Every failed clause, at any depth of blocks and disjunctions in the report."""
    found = False
    for clause in _clauses(report):
        found = True
        text = at(clause, "messages", "custom_message") or ""
        match = _MESSAGE.search(text)
        violation = " ".join((match["violation"] if match else text or _first_error(clause)).split())
        place = _place(clause)
        yield Failure(rule, str(place[1]) if len(place) > 1 else "", place, violation, _joined(match, "fix"))
    if not found:
        yield Failure(rule, "", (), "refused, and Guard does not say where.")


def _clauses(report: Any) -> Iterator[Any]:
    if isinstance(report, list):
        for each in report:
            yield from _clauses(each)
    elif isinstance(report, dict):
        if "check" in report and "messages" in report:
            yield report
        elif "Disjunctions" in report:
            # Of alternatives that all failed, only the last has the message.
            alternatives = [*_clauses(report["Disjunctions"])]
            with_message = [each for each in alternatives if at(each, "messages", "custom_message")]
            yield from with_message or alternatives
        else:
            for each in report.values():
                yield from _clauses(each)


def _place(clause: Any) -> Place:
    path = _path(clause.get("check"))
    return tuple(int(step) if step.isdigit() else step for step in path.split("/") if step)


def _path(value: Any) -> str:
    if isinstance(value, dict):
        path = value.get("path")
        if isinstance(path, str) and path.startswith("/"):
            return path
        return next((found for each in value.values() if (found := _path(each))), "")
    return ""


def _is_function(template: Any, place: Place) -> bool:
    """Whether the value at a place of the source, or around it, is a function, which only renderings can decide."""
    value = template
    for step in (*place, None):
        if isinstance(value, dict) and len(value) == 1:
            key = next(iter(value))
            if key == "Ref" or key.startswith("Fn::"):
                return True
        if step is None:
            break
        value = at(value, step)
    return _holds_function(value)


def _holds_function(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key == "Ref" or key.startswith("Fn::") or _holds_function(each) for key, each in value.items())
    return isinstance(value, list) and any(map(_holds_function, value))


def _first_error(clause: Any) -> str:
    return str(at(clause, "messages", "error_message") or "refused.")


def _joined(match: re.Match[str] | None, group: str) -> str:
    return " ".join(match[group].split()) if match else ""
