"""EventBridge rules: which events a rule's pattern matches. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html"""

import re
from collections.abc import Mapping
from typing import Any

from harness.render.resources import Resource, Stack, at, items

RULE = "AWS::Events::Rule"
#: How Glue says that a run did not succeed. Whoever stops a run knows, but nobody else does.
#: https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
JOB_FAILURES = ("FAILED", "ERROR", "STOPPED", "TIMEOUT")


def rules_for(stack: Stack, event: Mapping[str, Any]) -> dict[str, Resource]:
    """The rules that an AWS service's event matches, whether they are enabled or not."""
    # AWS services send to the default bus alone.
    return {
        name: rule
        for name, rule in stack.of(RULE).items()
        if str(rule.properties.get("EventBusName", "default")).rpartition("/")[2] == "default"
        and _matches(rule.properties.get("EventPattern"), event)
    }


def target_arns(rule: Resource) -> list[Any]:
    """The ARNs of what a rule starts or tells."""
    return [at(each, "Arn") for each in items(rule.properties.get("Targets"))]


def job_event(job: Resource, state: str) -> dict[str, Any]:
    """What Glue sends when a job's run has ended."""
    return _glue_event(job, "Glue Job State Change", {"jobName": job.ref, "state": state})


def crawler_event(crawler: Resource, state: str) -> dict[str, Any]:
    """What Glue sends when a crawler has ended."""
    return _glue_event(crawler, "Glue Crawler State Change", {"crawlerName": crawler.ref, "state": state})


def of_others(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same event of other jobs or crawlers, among them such as have nearly the same name."""
    ((key, name),) = ((key, name) for key, name in event["detail"].items() if key != "state")
    others = ("another", f"another-{name}", f"{name}-2")
    return [{**event, "detail": {**event["detail"], key: each}} for each in others]


def _glue_event(resource: Resource, kind: str, detail: dict[str, str]) -> dict[str, Any]:
    region, account = (resource.arn.split(":") + [""] * 5)[3:5]
    return {"source": "aws.glue", "detail-type": kind, "region": region, "account": account, "detail": detail}


def _matches(pattern: Any, event: Any) -> bool:
    if not isinstance(pattern, dict) or not pattern:
        return False
    return all(_field_matches(key, wanted, event) for key, wanted in pattern.items())


def _field_matches(key: str, wanted: Any, event: Any) -> bool:
    if key == "$or":
        return any(_matches(each, event) for each in items(wanted))
    if isinstance(wanted, dict):
        return _matches(wanted, at(event, key))
    return isinstance(wanted, list) and any(_value_matches(each, at(event, key)) for each in wanted)


def _value_matches(wanted: Any, actual: Any) -> bool:
    if not isinstance(wanted, dict):
        return bool(wanted == actual)
    if len(wanted) != 1:
        return False
    (kind, argument), present = next(iter(wanted.items())), actual is not None
    if kind == "exists":
        return argument is present
    if kind == "anything-but":
        return present and not any(_value_matches(each, actual) for each in items(argument))
    # What is left over compares text to text; numbers and addresses are in no event that is asked for here.
    if not isinstance(actual, str) or not isinstance(argument, str):
        return False
    return {
        "prefix": actual.startswith(argument),
        "suffix": actual.endswith(argument),
        "equals-ignore-case": actual.lower() == argument.lower(),
        # EventBridge has no other wildcard than the star; a backslash before one is left to fail.
        "wildcard": bool(re.fullmatch(".*".join(map(re.escape, argument.split("*"))), actual)),
    }.get(kind, False)
