"""The renderings to judge: few, and yet everything that the template can create is in one of them.

A template with sixteen conditions has tens of thousands of combinations, but a resource depends on few of them. So:

- every *variant*, which is one resource in one of the forms it can take, over every reachable combination of the
  conditions' parameters that it depends on, is in at least one rendering;
- so is every value of each parameter that conditions, `Rules` or its own bounds name;
- so is every pair of values of the parameters that conditions depend on.

A rule that judges each resource by itself, which Guard's do, has then judged every combination. Checks that compare
resources are run over every combination of what they compare (`combinations`).
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.render import parameters
from harness.render.dependencies import Dependencies, references
from harness.render.dumping import as_key
from harness.render.errors import UnrenderableTemplate
from harness.render.rendering import Rendering

Values = dict[str, str]
#: Parameters of these names are environments: each of their values has a scenario of its own.
ENVIRONMENT_NAMES = ("Environment", "EnvironmentName", "Env", "Stage")
#: Beyond this many combinations of one resource's parameters, every pair of their values stands for all of them.
MAXIMUM_COMBINATIONS = 4096
_COMPARISONS = ("Fn::Equals", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn")


@dataclass(frozen=True)
class Scenario:
    """A set of parameter values that is rendered whole, with a name that says how it differs from the default."""

    name: str
    values: Values
    rendering: Rendering


class Scenarios:
    """The scenarios of one template. Raises UnrenderableTemplate if not even the default can be rendered."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self.template = template
        self.dependencies = Dependencies(template)
        self._parameters: Mapping[str, Any] = template.get("Parameters", {})
        self._literals = _literals(template)
        self._variants: dict[tuple[str, tuple[str | None, ...]], str] = {}
        self._repairs: dict[Any, tuple[str, ...] | None] = {}
        self._defaults = {name: parameters.default(name, each) for name, each in self._parameters.items()}

    @cached_property
    def environment(self) -> str:
        """The parameter that says which environment it is; empty where there is none."""
        return next((name for name in ENVIRONMENT_NAMES if "AllowedValues" in self._parameters.get(name, {})), "")

    @cached_property
    def variables(self) -> dict[str, list[str]]:
        """The parameters that conditions depend on, and the environment, with the values to tell apart."""
        conditions = self.dependencies.of(self.template.get("Conditions", {}))
        names = conditions | ({self.environment} if self.environment else set())
        return {name: self._domain(name) for name in self._parameters if name in names}

    @cached_property
    def bounds(self) -> dict[str, list[str]]:
        """Each parameter with its allowed values, or the least and the greatest."""
        found = {name: parameters.extremes(each) for name, each in self._parameters.items()}
        return {name: values for name, values in found.items() if values}

    @cached_property
    def bases(self) -> list[Values]:
        """For each environment the values nearest to the defaults that the template's rules let through."""
        environments = self._parameters[self.environment]["AllowedValues"] if self.environment else [""]
        # The default's environment first.
        default = self._defaults.get(self.environment, "")
        ordered = sorted(map(parameters.text, environments), key=lambda value: value != default)
        bases = [base for environment in ordered if (base := self._base(environment)) is not None]
        if not bases:
            raise UnrenderableTemplate("Rules: no values can be found that they let through")
        return bases

    def rendering(self, values: Values) -> Rendering:
        """The rendering of a full set of values."""
        return Rendering(self.template, values)

    def completed(self, partial: Mapping[str, str]) -> Values | None:
        """A full set of values that agrees with `partial`; None if the template's rules refuse each of them."""
        for base in self.bases:
            if self.environment not in partial or base[self.environment] == partial[self.environment]:
                fixed = {name: base[name] for name in base if name == self.environment} | dict(partial)
                if (values := self._repaired(base | fixed, fixed)) is not None:
                    return values
        return None

    def allowed(self, values: Values) -> bool:
        """Whether the template's rules let these values through."""
        return self._passes(self.template.get("Rules", {}).values(), values)

    def let_through(self, stricter: Scenarios) -> Values | None:
        """Values with two parameters that these rules let through together, and those of `stricter` refuse."""
        for names, _ in stricter._groups:
            domains = stricter._domains(names)
            for (left, left_values), (right, right_values) in itertools.combinations(domains.items(), 2):
                for one, other in itertools.product(left_values, right_values):
                    partial = {left: one, right: other}
                    if stricter.completed(partial) is None and (values := self.completed(partial)) is not None:
                        return values
        return None

    def combinations(self, logical_ids: Iterable[str]) -> Iterator[Values]:
        """Every reachable combination of what these resources depend on, completed."""
        names: set[str] = set().union(*(self.dependencies.of_resource(each) for each in logical_ids))
        domains = {name: values for name, values in self.variables.items() if name in names}
        for partial in _assignments(domains):
            values = self.completed(partial)
            if values is not None:
                yield values

    @cached_property
    def all(self) -> list[Scenario]:
        """The scenarios that are rendered whole: the default, each environment, and what covers the rest."""
        chosen = list(self.bases)
        wanted = list(self._wanted())
        covered: set[Any] = set()
        for values in chosen:
            covered |= self._covers(values)
        pending = [(key, partial) for key, partial in wanted if key not in covered]
        while pending:
            values = self._merged([partial for _, partial in pending])
            covered = self._covers(values)
            left = [(key, partial) for key, partial in pending if key not in covered]
            if len(left) == len(pending):
                # The others' values have changed the form of each variant. Alone the first is as it was when wanted.
                values = self._merged([pending[0][1]])
                left = pending[1:]
            chosen.append(values)
            pending = left
        return list(self._named(_unique(chosen)))

    def _wanted(self) -> Iterator[tuple[Any, Mapping[str, str]]]:
        """What has to be in some scenario, with the values it takes: variants, bounds, and pairs."""
        for logical_id in self.template["Resources"]:
            seen = set()
            names = self.dependencies.of_resource(logical_id)
            domains = {name: values for name, values in self.variables.items() if name in names}
            for partial in _assignments(domains):
                values = self.completed(partial)
                if values is None:
                    continue
                variant = self.variant(logical_id, self.rendering(values))
                if variant not in seen:
                    seen.add(variant)
                    yield (logical_id, variant), {name: values[name] for name in domains}
        for name, extremes in self.bounds.items():
            for value in extremes:
                if self.completed({name: value}) is not None:
                    yield (name, value), {name: value}
        for (left, left_values), (right, right_values) in itertools.combinations(self.variables.items(), 2):
            for one, other in itertools.product(left_values, right_values):
                if self.completed({left: one, right: other}) is not None:
                    yield (left, one, right, other), {left: one, right: other}

    def _covers(self, values: Values) -> set[Any]:
        rendering = self.rendering(values)
        variants = {(each, self.variant(each, rendering)) for each in self.template["Resources"]}
        pairs = {
            (left, values[left], right, values[right]) for left, right in itertools.combinations(self.variables, 2)
        }
        return variants | pairs | set(values.items())

    def variant(self, logical_id: str, rendering: Rendering) -> str:
        """A resource's form in a rendering as text; empty if it is not there."""
        # Two renderings differ in it only by the parameters that it depends on.
        names = sorted(self.dependencies.of_resource(logical_id))
        key = logical_id, tuple(rendering.values.get(name) for name in names)
        if key not in self._variants:
            self._variants[key] = as_key(rendering.resource(logical_id)) if rendering.exists(logical_id) else ""
        return self._variants[key]

    def _merged(self, partials: list[Mapping[str, str]]) -> Values:
        merged = dict(partials[0])
        for partial in partials[1:]:
            if all(merged.get(name, value) == value for name, value in partial.items()):
                candidate = merged | dict(partial)
                if self.completed(candidate) is not None:
                    merged = candidate
        values = self.completed(merged)
        assert values is not None  # the first partial is reachable, and only what stays reachable was added
        return values

    def _base(self, environment: str) -> Values | None:
        chosen = {self.environment: environment} if self.environment else {}
        return self._repaired(self._defaults | chosen, chosen)

    @cached_property
    def _groups(self) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
        """The rules' parameters in groups that no rule connects, each with all values that are let through."""
        groups: list[tuple[frozenset[str], list[Any]]] = []
        for rule in self.template.get("Rules", {}).values():
            names, rules = self.dependencies.of(rule), [rule]
            for group in [each for each in groups if each[0] & names]:
                groups.remove(group)
                names, rules = names | group[0], rules + group[1]
            groups.append((names, rules))
        found = []
        for names, rules in groups:
            domains = self._domains(sorted(names))
            let_through = [each for each in _assignments(domains) if self._passes(rules, self._defaults | each)]
            found.append((tuple(domains), [tuple(each.values()) for each in let_through]))
        return found

    def _domains(self, names: Iterable[str]) -> dict[str, list[str]]:
        return {name: _distinct([*self._domain(name), *self.bounds.get(name, [])]) for name in names}

    def _passes(self, rules: Iterable[Mapping[str, Any]], values: Values) -> bool:
        rendering = self.rendering(values)
        return all(
            rendering.holds(assertion["Assert"])
            for rule in rules
            if "RuleCondition" not in rule or rendering.holds(rule["RuleCondition"])
            for assertion in rule["Assertions"]
        )

    def _repaired(self, values: Values, fixed: Mapping[str, str]) -> Values | None:
        """The values, with as few as possible changed that are not `fixed`, so that the rules let them through."""
        for names, let_through in self._groups:
            key = (names, tuple(values[name] for name in names), tuple(name in fixed for name in names))
            if key not in self._repairs:
                kept = [index for index, name in enumerate(names) if name in fixed]
                candidates = (each for each in let_through if all(each[index] == key[1][index] for index in kept))
                self._repairs[key] = min(candidates, key=lambda each: sum(map(operator.ne, each, key[1])), default=None)
            chosen = self._repairs[key]
            if chosen is None:
                return None
            values = values | dict(zip(names, chosen, strict=True))
        return values

    def _domain(self, name: str) -> list[str]:
        parameter = self._parameters[name]
        # None where they are about the name of an SSM parameter, and its value is what conditions compare.
        if "AllowedValues" in parameter and (allowed := parameters.extremes(parameter)):
            return _distinct([self._defaults[name], *allowed])
        literals = [each for each in self._literals.get(name, []) if parameters.allows(parameter, each)]
        values = _distinct([self._defaults[name], *literals])
        if set(values) - set(literals):
            return values
        try:
            # One value that is none of those compared with: the other side of a `Not [Equals]`.
            return [*values, parameters.placeholder(name, parameter, unlike=values)]
        except UnrenderableTemplate:
            return values

    def _named(self, chosen: Iterable[Values]) -> Iterator[Scenario]:
        """Each with the environment, the conditions that differ from its base's, and a number if that is not enough."""
        used: dict[str, int] = {}
        bases = {base.get(self.environment, ""): base for base in self.bases}
        for values in chosen:
            environment = values.get(self.environment, "")
            rendering, base = self.rendering(values), bases[environment]
            usual = self.rendering(base).conditions
            changed = [
                f"{'+' if holds else '-'}{name}" for name, holds in rendering.conditions.items() if usual[name] != holds
            ]
            bounds = any(base[name] != value and name not in self.variables for name, value in values.items())
            name = " ".join([environment or "default", *changed, *(["at bounds"] if bounds else [])])
            used[name] = used.get(name, 0) + 1
            yield Scenario(name if used[name] == 1 else f"{name} {used[name]}", values, rendering)


def _assignments(domains: Mapping[str, list[str]]) -> Iterator[Values]:
    """Every combination of the values; where there are too many, every pair of values beside the others' first."""
    total = 1
    for values in domains.values():
        total *= len(values)
    if total <= MAXIMUM_COMBINATIONS:
        for chosen in itertools.product(*domains.values()):
            yield dict(zip(domains, chosen, strict=True))
        return
    first = {name: values[0] for name, values in domains.items()}
    for (left, left_values), (right, right_values) in itertools.combinations(domains.items(), 2):
        for one, other in itertools.product(left_values, right_values):
            yield first | {left: one, right: other}


def _literals(template: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each parameter the values that conditions and rules compare it with, or what is made of it."""
    found: dict[str, list[str]] = {}
    declared = template.get("Parameters", {})

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for each in value:
                yield from texts(each)
        elif isinstance(value, dict):
            # Two parameters that are compared with each other are equal where both have the same default.
            other = declared.get(value["Ref"], {}) if isinstance(value.get("Ref"), str) else {}
            yield from map(parameters.text, [other["Default"]] if "Default" in other else [])
        else:
            yield parameters.text(value)

    def look(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                look(each)
        elif isinstance(value, dict):
            for key, argument in value.items():
                if key in _COMPARISONS and isinstance(argument, list) and len(argument) == 2:
                    for one, other in (argument, argument[::-1]):
                        for reference in references(one):
                            found.setdefault(reference[0], []).extend(texts(other))
                        if other == "":
                            for name, value in _with_entries(one, declared):
                                found.setdefault(name, []).append(value)
                look(argument)

    look([template.get("Conditions", {}), template.get("Rules", {})])
    return found


def _with_entries(expression: Any, declared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """For an entry of a parameter's text, which a condition asks whether it is there: the text with as many entries."""
    index, split = _arguments(expression, "Fn::Select")
    separator, text = _arguments(split, "Fn::Split")
    if not str(index).isdecimal() or not isinstance(separator, str) or not separator:
        return
    for name, *_ in references(text):
        if name in declared:
            value = parameters.entries(name, declared[name], separator, int(str(index)) + 1)
            if value is not None:
                yield name, value


def _arguments(expression: Any, function: str) -> tuple[Any, Any]:
    arguments = expression.get(function) if isinstance(expression, dict) else None
    return (arguments[0], arguments[1]) if isinstance(arguments, list) and len(arguments) == 2 else (None, None)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _unique(chosen: Iterable[Values]) -> list[Values]:
    return list({tuple(sorted(values.items())): values for values in chosen}.values())
