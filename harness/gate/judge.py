"""Judges one template: source and scenarios, all engines side by side."""

import datetime
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from harness import patience
from harness.catalogue.catalogue import fingerprint
from harness.catalogue.proof import Proof
from harness.gate import granted, suppressions, waivers
from harness.gate.engines import python_checks as check_engine
from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Engine, Outcome, Target
from harness.gate.engines.python_checks import Checks
from harness.gate.engines.watch import SECONDS, Done, Progress, hangs, unwatched
from harness.gate.pinned import no_longer_applying
from harness.gate.rule_set import ENGINES, LINT, RuleSet
from harness.gate.verdicts import (
    GATE,
    UNKNOWN,
    EngineUsed,
    Finding,
    Report,
    ScenarioJudged,
    Tally,
    dotted,
    with_warnings,
)
from harness.gate.waivers import Known, Waiver
from harness.render.dumping import as_json
from harness.render.rendering import Rendering
from harness.render.scenarios import Scenarios
from harness.render.source import Source

if TYPE_CHECKING:
    from harness.gate.engines.cfn_lint import CfnLint

SOURCE = "source"
COMBINATION = "another combination"
#: From this many characters on, a source is worth starting with before there are scenarios.
LONG = 50_000
#: Seconds.
GRACE = 5


def targets_of(source: Source, scenarios: Scenarios) -> list[Target]:
    """The source, and each scenario's rendering; equal renderings once."""
    cleaned = suppressions.without(source.template)
    targets = [Target(SOURCE, cleaned, source_text=source.text)]
    seen = set()
    for scenario in scenarios.all:
        target = Target(scenario.name, suppressions.without(scenario.rendering.template), scenario.rendering)
        # Checks may read parameters too, so scenarios are equal only if their parameters are equal.
        key = (target.json, as_json(scenario.values))
        if key not in seen:
            seen.add(key)
            targets.append(target)
    return targets


def judge(
    source: Source,
    rule_set: RuleSet,
    engines: Sequence[Engine],
    waived: Iterable[Waiver] = (),
    waivers_path: Path = Path("rules/waivers.yaml"),
    given: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    silence: float = SECONDS,
    pinned: Mapping[str, Proof] | None = None,
    warns: bool = False,
    knows_access: bool = False,
) -> Report:
    """The report on a template. `given` are the only values of some parameters and pseudo parameters.

    `pinned` are the rules that are known to apply to it, by slug. `warns`: findings that change nothing that is
    deployed are warnings; otherwise they count. `knows_access`: rules/access.yaml is about it.

    Raises EngineError when an engine breaks or finishes nothing for `silence` seconds, UnrenderableTemplate when the
    template cannot be rendered.
    """
    for engine in engines:
        # cfn-lint needs the most time. Its module, which takes a second to import, is not imported for the others.
        if engine.name == LINT and len(source.text) > LONG:
            cast("CfnLint", engine).begin(Target(SOURCE, {}, source_text=source.text))
    scenarios = Scenarios(source.template, given)
    targets = targets_of(source, scenarios)
    tally = Tally(source, rule_set.names, scenarios.unknown)
    for engine, outcomes in _side_by_side(
        engines, targets, scenarios, progress or Progress(), patience.seconds(silence)
    ):
        for target, outcome in outcomes:
            tally.add(engine.name, target, outcome)
    verdicts = tally.verdicts()
    rules = {name for rule in rule_set.rules for name in (rule.id, rule.slug)} | {each.rule for each in verdicts}
    complete = {engine.name for engine in engines} == set(ENGINES)
    known = Known(waivers_path, frozenset(source.template["Resources"]), frozenset(rules), complete)
    found = [
        *tally.findings(), *_not_evaluated(source, scenarios), *no_longer_applying(pinned or {}, verdicts),
        *(granted.findings(source, scenarios) if knows_access else ()),
    ]  # fmt: skip
    # The user's local date.
    findings = waivers.apply(waived, found, known, datetime.date.today())  # noqa: DTZ011
    return Report(
        str(source.path),
        source.sha256,
        sorted((EngineUsed(engine.name, engine.version) for engine in engines), key=lambda each: each.name),
        [
            ScenarioJudged(target.name, target.rendering.values, target.rendering.conditions)
            for target in targets
            if target.rendering is not None
        ],
        verdicts,
        with_warnings(findings) if warns else findings,
        suppressions.find(source),
        fingerprint(rule_set.folder),
    )


def _not_evaluated(source: Source, scenarios: Scenarios) -> Iterator[Finding]:
    """What no scenario has reached: nothing is known of it, so it is a finding."""
    for part in sorted(scenarios.unreached, key=lambda each: source.line(each.place)):
        yield Finding(
            UNKNOWN, UNKNOWN, GATE, part.owner, source.line(part.place), dotted(part.place),
            f"Not evaluated: {part.said} {part.because}, so no rule has judged what would be then.",
            "delete what can never be; or say with --region, --account or --parameters which values it takes.", (),
        )  # fmt: skip


def _side_by_side(
    engines: Sequence[Engine], targets: Sequence[Target], scenarios: Scenarios, progress: Progress, silence: float
) -> Iterator[tuple[Engine, list[tuple[Target, Outcome]]]]:
    """Each engine with its outcomes, as they finish."""
    said: queue.SimpleQueue[tuple[Engine, Any]] = queue.SimpleQueue()

    def run(engine: Engine) -> None:
        try:
            answer: Any = _judged(engine, targets, scenarios, lambda *chunks: said.put((engine, chunks)))
        except BaseException as error:  # noqa: BLE001 raised again below
            answer = error
        said.put((engine, answer))

    for engine in engines:
        # A daemon: nothing can stop a check that never ends, and nothing has to wait for it.
        threading.Thread(target=run, args=(engine,), daemon=True).start()
    heard = {engine.name: time.monotonic() for engine in engines}
    while heard:
        try:
            engine, answer = said.get(timeout=1)
        except queue.Empty:
            now = time.monotonic()
            # An engine that watches its processes is the first to know that one of them hangs.
            if silent := [name for name, last in heard.items() if now - last > silence + GRACE]:
                raise hangs(silent[0], silence) from None
        else:
            heard[engine.name] = time.monotonic()
            if isinstance(answer, BaseException):
                raise answer
            if isinstance(answer, list):
                del heard[engine.name]
                progress.ended(engine.name, [*heard])
                yield engine, answer
            else:
                progress.chunk(engine.name, *answer)
        progress.tick()


def _judged(
    engine: Engine, targets: Sequence[Target], scenarios: Scenarios, done: Done
) -> list[tuple[Target, Outcome]]:
    try:
        answers = engine.judge(targets, done)
    except BrokenExecutor as error:
        raise EngineError(f"{engine.name}: one of its processes was killed") from error
    if len(answers) != len(targets):
        raise EngineError(f"{engine.name} answered for {len(answers)} of {len(targets)} templates")
    outcomes = list(zip(targets, answers, strict=True))
    if isinstance(engine, Checks):
        outcomes += _combinations(engine, targets, scenarios, done)
    return outcomes


def _combinations(
    engine: Checks, targets: Sequence[Target], scenarios: Scenarios, done: Done = unwatched
) -> list[tuple[Target, Outcome]]:
    """The checks' failures in every reachable combination of the resources they compare, beyond the scenarios.

    A check sees only resources of the types it asked for in the scenarios, which it has judged before, so the
    combinations are those of what these depend on.
    """
    found = []
    for finished, check in enumerate(engine.checks, 1):
        done(len(targets) + finished, len(targets) + len(engine.checks))
        if check.judges_source:
            continue
        types = engine.types_read[check.slug]
        names = [
            name for name, body in scenarios.template["Resources"].items() if "*" in types or body["Type"] in types
        ]
        if "*" in types or not names:
            # A check that reads everything has seen every pair of values in the scenarios.
            continue
        # Combinations that a scenario contains are not judged again.
        seen = {_variants(scenarios, names, target.rendering) for target in targets[1:] if target.rendering}
        for values in scenarios.combinations(names):
            rendering = scenarios.rendering(values)
            variants = _variants(scenarios, names, rendering)
            if variants in seen:
                continue
            seen.add(variants)
            failures, _ = check_engine.run(check, scenarios.stack(names, rendering), COMBINATION)
            if failures:
                found.append((Target(COMBINATION, {}, rendering), Outcome(failures)))
    return found


def _variants(scenarios: Scenarios, names: Sequence[str], rendering: Rendering) -> tuple[str, ...]:
    """The variants of these resources in a rendering, and its environment, which checks may read."""
    environment = rendering.values.get(scenarios.environment, "")
    return (environment, *(scenarios.variant(name, rendering) for name in names))
