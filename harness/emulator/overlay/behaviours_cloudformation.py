"""Fixes for MiniStack's CloudFormation: change sets, conditions, mappings, imports and alarms."""

import json
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from harness.emulator.calls import flag, number


def see_conditions_as_changes() -> None:
    """A resource that a condition adds or removes is a change, even if its properties stay the same."""
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
    """A condition can use an item of a split text, as on AWS: `Fn::Select` of `Fn::Split` of `Fn::Sub`."""
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
    """A Kinesis stream can be imported into a stack, as on AWS."""
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


def refuse_regions_that_a_map_does_not_have() -> None:
    """An `Fn::FindInMap` with `AWS::Region` that finds nothing fails template validation, wherever it is.

    MiniStack validates look-ups with literal keys only; others fail during deployment, those in outputs last.
    """
    from ministack.core.responses import get_region
    from ministack.services.cloudformation import engine

    validate = engine._validate_template_statics

    @wraps(validate)
    def validate_template_statics(template: dict[str, Any]) -> None:
        validate(template)
        for section in ("Conditions", "Outputs", "Resources"):
            for arguments in _look_ups(template.get(section) or {}):
                if arguments[1:2] == [{"Ref": "AWS::Region"}]:
                    engine.find_in_map(arguments, template.get("Mappings") or {}, _in(get_region()))

    engine._validate_template_statics = validate_template_statics


def _look_ups(node: Any) -> Iterator[list[Any]]:
    if isinstance(node, dict) and isinstance(node.get("Fn::FindInMap"), list):
        yield node["Fn::FindInMap"]
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _look_ups(each)


def _in(region: str) -> Callable[[Any], Any]:
    return lambda node: region if node == {"Ref": "AWS::Region"} else node


def keep_metric_math() -> None:
    """Alarms on metric math are stored and described; only `harness.alarms` evaluates them."""
    from ministack.services.cloudformation import provisioners

    record_of = provisioners._cw_metric_alarm_record

    @wraps(record_of)
    def metric_alarm_record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        if not properties.get("Metrics"):
            unchanged: dict[str, Any] = record_of(name, properties)
            return unchanged
        # MiniStack requires a metric name. It is removed below, so that no datapoint matches the alarm.
        stated = {key: properties[key] for key in properties if key != "Metrics"}
        record: dict[str, Any] = record_of(name, {**stated, "MetricName": "none", "Namespace": "none"})
        for key in _OF_ONE_METRIC:
            record.pop(key, None)
        return {**record, "Metrics": [_query(each) for each in properties["Metrics"]]}

    provisioners._cw_metric_alarm_record = metric_alarm_record


#: Keys that an alarm on metric math does not have.
_OF_ONE_METRIC = ("Dimensions", "ExtendedStatistic", "MetricName", "Namespace", "Period", "Statistic", "Unit")


def _query(stated: dict[str, Any]) -> dict[str, Any]:
    """One metric data query, with the API's types."""
    query: dict[str, Any] = json.loads(json.dumps(stated))
    if "ReturnData" in query:
        query["ReturnData"] = flag(query["ReturnData"])
    if "MetricStat" in query:
        query["MetricStat"]["Period"] = number(query["MetricStat"]["Period"])
    return query
