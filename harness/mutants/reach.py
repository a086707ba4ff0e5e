"""What a mutation can change: which resources come out differently, and in which scenarios."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness.gate.check_loader import Check
from harness.mutants.mutation import Mutation
from harness.mutants.observed import Differences, Observation, differences, observe
from harness.render.attributes import NAME_PROPERTIES
from harness.render.dependencies import Dependencies, conditions, references
from harness.render.dumping import as_key
from harness.render.rendering import Rendering
from harness.render.resources import Resource, Stack, items
from harness.render.scenarios import Scenario, Scenarios, Values


@dataclass(frozen=True)
class Changed:
    """What a mutation makes of one scenario: the rendered resources that differ; None for one that is gone."""

    scenario: int
    resources: Mapping[str, Resource | None]


class Reach:
    """Answers for mutations of one template."""

    def __init__(self, template: Mapping[str, Any], let_through: Sequence[tuple[Mutation, Values]] = ()) -> None:
        """`let_through` are those of an earlier Reach, whose answers are to be asked about."""
        self.template = template
        self._scenarios = Scenarios(template)
        self.scenarios: list[Scenario] = self._scenarios.all
        #: The scenarios that the template lets through; behind them stand those that only a mutation does.
        self._reachable = range(len(self.scenarios))
        self._renderings = [scenario.rendering.caching() for scenario in self.scenarios]
        self._stacks = [rendering.stack() for rendering in self._renderings]
        self._followers = cache(self._following)
        self._dependents = _dependents(template)
        #: Mutations of the template's Rules, each with values that they let through, which are a scenario more.
        self.let_through: list[tuple[Mutation, Values]] = []
        for mutation, values in let_through:
            self._append(mutation, values)
        #: By a check's source and the scenario: a check looks at each scenario once.
        self._observations: dict[tuple[str, int], Observation] = {}

    def changed(self, mutation: Mutation) -> list[Changed]:
        """Every scenario that comes out differently, equal differences once; empty if the mutation changes nothing.

        Differences are equal if nothing but the environment's name tells them apart. What only the source says, such as
        a parameter's pattern, changes no rendering: checks of the source judge it.
        """
        found: dict[str, Changed] = {}
        if mutation.place[0] == "Rules":
            return list(self._let_through(mutation))
        if mutation.place[0] not in ("Conditions", "Resources"):
            return []
        for index in self._worth_a_look(mutation):
            differing = dict(self._differing(mutation, index))
            if differing:
                found.setdefault(self.nameless(differing, index), Changed(index, differing))
        return list(found.values())

    def nameless(self, resources: Mapping[str, Resource | None], index: int) -> str:
        """Resources of a scenario as text, without the environment's name."""
        text = as_key({name: each and each.body for name, each in resources.items()})
        environment = self.scenarios[index].values.get(self._scenarios.environment)
        return text.replace(environment, "<environment>") if environment else text

    def everywhere(self, mutation: Mutation) -> list[Changed]:
        """Every scenario with what is different in it, equal differences as often as they occur."""
        if mutation.place[0] == "Rules":
            return self.changed(mutation)
        found = (Changed(index, dict(self._differing(mutation, index))) for index in self._reachable)
        return [changed for changed in found if changed.resources]

    def stack(self, changed: Changed) -> Stack:
        """The whole scenario with the mutation's differences in it."""
        resources = {**self._stacks[changed.scenario].resources}
        for name, resource in changed.resources.items():
            if resource is None:
                resources.pop(name, None)
            else:
                resources[name] = resource
        return Stack(resources, self.scenarios[changed.scenario].values)

    def differences(self, changed: Changed) -> Differences | None:
        """What is different in a scenario; None where there is none without the mutation to compare with."""
        if changed.scenario not in self._reachable:
            return None
        return differences(changed.resources, self._stacks[changed.scenario].resources)

    def observation(self, check: Check, scenario: int) -> Observation:
        """What a check reads of a scenario as it is without a mutation."""
        key = (check.source, scenario)
        if key not in self._observations:
            self._observations[key] = observe(check, self._stacks[scenario])
        return self._observations[key]

    def _worth_a_look(self, mutation: Mutation) -> Iterator[int]:
        """Scenarios that differ in what the mutated resource depends on, as it was or is; the others are equal."""
        names: set[str] = set()
        if mutation.place[0] == "Conditions":
            yield from self._reachable
            return
        if mutation.resource in self.template["Resources"]:
            names |= self._scenarios.dependencies.of_resource(mutation.resource)
        if mutation.resource in mutation.template["Resources"]:
            names |= Dependencies(mutation.template).of_resource(mutation.resource)
        if self._shows_elsewhere(mutation):
            names.update(*map(self._scenarios.dependencies.of_resource, self._dependents.get(mutation.resource, ())))
        seen = set()
        for index in self._reachable:
            scenario = self.scenarios[index]
            values = tuple(scenario.values.get(name) for name in sorted(names))
            if values not in seen:
                seen.add(values)
                yield index

    def _let_through(self, mutation: Mutation) -> Iterator[Changed]:
        """The scenario nearest to the usual ones that the template refuses and the mutation lets through, whole."""
        values = Scenarios(mutation.template).let_through(self._scenarios)
        if values is not None:
            self._append(mutation, values)
            yield Changed(len(self.scenarios) - 1, self._stacks[-1].resources)

    def _append(self, mutation: Mutation, values: Values) -> None:
        rendering = Rendering(mutation.template, values)
        self.let_through.append((mutation, values))
        self.scenarios.append(Scenario(mutation.name, values, rendering))
        self._renderings.append(rendering)
        self._stacks.append(rendering.stack())

    def _shows_elsewhere(self, mutation: Mutation) -> bool:
        """Whether others that refer to the mutated resource may come out differently too: by its name, or a value."""
        body = self.template["Resources"].get(mutation.resource, {})
        shown = NAME_PROPERTIES.get(body.get("Type"), ())[:1]
        if body.get("Type") == "AWS::SSM::Parameter":
            shown = (*shown, "Value")
        return len(mutation.place) <= len(("Resources", mutation.resource, "Properties")) or mutation.place[3] in shown

    def _differing(self, mutation: Mutation, index: int) -> Iterator[tuple[str, Resource | None]]:
        before = self._stacks[index].resources
        rendering = self._renderings[index].changed(mutation.template, mutation.resource)
        mutated = {mutation.resource}
        if mutation.place[0] == "Conditions":
            rendering = Rendering(mutation.template, self.scenarios[index].values)
            if rendering.conditions == self._renderings[index].conditions:
                return
            mutated = self._followers(mutation.resource)
        found: dict[str, Resource | None] = {}
        for name in sorted(mutated):
            after = _rendered(rendering, mutation.template, name)
            if after != before.get(name):
                found[name] = after
            # Others differ only where they use a name, an ARN or a value of the mutated one, or wait for it.
            changes_others = _face(before.get(name)) != _face(after)
            for other in sorted(self._dependents.get(name, set()) - mutated) if changes_others else ():
                if (now := _rendered(rendering, mutation.template, other)) != before.get(other):
                    found[other] = now
        yield from found.items()

    def _following(self, condition: str) -> set[str]:
        """The resources that a condition decides something in, by itself or through other conditions."""
        deciding = {condition}
        stated = self.template.get("Conditions", {})
        while more := {name for name, each in stated.items() if deciding & set(conditions(each))} - deciding:
            deciding |= more
        return {name for name, body in self.template["Resources"].items() if deciding & set(conditions(body))}


def _rendered(rendering: Rendering, template: Mapping[str, Any], name: str) -> Resource | None:
    if name not in template["Resources"] or not rendering.exists(name):
        return None
    return rendering.stack(name).resources.get(name)


def _face(resource: Resource | None) -> tuple[Any, ...]:
    if resource is None:
        return ()
    value = resource.properties.get("Value") if resource.type == "AWS::SSM::Parameter" else None
    return resource.ref, resource.arn, value


def _dependents(template: Mapping[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, body in template["Resources"].items():
        waited = body.get("DependsOn", [])
        for other in {reference[0] for reference in references(body)} | set(items(waited)):
            if other in template["Resources"] and other != name:
                found.setdefault(other, set()).add(name)
    return found
