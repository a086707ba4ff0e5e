"""Where MiniStack's CloudFormation differs from AWS's in what it calls a change, and in what it can import."""

from __future__ import annotations

from functools import wraps
from typing import Any


def see_conditions_as_changes() -> None:
    """A resource that a parameter's condition takes in or out is a change, also where its properties stay the same."""
    from ministack.services.cloudformation import changesets

    resolve = changesets._resolve_props_for_diff

    @wraps(resolve)
    def resolve_props_for_diff(template: dict[str, Any], params: dict[str, Any], *rest: Any) -> dict[str, Any]:
        resolved: dict[str, Any] = resolve(template, params, *rest)
        if not resolved:
            return resolved
        holds = changesets._evaluate_conditions(template, params)
        there = {
            name: resource
            for name, resource in resolved["Resources"].items()
            if holds.get(resource.get("Condition"), True)
        }
        return {"Resources": there}

    changesets._resolve_props_for_diff = resolve_props_for_diff


def split_texts_in_conditions() -> None:
    """A condition can ask for an entry of a text, as on AWS: `Fn::Select` of `Fn::Split` of `Fn::Sub`."""
    from ministack.services.cloudformation import changesets, engine, handlers, stacks

    evaluate = engine._evaluate_conditions

    @wraps(evaluate)
    def evaluate_conditions(template: dict[str, Any], params: dict[str, Any]) -> dict[str, bool]:
        def selected(value: Any) -> Any:
            if isinstance(value, list):
                return [selected(each) for each in value]
            if not isinstance(value, dict):
                return value
            if "Fn::Select" in value:
                return engine._resolve_refs(value, {}, params, {}, template.get("Mappings", {}), "", "")
            return {key: selected(each) for key, each in value.items()}

        conditions = selected(template.get("Conditions", {}))
        holds: dict[str, bool] = evaluate({**template, "Conditions": conditions}, params)
        return holds

    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = evaluate_conditions


def import_streams() -> None:
    """A Kinesis stream can be taken into a stack, as on AWS."""
    from ministack.services import kinesis
    from ministack.services.cloudformation import changesets
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    kind = "AWS::Kinesis::Stream"

    def problem(name: str) -> str | None:
        if name in kinesis._streams:
            return None
        missing: str = changesets._IMPORT_NOT_FOUND.format(type=kind, value=name)
        return missing

    def take_in(identifier: dict[str, str]) -> tuple[str, dict[str, str]]:
        name = identifier["Name"]
        return name, {"Arn": kinesis._streams[name]["StreamARN"]}

    changesets._IMPORT_LOOKUPS[kind] = (("Name",), problem)
    _RESOURCE_HANDLERS[kind]["import"] = take_in
