"""Which rules refuse which mutant. Only what a mutation reaches is judged, many mutants in one call of an engine.

Guard's rules and Checkov's policies judge each resource by itself, so the changed resources of many mutants stand side
by side in one template. Checks see the whole scenario, and only those that ask for a changed type are run.
`recheck` judges whole renderings of a few mutants, one by one, and has to come to the same killers.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, Rule
from harness.gate.check_loader import Check
from harness.gate.engines import python_checks as check_engine
from harness.gate.engines.cfn_guard import CfnGuard, properties_seen
from harness.gate.engines.cfn_lint import CfnLint
from harness.gate.engines.checkov_process import Checkov
from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Engine, Target
from harness.gate.engines.python_checks import Checks
from harness.gate.rule_set import RuleSet
from harness.mutants.mutation import Mutation
from harness.mutants.reach import Changed, Reach
from harness.render.dumping import as_json, as_key
from harness.render.rendering import Rendering
from harness.render.scenarios import Values

#: How many resources stand side by side in one template; more make Guard's paths slow to walk.
SIDE_BY_SIDE = 400
#: Worker processes take the checks in so many shares.
SHARES = 8
#: cfn-lint and Checkov's own checks cost more than all of ours; what share of mutants they see is told from some.
OTHERS_ASKED_ONE_IN = 3
#: What cfn-lint says only because the resources of many mutants stand side by side: names given twice, and
#: dependencies that are not there.
_LINT_OF_NEIGHBOURS = {"E3005", "E3019"}


@dataclass
class Mutant:
    """A mutation that changes some rendering, and the slugs of the rules of ours that refuse it.

    `seen_by` are the checks of others that refuse it too, cfn-lint's and Checkov's own, if `others_asked`. They do not
    count as killers: they change with each release, and no control of ours is enforced by them.
    """

    mutation: Mutation
    changed: list[Changed]
    killers: set[str] = field(default_factory=set)
    seen_by: set[str] = field(default_factory=set)
    others_asked: bool = False


class MutantJudge:
    """Judges the mutants of one template with the rules of one set."""

    def __init__(self, reach: Reach, rule_set: RuleSet) -> None:
        self.reach = reach
        self._rules = rule_set
        self._slugs = {key: slug for key, (_, slug) in rule_set.names.items()}
        self.checks = Checks([rule.path for rule in rule_set.of(CHECKS)]).checks

    def judge(
        self,
        mutants: Sequence[Mutant],
        others_too: bool,
        rechecked: Sequence[int] = (),
        progress: Callable[[int], None] = lambda _: None,
    ) -> list[set[str]]:
        """Fill in the killers, and what others say of a third; return what `recheck` finds of the mutants `rechecked`.

        `progress` gets how many of the SHARES are done.
        """
        for mutant in mutants[::OTHERS_ASKED_ONE_IN] if others_too else ():
            mutant.others_asked = True
        side_by_side = _SideBySide(mutants)
        engines: list[Callable[[_SideBySide], list[tuple[int, str]]]] = [
            self._guard, partial(self._checkov, others_too=others_too), *([self._lint] if others_too else []),
        ]  # fmt: skip
        handed_over = (self.reach.template, self.reach.let_through, self._rules, mutants)
        with (
            ThreadPoolExecutor(len(engines)) as threads,
            ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), _begin, handed_over) as workers,
        ):
            asked = [threads.submit(ask, side_by_side) for ask in engines]
            # First, because it takes longest.
            again = workers.submit(_recheck, rechecked) if rechecked else None
            shares = [workers.submit(_killing_share, start) for start in range(SHARES)]
            try:
                for done, share in enumerate(as_completed(shares), 1):
                    for index, slug in share.result():
                        mutants[index].killers.add(slug)
                    progress(done)
                refusals = again.result() if again else []
            except BrokenExecutor as error:
                raise EngineError("a process that runs checks was killed") from error
            ours = {rule.slug for rule in self._rules.rules}
            for answer in asked:
                for index, rule in answer.result():
                    (mutants[index].killers if rule in ours else mutants[index].seen_by).add(rule)
        return refusals

    def judge_ours(self, mutants: Sequence[Mutant], checkov: Engine) -> None:
        """Fill in the killers of a few mutants, asking nobody but our rules, and a Checkov that is there already."""
        side_by_side = _SideBySide(mutants)
        found = self._guard(side_by_side)
        for type_ in _by_target(self._rules.of(CHECKOV)):
            found += side_by_side.ask(checkov, type_, self._slugs)
        for index, slug in found:
            mutants[index].killers.add(slug)
        for mutant in mutants:
            mutant.killers |= self.killing_checks(mutant, self.checks)

    def recheck(self, mutants: Sequence[Mutant]) -> list[set[str]]:
        """The rules that refuse each mutant when its renderings are judged whole, as the gate judges them."""
        targets = [(index, target) for index, mutant in enumerate(mutants) for target in self._whole(mutant)]
        refusals: list[set[str]] = [set() for _ in mutants]
        with self._rules.engines((GUARD, CHECKOV, CHECKS), own_checks=False) as engines:
            for engine in engines:
                judged = [(index, target) for index, target in targets if engine.name == CHECKS or not target.is_source]
                outcomes = engine.judge([target for _, target in judged])
                for (index, _), outcome in zip(judged, outcomes, strict=True):
                    refusals[index] |= {self._slugs.get(failure.rule, failure.rule) for failure in outcome.failures}
        return refusals

    def _whole(self, mutant: Mutant) -> Iterator[Target]:
        template = dict(mutant.mutation.template)
        for changed in mutant.changed:
            rendering = Rendering(template, self.reach.scenarios[changed.scenario].values)
            yield Target(f"scenario {changed.scenario}", rendering.template, rendering)
        yield Target("source", template, source_text=as_json(template))

    def killing_checks(self, mutant: Mutant, checks: Sequence[Check]) -> set[str]:
        """The slugs of those of these checks that refuse a mutant."""
        mutated = dict(mutant.mutation.template)
        scenarios = [(each, self.reach.stack(each), self.reach.differences(each)) for each in mutant.changed]
        killers = set()
        for check in checks:
            if check.judges_source:
                killed = bool(check_engine.run(check, mutated, mutant.mutation.name)[0])
            else:
                killed = any(
                    check_engine.run(check, stack, mutant.mutation.name)[0]
                    for changed, stack, different in scenarios
                    if different is None or self.reach.observation(check, changed.scenario).concerns(different)
                )
            if killed:
                killers.add(check.slug)
        return killers

    def _guard(self, resources: _SideBySide) -> list[tuple[int, str]]:
        return [
            found
            for type_, rules in _by_target(self._rules.of(GUARD)).items()
            for rule in rules
            for found in resources.ask_alike(
                CfnGuard([rule.path]), type_, self._slugs, properties_seen(rule.path.read_text())
            )
        ]

    def _checkov(self, resources: _SideBySide, others_too: bool) -> list[tuple[int, str]]:
        policies = [rule.id for rule in self._rules.of(CHECKOV)]
        with Checkov(self._rules.folder / "checkov", policies, own_checks=False) as engine:
            found = [
                each
                for type_ in _by_target(self._rules.of(CHECKOV))
                for each in resources.ask(engine, type_, self._slugs)
            ]
            if not others_too:
                return found
            engine.own_checks = True
            usual = self._usual(engine)
            own = [(index, rule) for index, rule in resources.ask_once(engine, self._slugs) if rule not in usual]
        return [*found, *own]

    def _lint(self, resources: _SideBySide) -> list[tuple[int, str]]:
        engine = CfnLint()
        usual = self._usual(engine) | _LINT_OF_NEIGHBOURS
        return [(index, rule) for index, rule in resources.ask_once(engine, self._slugs) if rule not in usual]

    def _usual(self, engine: Engine) -> set[str]:
        """What an engine's own checks say about the template as it is, which says nothing about a mutant."""
        targets = [Target("as it is", scenario.rendering.template) for scenario in self.reach.scenarios[:1]]
        return {failure.rule for outcome in engine.judge(targets) for failure in outcome.failures}


#: What a worker process judges, unpickled once.
_handed_over: tuple[MutantJudge, Sequence[Mutant]] | None = None


def _begin(
    template: Mapping[str, Any],
    let_through: Sequence[tuple[Mutation, Values]],
    rule_set: RuleSet,
    mutants: Sequence[Mutant],
) -> None:
    global _handed_over
    _handed_over = MutantJudge(Reach(template, let_through), rule_set), mutants


def _killing_share(start: int) -> list[tuple[int, str]]:
    """(mutant, slug) for a share of the checks. A share of the mutants would have each worker observe all checks."""
    judge, mutants = _received()
    checks = judge.checks[start::SHARES]
    return [(index, slug) for index, mutant in enumerate(mutants) for slug in judge.killing_checks(mutant, checks)]


def _recheck(indices: Sequence[int]) -> list[set[str]]:
    judge, mutants = _received()
    return judge.recheck([mutants[index] for index in indices])


def _received() -> tuple[MutantJudge, Sequence[Mutant]]:
    if _handed_over is None:
        raise EngineError("a worker began without mutants")
    return _handed_over


class _SideBySide:
    """The changed resources of all mutants by type, equal ones once, under names that lead back to their mutants."""

    def __init__(self, mutants: Sequence[Mutant]) -> None:
        self._bodies: dict[str, dict[str, Mapping[str, object]]] = {}
        self._owners: dict[str, set[int]] = {}
        self._first: set[str] = set()
        #: Each property as text, and the rest of the body, by the resource's name.
        self._texts: dict[str, tuple[dict[str, str], str]] = {}
        names: dict[str, str] = {}
        for index, mutant in enumerate(mutants):
            for changed in mutant.changed:
                for resource in changed.resources.values():
                    if resource is not None:
                        name = names.setdefault(resource.body_json, f"Resource{len(names)}")
                        self._bodies.setdefault(resource.type, {})[name] = resource.body
                        self._owners.setdefault(name, set()).add(index)
                        if mutant.others_asked and changed is mutant.changed[0]:
                            self._first.add(name)

    def ask(self, engine: Engine, type_: str, slugs: Mapping[str, str]) -> Iterator[tuple[int, str]]:
        """(mutant, rule) for each rule of an engine that refuses a resource of this type; our rules by their slugs."""
        yield from self._asked(engine, _packed(type_, list(self._bodies.get(type_, {}).items())), slugs, self._owners)

    def ask_alike(
        self, engine: Engine, type_: str, slugs: Mapping[str, str], seen: Collection[str] | None
    ) -> Iterator[tuple[int, str]]:
        """As `ask`, of one of those that are alike in all that is seen of them: their properties of these names."""
        alike: dict[tuple[str, ...], str] = {}
        owners: dict[str, set[int]] = {}
        bodies = self._bodies.get(type_, {})
        for name, body in bodies.items():
            one = alike.setdefault(self._shown(name, body, seen), name)
            owners.setdefault(one, set()).update(self._owners[name])
        targets = _packed(type_, [(name, bodies[name]) for name in owners])
        yield from self._asked(engine, targets, slugs, owners)

    def _shown(self, name: str, body: Mapping[str, object], seen: Collection[str] | None) -> tuple[str, ...]:
        if name not in self._texts:
            properties = body.get("Properties")
            parts = {**properties} if isinstance(properties, dict) else {}
            rest = {**body, "Properties": None if isinstance(properties, dict) else properties}
            self._texts[name] = {key: as_key([key, each]) for key, each in sorted(parts.items())}, as_key(rest)
        texts, rest_text = self._texts[name]
        return rest_text, *(text for key, text in texts.items() if seen is None or key in seen)

    def ask_once(self, engine: Engine, slugs: Mapping[str, str]) -> Iterator[tuple[int, str]]:
        """The same for all types, in one scenario of each mutant."""
        targets = [
            target
            for type_, bodies in self._bodies.items()
            for target in _packed(type_, [(name, body) for name, body in bodies.items() if name in self._first])
        ]
        yield from self._asked(engine, targets, slugs, self._owners)

    def _asked(
        self, engine: Engine, targets: Sequence[Target], slugs: Mapping[str, str], owners: Mapping[str, set[int]]
    ) -> Iterator[tuple[int, str]]:
        for outcome in engine.judge(targets):
            for failure in outcome.failures:
                if failure.resource not in owners:
                    raise EngineError(f"{failure.rule} refuses something and does not say which resource it is")
                for index in owners[failure.resource]:
                    yield index, slugs.get(failure.rule, failure.rule)


def _packed(type_: str, bodies: list[tuple[str, Mapping[str, object]]]) -> list[Target]:
    return [
        Target(f"{type_} {start}", {"Resources": dict(bodies[start : start + SIDE_BY_SIDE])})
        for start in range(0, len(bodies), SIDE_BY_SIDE)
    ]


def _by_target(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        for target in rule.targets:
            found.setdefault(target, []).append(rule)
    return found
