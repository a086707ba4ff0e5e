"""The renderings to judge: few, and yet everything that the template can create is in one of them.

A template with sixteen conditions has tens of thousands of combinations, but a resource depends on few of them. So:

- every *variant*, which is one resource in one of the forms it can take, over every reachable combination of the
  conditions' parameters that it depends on, is in at least one rendering;
- so is every value of each parameter that conditions, `Rules`, maps or its own bounds name;
- so is every pair of values of the parameters that conditions depend on, and of those that one of the `Rules` names;
- so is each branch of an `If`, each entry of a map that a resource may get, and either value of each condition.

Pseudo parameters are parameters here, where conditions or maps ask for them. What no scenario reaches is `unreached`.

A rule that judges each resource by itself, which Guard's do, has then judged every combination. Checks that compare
resources are run over every combination of what they compare (`combinations`).
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from harness.render import parameters, pseudo, reached, unknown
from harness.render.attributes import Account
from harness.render.dependencies import Dependencies, conditions
from harness.render.dumping import as_key
from harness.render.errors import UnrenderableTemplate
from harness.render.reached import Part
from harness.render.rendering import Rendering
from harness.render.resources import Resource, Stack
from harness.render.solving import Solver, lookups, selections
from harness.render.source import Place

Values = dict[str, str]
#: Beyond this many combinations of one resource's parameters, every pair of their values stands for all of them.
MAXIMUM_COMBINATIONS = 4096
#: With at most this many combinations, bounds included, checks that compare resources judge them all.
FEW = 256
#: What groups of the last rules asked for let through; so many are kept.
_LET_THROUGH: dict[str, dict[tuple[str, ...], None]] = {}
KEPT = 16


@dataclass(frozen=True)
class Scenario:
    """A set of parameter values that is rendered whole, with a name that says how it differs from the default."""

    name: str
    values: Values
    rendering: Rendering


@dataclass(frozen=True)
class Unreached:
    """A part of the source that no scenario reached: where it is, whose it is, what of it is not so, and why."""

    place: Place
    owner: str
    said: str
    because: str


class Scenarios:
    """The scenarios of one template. Raises UnrenderableTemplate if not even the default can be rendered."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, str] | None = None) -> None:
        """`given` are values, of pseudo parameters too, that somebody says are the only ones."""
        self.template = template
        self.dependencies = Dependencies(template)
        self._parameters: Mapping[str, Any] = template.get("Parameters", {})
        self._given = given or {}
        self._variants: dict[tuple[str, tuple[str | None, ...]], tuple[str, frozenset[Any]]] = {}
        self._created: dict[tuple[str, ...], Resource | None] = {}
        self._repairs: dict[Any, tuple[str, ...] | None] = {}
        self._deployable: dict[tuple[str, ...], bool] = {}
        self._unrenderable: dict[tuple[str, tuple[str | None, ...]], UnrenderableTemplate] = {}
        self._refused: UnrenderableTemplate | None = None
        self._shaping = cache(self._shape)
        self._domain = cache(self._values)
        account = Account()
        usual = {name: pseudo.usual(name, account) for name in pseudo.FORMS}
        defaults = {
            name: self._given.get(name) or parameters.default(name, each) for name, each in self._parameters.items()
        }
        #: What others say, and texts that may be anything: what feeds a property is of the property's kind.
        self.unknown = unknown.find(template)
        of_others = {name: each.values[0] for name, each in self.unknown.items() if each.values}
        of_others = {
            name: value for name, value in of_others.items() if name not in self._given and self._fits(name, value)
        }
        defaults |= of_others
        self._solver = Solver(template, defaults | usual)
        #: The values that comparisons name, each with the values of others that it is compared together with.
        self._compared = self._solver.compared(self._deciding)
        #: The values that select entries of maps.
        self._keys = self._solver.keys(self._deciding, template["Resources"])
        for name, keys in self._solver.keys(template.get("Outputs", {})).items():
            # What outputs show is not judged: they need a value that can be rendered.
            if (defaults | usual)[name] not in keys:
                self._keys.setdefault(name, keys[:1])
        asked = self.dependencies.of(self._deciding) | self._keys.keys() | self._given.keys()
        # What no property says the kind of.
        defaults |= {name: unknown.text_of(name) for name in self.unknown if name not in defaults}
        self._defaults = defaults | {name: self._given.get(name, usual[name]) for name in usual if name in asked}

    def _fits(self, name: str, value: str) -> bool:
        return name not in self._parameters or parameters.allows(self._parameters[name], value)

    @cached_property
    def _deciding(self) -> list[Any]:
        return [self.template.get("Conditions", {}), self.template.get("Rules", {})]

    @cached_property
    def environment(self) -> str:
        """The parameter that says which environment it is, each of which has a scenario; empty if there is none."""
        return parameters.environment(self._parameters)

    @cached_property
    def variables(self) -> dict[str, list[str]]:
        """The parameters that conditions depend on, and the environment, with the values to tell apart."""
        conditions = self.dependencies.of(self.template.get("Conditions", {}))
        names = conditions | ({self.environment} if self.environment else set())
        return {name: self._domain(name) for name in self._defaults if name in names}

    @cached_property
    def bounds(self) -> dict[str, list[str]]:
        """Each parameter with its allowed values, or the least and the greatest, and the keys of maps it selects."""
        found: dict[str, list[str]] = {}
        for name in self._defaults:
            limits = parameters.extremes(self._parameters[name]) if name in self._parameters else []
            if name in self.unknown:
                limits = [each for each in self.unknown[name].values if self._fits(name, each)]
            keys = self._domain(name) if name in self._keys and name not in self.variables else []
            found[name] = [self._given[name]] if name in self._given else _distinct([*limits, *keys])
        return {name: values for name, values in found.items() if values}

    @cached_property
    def bases(self) -> list[Values]:
        """For each environment the values nearest to the defaults that the template's rules let through."""
        environments = self._domain(self.environment) if self.environment else [""]
        # The default's environment first.
        default = self._defaults.get(self.environment, "")
        ordered = sorted(environments, key=lambda value: value != default)
        bases = [base for environment in ordered if (base := self._base(environment)) is not None]
        if not bases:
            raise self._refused or UnrenderableTemplate("Rules: no values can be found that they let through")
        return bases

    def rendering(self, values: Values) -> Rendering:
        """The rendering of a full set of values."""
        return Rendering(self.template, values)

    def completed(self, partial: Mapping[str, str]) -> Values | None:
        """A full set of values that agrees with `partial`; None if the template's rules refuse each of them."""
        if any(self._given.get(name, value) != value for name, value in partial.items()):
            return None
        for base in self.bases:
            if self.environment not in partial or base[self.environment] == partial[self.environment]:
                fixed = {name: base[name] for name in base if name == self.environment} | dict(partial)
                if (values := self._nearest(base | fixed, fixed)) is not None:
                    return values
        return None

    def allowed(self, values: Values) -> bool:
        """Whether the template's rules let these values through."""
        return self._passes(self.template.get("Rules", {}).values(), values)

    @property
    def refused(self) -> dict[str, list[str]]:
        """The values of each parameter that the template's rules refuse, whatever the others are."""
        nothing = not all(let_through for _, let_through in self._groups)
        found: dict[str, list[str]] = {}
        for names, let_through in self._groups:
            for place, (name, domain) in enumerate(self._domains(names).items()):
                had = set() if nothing else {each[place] for each in let_through}
                if name in self._parameters:
                    found[name] = [each for each in domain if each not in had and self._fits(name, each)]
        return found

    def let_through(self, stricter: Scenarios) -> Values | None:
        """Values that these rules let through and those of `stricter` refuse, as near to its usual ones as can be."""
        for names, theirs in stricter._groups:
            mine = self._domains(names)
            both = {name: _distinct([*each, *mine[name]]) for name, each in stricter._domains(names).items()}
            known = [
                (indexes, {tuple(each[place] for place in places) for each in let_through})
                for others, let_through in self._groups
                if (places := [place for place, name in enumerate(others) if name in both])
                and (indexes := [names.index(others[place]) for place in places])
            ]
            bases = {tuple(base[name] for name in names): base for base in stricter.bases}
            refused = [
                each
                for partial in _assignments(both)
                if (each := tuple(partial.values())) not in theirs
                and all(tuple(each[index] for index in indexes) in those for indexes, those in known)
            ]
            for chosen in sorted(refused, key=lambda each: min(_distance(each, base) for base in bases)):
                fixed = dict(zip(names, chosen, strict=True))
                base = bases[min(bases, key=lambda each: _distance(each, chosen))]
                values = self._nearest(self._defaults | base | fixed, fixed)
                if values is not None and not stricter.allowed(values):
                    return values
        return None

    def combinations(self, logical_ids: Iterable[str]) -> Iterator[Values]:
        """Every reachable combination of what conditions of these resources depend on, completed.

        With bounds and keys of maps, which rules compare, if there are few; else with each of these in each
        environment, since rules hold one environment to what the others need not have.
        """
        names: set[str] = set().union(*map(self._shaping, logical_ids), [self.environment])
        domains = {name: values for name, values in self.variables.items() if name in names}
        limits = {name: values for name, values in self.bounds.items() if name in names and name not in self.variables}
        both = domains | limits
        few = math.prod(map(len, both.values())) <= FEW
        for partial in _assignments(both) if few else itertools.chain(_assignments(domains), self._at_bounds(limits)):
            values = self.completed(partial)
            if values is not None:
                yield values

    def _at_bounds(self, limits: Mapping[str, list[str]]) -> Iterator[Mapping[str, str]]:
        """Each of these values in each environment: several at a time where the rules let them through together."""
        for environment in self.bases if self.environment else []:
            chosen = {self.environment: environment[self.environment]}
            for row in itertools.zip_longest(*limits.values()):
                values = {name: value for name, value in zip(limits, row, strict=True) if value is not None}
                together = self.completed(chosen | values) is not None
                yield from [chosen | values] if together else [chosen | {each: values[each]} for each in values]

    @cached_property
    def all(self) -> list[Scenario]:
        """The scenarios that are rendered whole: the default, each environment, and what covers the rest."""
        try:
            return self._all()
        except UnrenderableTemplate:
            if self._may_miss:
                raise
        # Some values cannot be deployed, for an entry that a list does not have. From here on each is tried out.
        self.__dict__.pop("bases", None)
        self._may_miss = True
        return self._all()

    def _all(self) -> list[Scenario]:
        chosen = list(self.bases)
        self._cover(list(self._wanted()), chosen)
        # Few parts are left: what a resource can be is in the variants, but for what looks the same.
        found = self._found(chosen)
        left = [(part.key, self._reaching(part)) for part in self._parts if part.key not in found]
        self._cover([(key, partial) for key, partial in left if partial is not None], chosen)
        return list(self._named(_unique(chosen)))

    def _cover(self, wanted: list[tuple[Any, Mapping[str, str]]], chosen: list[Values]) -> None:
        """Add to the chosen values so that all that is wanted, if it can be had, is in one of them."""
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

    def _found(self, chosen: Iterable[Values]) -> set[Any]:
        return set().union(*(self._reached(self.rendering(values)) for values in chosen))

    def _wanted(self) -> Iterator[tuple[Any, Mapping[str, str]]]:
        """What has to be in some scenario, with the values it takes: variants, bounds, and pairs."""
        for part in self._parts:
            if part.selected_by and (reaching := self._reaching(part)) is not None:
                yield part.key, reaching
        for logical_id in self.template["Resources"]:
            seen = set()
            names = self._shaping(logical_id)
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
        for pair in self._pairs:
            if self.completed(partial := dict((pair[:2], pair[2:]))) is not None:
                yield pair, partial

    @cached_property
    def _pairs(self) -> list[tuple[str, str, str, str]]:
        """Two parameters with a value each: of conditions all, of each of the Rules the values that it names."""
        several = [self.variables]
        for rule in self.template.get("Rules", {}).values():
            named: dict[str, list[str]] = {}
            for values in self._solver.compared(rule):
                for name, value in values.items():
                    named.setdefault(name, []).append(value)
            several.append({name: _distinct(named[name]) for name in self._defaults if name in named})
        return [
            (left, one, right, other)
            for domains in several
            for (left, ones), (right, others) in itertools.combinations(domains.items(), 2)
            for one, other in itertools.product(ones, others)
        ]

    def _covers(self, values: Values) -> set[Any]:
        rendering = self.rendering(values)
        variants = {(each, self.variant(each, rendering)) for each in self.template["Resources"]}
        pairs = {each for each in self._pairs if values[each[0]] == each[1] and values[each[2]] == each[3]}
        return variants | pairs | set(values.items()) | self._reached(rendering)

    @cached_property
    def _parts(self) -> list[Part]:
        return list(reached.parts(self.template, self._solver.choices, self.bounds))

    @cached_property
    def unreached(self) -> list[Unreached]:
        """The parts of the source that no scenario reaches, but for those that what is given excludes."""
        found = self._found(each.values for each in self.all)
        return [
            Unreached(part.place, part.owner[1], part.said, self._because(part))
            for part in self._parts
            if part.is_reported
            and part.key not in found
            and not self.dependencies.of(part.decided_by) & self._given.keys()
        ]

    def _because(self, part: Part) -> str:
        names = sorted(self.dependencies.of(part.decided_by))
        if not names:
            return "Nothing that the gate can vary decides it"
        if all("AllowedValues" in self._parameters.get(name, {}) for name in names):
            return f"No value that the template allows for {', '.join(names)} changes that"
        return f"No value of {', '.join(names)} was found that changes that"

    def _names_of(self, part: Part) -> frozenset[str]:
        section, name = part.owner
        if section == "Resources":
            return self.dependencies.of_resource(name)
        return self.dependencies.of({"Condition": name} if section == "Conditions" else self.template[section][name])

    def _reached(self, rendering: Rendering) -> set[Any]:
        """The keys of all parts that a rendering reaches."""
        found: set[Any] = {("condition", *each) for each in rendering.conditions.items()} | rendering.taken()
        for name in self.template["Resources"]:
            found |= self._taken(name, rendering)
        for part in self._parts:
            if part.key[0] in ("exists", "rule") and self._reaches(rendering, part):
                found.add(part.key)
        return found

    def _taken(self, logical_id: str, rendering: Rendering) -> frozenset[Any]:
        self.variant(logical_id, rendering)
        return self._variants[self._of_variant(logical_id, rendering)][1]

    def _reaches(self, rendering: Rendering, part: Part) -> bool:
        kind, (section, name) = part.key[0], part.owner
        if kind == "condition":
            return bool(rendering.conditions[name] == part.key[2])
        if kind == "rule":
            rule = self.template["Rules"][name]
            return "RuleCondition" not in rule or rendering.holds(rule["RuleCondition"])
        if kind == "exists":
            return rendering.conditions.get(self.template[section][name]["Condition"], True)
        taken = self._taken(name, rendering) if section == "Resources" else rendering.taken()
        return part.key in taken

    def _reaching(self, part: Part) -> Mapping[str, str] | None:
        """Values with which a scenario reaches a part; None if none are found."""
        names = self._names_of(part)
        domains = {name: values for name, values in self.variables.items() if name in names}
        keys = list(itertools.islice(self._solver.meeting(part.selected_by), 16)) if part.selected_by else [{}]
        tried = itertools.chain(
            self._compared if part.owner[0] in ("Conditions", "Rules") else [],
            (values | key for values in _assignments(domains) for key in keys),
            _assignments({name: self._domain(name) for name in sorted(names)}),
        )
        for partial in tried:
            partial = {name: value for name, value in partial.items() if name in self._defaults}
            if self._is_reached(part, partial):
                # What it does not take leaves a place for what others take.
                for name in list(partial):
                    if all(self._is_reached(part, {**partial, name: value}) for value in self._domain(name)):
                        del partial[name]
                return partial
        return None

    def _is_reached(self, part: Part, partial: Mapping[str, str]) -> bool:
        values = self.completed(partial)
        return values is not None and self._reaches(self.rendering(values), part)

    def stack(self, logical_ids: Iterable[str], rendering: Rendering) -> Stack:
        """These resources as `Rendering.stack` gives them: one object for all renderings that agree in its values."""
        found = {}
        places = tuple(rendering.values.get(name, "") for name in pseudo.FORMS)
        for name in logical_ids:
            # A name or an ARN has the account and the Region in it, whether or not the template asks for them.
            key = (name, *places, *(rendering.values.get(each, "") for each in self.dependencies.of_resource(name)))
            if key not in self._created:
                self._created[key] = rendering.stack(name).resources.get(name)
            if (created := self._created[key]) is not None:
                found[name] = created
        return Stack(found, rendering.said)

    def variant(self, logical_id: str, rendering: Rendering) -> str:
        """A resource's form in a rendering as text; empty if it is not there."""
        key = self._of_variant(logical_id, rendering)
        if key not in self._variants:
            text = as_key(rendering.resource(logical_id)) if rendering.exists(logical_id) else ""
            self._variants[key] = text, rendering.taken(logical_id)
        return self._variants[key][0]

    def _of_variant(self, logical_id: str, rendering: Rendering) -> tuple[str, tuple[str | None, ...]]:
        # Two renderings differ in it only by the parameters that it depends on.
        return logical_id, tuple(rendering.values.get(name) for name in self._shaping(logical_id))

    def _shape(self, logical_id: str) -> list[str]:
        """What a resource depends on, but for pseudo parameters that only its texts have: a Region in an ARN."""
        body = self.template["Resources"][logical_id]
        deciding = [{"Condition": name} for name in conditions(body)]
        texts = pseudo.FORMS.keys() - self.dependencies.of([deciding, [argument for _, argument in selections(body)]])
        return sorted(self.dependencies.of_resource(logical_id) - texts)

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
        return self._nearest(self._defaults | chosen, chosen)

    def _nearest(self, values: Values, fixed: Mapping[str, str]) -> Values | None:
        """The values, with as few as possible changed that are not `fixed`, so that they can be deployed."""
        found = self._repaired(values, fixed)
        if not self._may_miss or (found is not None and self._can_be_deployed(found)):
            return found
        free = {name: self._domain(name) for name in {**self._keys, **self.variables} if name not in fixed}
        for other in itertools.islice(_assignments(free), 256):
            found = self._repaired(values | other, {**fixed, **other})
            if found is not None and self._can_be_deployed(found):
                return found
        return None

    @cached_property
    def _may_miss(self) -> bool:
        """Whether some values look up an entry that a map does not have, which nobody can deploy."""
        for argument in lookups((*self._deciding, self.template["Resources"], self.template.get("Outputs", {}))):
            rows = self._solver.maps.get(argument[0]) if isinstance(argument[0], str) else None
            columns = [row for row in rows.values() if isinstance(row, dict)] if isinstance(rows, dict) else []
            held = [{*rows}] if isinstance(rows, dict) else [set()]
            held.append(set.intersection(*map(set, columns)) if columns else set())
            for expression, there in zip(argument[1:3], held, strict=True) if len(argument) == 3 else ():
                name = str(expression.get("Ref", "?")) if isinstance(expression, dict) else ""
                values = self._domain(name) if name in self._defaults else [self._solver.usual(name)]
                if name and not {*values} <= there:
                    return True
        return False

    def _can_be_deployed(self, values: Values) -> bool:
        key = tuple(values.values())
        if key not in self._deployable:
            try:
                rendering = self.rendering(values)
                _ = rendering.conditions, rendering.taken()
                # By its form, which many values share: the whole template takes 40 ms.
                for each in self.template["Resources"]:
                    self._require(each, rendering)
                self._deployable[key] = True
            except UnrenderableTemplate as error:
                self._refused = self._refused or error
                self._deployable[key] = False
        return self._deployable[key]

    def _require(self, logical_id: str, rendering: Rendering) -> None:
        """Raises UnrenderableTemplate for a resource that does not render."""
        key = self._of_variant(logical_id, rendering)
        if key in self._unrenderable:
            raise self._unrenderable[key]
        try:
            self.variant(logical_id, rendering)
        except UnrenderableTemplate as error:
            self._unrenderable[key] = error
            raise

    @cached_property
    def _groups(self) -> list[tuple[tuple[str, ...], dict[tuple[str, ...], None]]]:
        """The rules' parameters in groups that no rule connects, each with all values that are let through."""
        of_places = frozenset({pseudo.REGION, pseudo.PARTITION, pseudo.SUFFIX} & self._defaults.keys())
        groups: list[tuple[frozenset[str], list[Any]]] = [(of_places, [])] if of_places else []
        for rule in self.template.get("Rules", {}).values():
            names, rules = self.dependencies.of(rule), [rule]
            for group in [each for each in groups if each[0] & names]:
                groups.remove(group)
                names, rules = names | group[0], rules + group[1]
            groups.append((names, rules))
        found = []
        for names, rules in groups:
            domains = self._domains(sorted(names))
            asked = [[rule.get("RuleCondition"), [each["Assert"] for each in rule["Assertions"]]] for rule in rules]
            others = {name: value for name, value in self._defaults.items() if name in pseudo.FORMS}
            key = as_key([asked, domains, others, self.template.get("Mappings", {})])
            # A mutation of the rules leaves most groups as they are.
            if key not in _LET_THROUGH:
                while len(_LET_THROUGH) >= KEPT:
                    del _LET_THROUGH[next(iter(_LET_THROUGH))]
                passing = (each for each in _assignments(domains) if self._passes(rules, self._defaults | each))
                _LET_THROUGH[key] = dict.fromkeys(tuple(each.values()) for each in passing)
            _LET_THROUGH[key] = _LET_THROUGH.pop(key)
            found.append((tuple(domains), _LET_THROUGH[key]))
        return found

    def _domains(self, names: Iterable[str]) -> dict[str, list[str]]:
        return {name: _distinct([*self._domain(name), *self.bounds.get(name, [])]) for name in names}

    def _passes(self, rules: Iterable[Mapping[str, Any]], values: Values) -> bool:
        rendering = self.rendering(values)
        return pseudo.agree(values) and all(
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

    def _values(self, name: str) -> list[str]:
        if name in self._given:
            return [self._given[name]]
        parameter = self._parameters.get(name, {})
        usual = self._defaults.get(name, "")
        # None where they are about the name of an SSM parameter, and its value is what conditions compare.
        if "AllowedValues" in parameter and (allowed := parameters.extremes(parameter)):
            return _distinct([usual, *allowed])
        literals = {values[name]: None for values in self._compared if name in values}
        values = _distinct([usual, *literals, *self._keys.get(name, [])])
        with_default = [{"Fn::FindInMap": each} for each in lookups(self.template["Resources"]) if len(each) == 4]
        if {*values} - {*literals} - {*self._solver.keys(with_default).get(name, [])}:
            return values
        if name in self.unknown and name not in self._parameters:
            return [*values, unknown.text_of(name)]
        # One value that equals none of those compared with: the other side of a `Not [Equals]`. Where a look-up in a
        # map has a default, it is no key of the map either, so that the default is reached.
        entries = (keys for each in with_default for keys, _ in self._solver.entries(each["Fn::FindInMap"]))
        others = {*values, *itertools.chain(*entries)}
        if name in pseudo.FORMS:
            return [*values, *pseudo.besides(name, others)]
        try:
            return [*values, parameters.placeholder(name, parameter, unlike=others)]
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


def _distance(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return sum(map(operator.ne, one, other))


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _unique(chosen: Iterable[Values]) -> list[Values]:
    return list({tuple(sorted(values.items())): values for values in chosen}.values())
