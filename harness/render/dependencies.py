"""Which parameters, pseudo parameters too, a part of a template depends on: through conditions, maps, and names."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from harness.render import pseudo, sub_variables, unknown
from harness.render.attributes import NAME_PROPERTIES


class Dependencies:
    """Answers for one template. Static: both branches of every `If` count."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template
        self._parameters: Mapping[str, Any] = template.get("Parameters", {})
        self._resources: Mapping[str, Any] = template["Resources"]
        self._open: set[str] = set()
        self.of_resource = cache(self._of_resource)
        self._of_condition = cache(self._condition)
        self._of_name = cache(self._name)
        self._of_stored = cache(self._stored)

    def _of_resource(self, logical_id: str) -> frozenset[str]:
        """The parameters that decide whether a resource exists, and what it is."""
        body = self._resources[logical_id]
        # What it waits for is in its DependsOn only if it is created.
        waited = body.get("DependsOn", [])
        others = [self._resources.get(name, {}) for name in (waited if isinstance(waited, list) else [waited])]
        return self.of([body, *({"Condition": each["Condition"]} for each in others if "Condition" in each)])

    def of(self, value: Any) -> frozenset[str]:
        """The parameters, pseudo parameters too, that decide what a value is."""
        found: set[str] = set()
        for reference in references(value):
            name = reference[0]
            if len(reference) == 1 and (name in self._parameters or name in pseudo.FORMS):
                found.add(name)
            elif name in self._resources:
                found |= self._of_name(name)
                if len(reference) == 2:
                    found.add(".".join(reference))
                if reference[1:] == ("Value",):
                    found |= self._of_stored(name)
        for condition in conditions(value):
            found |= self._of_condition(condition)
        found.update(unknown.names_in(value))
        return frozenset(found)

    def _condition(self, name: str) -> frozenset[str]:
        return self._once(f"condition {name}", self._template.get("Conditions", {}).get(name))

    def _name(self, logical_id: str) -> frozenset[str]:
        body = self._resources[logical_id]
        given: Any = body.get("Properties", {})
        for key in NAME_PROPERTIES.get(body["Type"], ("",)):
            given = given.get(key) if isinstance(given, dict) else None
        return self._once(logical_id, given)

    def _stored(self, logical_id: str) -> frozenset[str]:
        return self._once(f"{logical_id}.Value", self._resources[logical_id].get("Properties", {}).get("Value"))

    def _once(self, what: str, value: Any) -> frozenset[str]:
        # A circle is for the linter, and for the renderer, to tell of.
        if what in self._open:
            return frozenset()
        self._open.add(what)
        try:
            return self.of(value)
        finally:
            self._open.discard(what)


def references(value: Any) -> Iterator[tuple[str, ...]]:
    """What a value refers to: `(name,)` for Ref, `(name, attribute)` for GetAtt, either for Sub."""
    for each in _objects(value):
        if isinstance(each.get("Ref"), str):
            yield (each["Ref"],)
        attribute = each.get("Fn::GetAtt")
        if isinstance(attribute, list) and len(attribute) == 2 and isinstance(attribute[0], str):
            # Which attribute it is may be a function's to say; Value is the one that brings more along.
            yield (attribute[0], attribute[1] if isinstance(attribute[1], str) else "Value")
        text = each.get("Fn::Sub")
        text = text[0] if isinstance(text, list) and text else text
        if isinstance(text, str):
            yield from (tuple(name.split(".", 1)) for name in sub_variables.names(text))


def conditions(value: Any) -> Iterator[str]:
    """The conditions that a value names: in `If`, and as `Condition` of a condition."""
    for each in _objects(value):
        branch = each.get("Fn::If")
        if isinstance(branch, list) and branch and isinstance(branch[0], str):
            yield branch[0]
        if isinstance(each.get("Condition"), str):
            yield each["Condition"]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            yield each
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)
