"""What a mutation can change: which resources come out differently, and in which scenarios."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from harness.gate.check_loader import Check
from harness.mutants.mutation import Mutation
from harness.mutants.observed import Differences, Observation, differences, observe
from harness.render import parameters, pseudo
from harness.render.attributes import NAME_PROPERTIES
from harness.render.dependencies import Dependencies, conditions, references
from harness.render.dumping import as_key
from harness.render.errors import UnrenderableTemplate
from harness.render.rendering import Rendering
from harness.render.resources import Resource, Stack, items
from harness.render.scenarios import Scenario, Scenarios, Values


@dataclass(frozen=True)
class Changed:
    """What a mutation makes of one scenario: the rendered resources that differ; None for one that is gone.

    `given` are values that the scenario has not, and that only the mutation lets a deployer choose.
    """

    scenario: int
    resources: Mapping[str, Resource | None]
    given: Mapping[str, str] = field(default_factory=dict)


class Reach:
    """Answers for mutations of one template."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self.template = template
        self._scenarios = Scenarios(template)
        self.scenarios: list[Scenario] = self._scenarios.all
        self._renderings = [scenario.rendering.caching() for scenario in self.scenarios]
        self._stacks = [rendering.stack() for rendering in self._renderings]
        self._followers = cache(self._following)
        self._dependents = _dependents(template)
        #: By a check's source and the scenario: a check looks at each scenario once.
        self._observations: dict[tuple[str, int], Observation] = {}

    def changed(self, mutation: Mutation) -> list[Changed]:
        """Every scenario that comes out differently, equal differences once; empty if the mutation changes nothing.

        Differences are equal if nothing but the environment's name tells them apart. What only the source says, such as
        a description, changes no rendering: checks of the source judge it.
        """
        found: dict[str, Changed] = {}
        if mutation.place[0] == "Rules":
            return list(self._let_through(mutation))
        if mutation.place[0] == "Parameters":
            for each in self._newly_allowed(mutation):
                found.setdefault(self.nameless(each.resources, each.scenario), each)
            return list(found.values())
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
        if mutation.place[0] in ("Parameters", "Rules"):
            return self.changed(mutation)
        found = (Changed(index, dict(self._differing(mutation, index))) for index in range(len(self.scenarios)))
        return [changed for changed in found if changed.resources]

    def stack(self, changed: Changed) -> Stack:
        """The whole scenario with the mutation's differences in it."""
        resources = {**self._stacks[changed.scenario].resources}
        for name, resource in changed.resources.items():
            if resource is None:
                resources.pop(name, None)
            else:
                resources[name] = resource
        return Stack(resources, self.values(changed))

    def values(self, changed: Changed) -> Values:
        """The values of a scenario with those that the mutation lets a deployer choose."""
        return {**self.scenarios[changed.scenario].values, **changed.given}

    def differences(self, changed: Changed) -> Differences:
        """What is different in a scenario."""
        return differences(changed.resources, self._stacks[changed.scenario].resources, changed.given)

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
            yield from range(len(self.scenarios))
            return
        if mutation.resource in self.template["Resources"]:
            names |= self._scenarios.dependencies.of_resource(mutation.resource)
        if mutation.resource in mutation.template["Resources"]:
            names |= Dependencies(mutation.template).of_resource(mutation.resource)
        if self._shows_elsewhere(mutation):
            names.update(*map(self._scenarios.dependencies.of_resource, self._dependents.get(mutation.resource, ())))
        seen = set()
        for index in range(len(self.scenarios)):
            scenario = self.scenarios[index]
            values = tuple(scenario.values.get(name) for name in sorted(names))
            if values not in seen:
                seen.add(values)
                yield index

    def _let_through(self, mutation: Mutation) -> Iterator[Changed]:
        """The nearest to a scenario that the template refuses and the mutation lets through."""
        if mutation.place[-1] == "AssertDescription":
            return
        try:
            values = Scenarios(mutation.template).let_through(self._scenarios)
        except UnrenderableTemplate:
            # Nothing can be deployed any more.
            return
        if values is not None:
            index = min(range(len(self.scenarios)), key=lambda index: len(self._differing_values(values, index)))
            yield from self._with(mutation, index, self._differing_values(values, index))

    def _differing_values(self, values: Values, index: int) -> Values:
        usual = self.scenarios[index].values
        return {name: value for name, value in values.items() if usual.get(name) != value}

    def _newly_allowed(self, mutation: Mutation) -> Iterator[Changed]:
        """The environments with each value that a parameter takes only now, as far as it can be rendered."""
        name = mutation.resource
        before, after = (each["Parameters"].get(name) for each in (self.template, mutation.template))
        if before is None or after is None or before["Type"] != after["Type"]:
            return
        numbers = [before[bound] + step for bound in ("MinValue", "MaxValue") if bound in before for step in (-1, 1)]
        tried = [*parameters.extremes(after), *map(str, numbers)]
        with suppress(UnrenderableTemplate):
            tried += [] if numbers else [parameters.placeholder(name, after, unlike=parameters.extremes(before))]
        values = [each for each in tried if parameters.allows(after, each) and not parameters.allows(before, each)]
        for base in self._scenarios.bases:
            index = next(index for index in range(len(self.scenarios)) if self.scenarios[index].values == base)
            for value in dict.fromkeys(values):
                if self._scenarios.allowed(base | {name: value}):
                    yield from self._with(mutation, index, {name: value})

    def _with(self, mutation: Mutation, index: int, given: Values) -> Iterator[Changed]:
        """A scenario with these values instead of its own, if it can be rendered."""
        rendering, before = Rendering(mutation.template, self.scenarios[index].values | given), self._stacks[index]
        of_resource = self._scenarios.dependencies.of_resource
        # A Region, an account or a partition is in every ARN, which refers to none of them.
        everywhere = not given.keys().isdisjoint(pseudo.FORMS)
        names = [each for each in self.template["Resources"] if everywhere or given.keys() & of_resource(each)]
        with suppress(UnrenderableTemplate):
            after = {each: _rendered(rendering, mutation.template, each) for each in names}
            yield Changed(
                index, {each: body for each, body in after.items() if body != before.resources.get(each)}, given
            )

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
