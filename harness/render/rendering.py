"""One scenario's rendering: the resources it creates, every value as it would be, and where each value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

from harness.render import attributes, parameters, pseudo, schemas
from harness.render.attributes import Account
from harness.render.errors import UnrenderableTemplate
from harness.render.evaluator import NO_VALUE
from harness.render.intrinsics import Evaluation
from harness.render.resources import Resource, Stack
from harness.render.source import Place

#: What surrounds Properties and stays as it is written.
_ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")


class Rendering:
    """A template under one set of values, of parameters and of pseudo parameters.

    `template` is what is judged: AWSTemplateFormatVersion, Resources and Outputs, without a function, a parameter or a
    condition. Raises UnrenderableTemplate, with the resource, for what CloudFormation would refuse.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str], account: Account | None = None) -> None:
        self.values = dict(values)
        self._source = template
        usual = account or Account()
        stands_for = replace(pseudo.account_of(values, usual), account_id=usual.account_id)
        self._evaluation = Evaluation(template, values, stands_for, values.get(pseudo.ACCOUNT, ""))
        self._chosen: dict[str, frozenset[Any]] = {}
        self._rendered: dict[str, dict[str, Any]] = {}
        self._resources: dict[str, Resource] = {}
        #: Values as `schemas.typed` leaves them, by type, property and id; each kept beside, as in `Evaluation`.
        self._typed: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._caches = False

    def caching(self) -> Rendering:
        """A new copy of this rendering that caches what it evaluates; `changed` shares the cache."""
        found = Rendering(self._source, self.values, self._evaluation.account)
        found._evaluation.cache()
        found._caches = True
        return found

    def changed(self, template: Mapping[str, Any], logical_id: str) -> Rendering:
        """The rendering, with these values, of a template that differs in one resource alone and shares all the rest.

        Values that do not change are the same objects, if this rendering is `caching`.
        """
        found = Rendering(template, self.values, self._evaluation.account)
        found._evaluation.take_over(self._evaluation, logical_id)
        found._typed = self._typed
        return found

    @cached_property
    def conditions(self) -> dict[str, bool]:
        """Every condition of the template, and whether it holds."""
        return {name: self._evaluation.condition(name) for name in self._source.get("Conditions", {})}

    @cached_property
    def template(self) -> dict[str, Any]:
        """The whole rendering."""
        resources = {name: self.resource(name) for name in self._source["Resources"] if self.exists(name)}
        rendered = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
        outputs = self._outputs
        return rendered | ({"Outputs": outputs} if outputs else {})

    @cached_property
    def _outputs(self) -> dict[str, Any]:
        outputs = {}
        with self._noting(""):
            for name, output in self._source.get("Outputs", {}).items():
                with _placed(("Outputs", name)):
                    if "Condition" not in output or self._evaluation.condition(output["Condition"]):
                        body = {key: each for key, each in output.items() if key != "Condition"}
                        outputs[name] = self._evaluation.value(body)
        return outputs

    def taken(self, logical_id: str = "") -> frozenset[Any]:
        """The branches and entries of maps that a resource takes if it is created; without a name, the outputs."""
        if not logical_id:
            _ = self._outputs
        elif self.exists(logical_id):
            self.resource(logical_id)
        else:
            return frozenset()
        return self._chosen[logical_id]

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        before, self._evaluation.taken = self._evaluation.taken, set()
        yield
        self._chosen[name] = frozenset(self._evaluation.taken)
        self._evaluation.taken = before

    def holds(self, expression: Any) -> bool:
        """Whether an expression of the template's Rules holds."""
        return self._evaluation.holds(expression)

    def text(self, written: str) -> str:
        """A text as `Fn::Sub` takes it, with its variables replaced."""
        return self._evaluation.sub(written)

    def lacks(self, name: str) -> bool:
        """Whether a name is a resource's that the scenario does not create."""
        return name in self._source["Resources"] and not self.exists(name)

    def exists(self, logical_id: str) -> bool:
        """Whether the scenario creates a resource."""
        with _placed(("Resources", logical_id)):
            return self._evaluation.exists(logical_id)

    def resource(self, logical_id: str) -> dict[str, Any]:
        """One rendered resource, whether the scenario creates it or not."""
        if logical_id not in self._rendered:
            with _placed(("Resources", logical_id)), self._noting(logical_id):
                self._rendered[logical_id] = self._resource(self._source["Resources"][logical_id])
        return self._rendered[logical_id]

    def stack(self, *only: str) -> Stack:
        """What Python checks judge: all that the scenario creates, or just the resources named (if it creates them)."""
        names = [name for name in only if self.exists(name)] if only else self._existing_names
        return Stack({name: self._created(name) for name in names}, self.said)

    @cached_property
    def _existing_names(self) -> list[str]:
        return [name for name in self._source["Resources"] if self.exists(name)]

    @cached_property
    def said(self) -> Mapping[str, str]:
        """The parameters as checks know them: the environment as Environment, whatever the template calls it."""
        values = self._evaluation.values
        name = "Environment" if "Environment" in values else parameters.environment(self._source.get("Parameters", {}))
        return {**values, "Environment": parameters.Environment(values[name])} if name in values else values

    def _created(self, name: str) -> Resource:
        # One for all stacks, as many checks look through whole resources: Resource keeps what they see there.
        if name not in self._resources:
            body, evaluation = self.resource(name), self._evaluation
            arn = attributes.arn(evaluation.account, body["Type"], evaluation.name(name))
            self._resources[name] = Resource(name, body["Type"], body, evaluation.ref(name), arn)
        return self._resources[name]

    def origin(self, place: Place) -> Place:
        """Where in the source a value of the rendering comes from; where it cannot be followed, what is around it."""
        node: Any = self._source
        source: Place = ()
        for step in place:
            node, source = self._taken(node, source)
            if isinstance(node, dict) and step in node:
                node, source = node[step], (*source, step)
            elif isinstance(node, list) and isinstance(step, int):
                kept = [
                    (index, each) for index, each in enumerate(node) if self._evaluation.value(each) is not NO_VALUE
                ]
                if source[2:] == ("DependsOn",):
                    kept = [(index, each) for index, each in kept if self._existing(each) is not NO_VALUE]
                if step >= len(kept):
                    return source
                node, source = kept[step][1], (*source, kept[step][0])
            else:
                return source
        return self._taken(node, source)[1]

    def _taken(self, node: Any, source: Place) -> tuple[Any, Place]:
        while isinstance(node, dict) and len(node) == 1 and "Fn::If" in node:
            branch = self._evaluation.branch(node["Fn::If"])
            node, source = node["Fn::If"][branch], (*source, "Fn::If", branch)
        return node, source

    def _existing(self, names: Any) -> Any:
        if isinstance(names, list):
            return [name for name in names if self._existing(name) is not NO_VALUE]
        declared = isinstance(names, str) and names in self._source["Resources"]
        return names if not declared or self._evaluation.exists(names) else NO_VALUE

    def _resource(self, body: Mapping[str, Any]) -> dict[str, Any]:
        value = self._evaluation.value
        rendered = {key: value(body[key]) for key in _ATTRIBUTES if key in body}
        if "DependsOn" in rendered:
            rendered["DependsOn"] = self._existing(rendered["DependsOn"])
        if "Properties" in body:
            rendered["Properties"] = self._as_typed(body["Type"], value(body["Properties"]))
        return {"Type": body["Type"]} | {key: each for key, each in rendered.items() if each is not NO_VALUE}

    def _as_typed(self, type_: str, properties: Any) -> Any:
        if not isinstance(properties, dict):
            return schemas.typed(type_, properties)
        found = {}
        for name, value in properties.items():
            known = self._typed.get(key := (type_, name, id(value)))
            if known is None:
                known = value, schemas.typed(type_, {name: value})[name]
                if self._caches:
                    self._typed[key] = known
            found[name] = known[1]
        return found


@contextmanager
def _placed(place: Place) -> Iterator[None]:
    try:
        yield
    except UnrenderableTemplate as error:
        raise UnrenderableTemplate(f"{'.'.join(map(str, place))}: {error}") from error
    except RecursionError as error:
        raise UnrenderableTemplate(f"{'.'.join(map(str, place))}: its values go round in a circle") from error
