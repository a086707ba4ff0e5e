"""Whether a resource's policy lets an AWS service do what it does of its own accord."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.render.resources import Resource, Stack
from rules.lib.alarms import ALARM, COMPOSITE, called
from rules.lib.iam import Statement, Test, fits, policy_statements
from rules.lib.principals import conditions

#: What a service does with the key of an encrypted topic when it publishes.
#: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
TOPIC_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True)
class Request:
    """A service's call. `context` is what it brings along of the condition keys, by their names in lower case."""

    service: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def granted(statements: Iterable[Statement], request: Request) -> bool:
    """Whether a policy lets a request pass. A condition that cannot be judged is one that does not hold."""
    meant = [each for each in statements if _speaks_of(each, request)]
    return any(each.allows for each in meant) and not any(each.denies for each in meant)


def refused(resource: Resource, requests: Iterable[Request]) -> list[Request]:
    """Those of the requests that the policy in a resource, such as a key's, does not let pass."""
    statements = list(policy_statements(resource))
    return [each for each in requests if not granted(statements, each)]


def alarm_requests(stack: Stack, topic: Resource, action: str, resource: str) -> Iterator[tuple[str, Request]]:
    """What CloudWatch asks for when an alarm calls a topic, for each such alarm by its logical id."""
    for name, alarm in stack.of(ALARM, COMPOSITE).items():
        if topic.ref in called(alarm):
            source = {"aws:sourceaccount": topic.ref.split(":")[-2], "aws:sourcearn": alarm.arn}
            yield name, Request("cloudwatch.amazonaws.com", action, resource, {**topic_context(topic), **source})


def topic_context(topic: Resource) -> dict[str, str]:
    """What SNS tells KMS when it encrypts for a topic."""
    return {"kms:encryptioncontext:aws:sns:topicarn": topic.ref}


def key_of(stack: Stack, stated: object) -> Resource | None:
    """The key of the template that an ARN, an id or an alias of the template means, or None."""
    alias = stack.by_ref(stated, "AWS::KMS::Alias")
    target = alias.properties.get("TargetKeyId") if alias else stated
    return stack.by_arn(target, "AWS::KMS::Key") or stack.by_ref(target, "AWS::KMS::Key")


def _speaks_of(statement: Statement, request: Request) -> bool:
    named = request.service in statement.principals("Service") or "*" in statement.principals("AWS")
    return (
        named
        and statement.covers(request.action)
        and statement.reaches(request.resource)
        and all(_holds(test, values, request) for test, values in conditions(statement).items())
    )


def _holds(test: Test, values: list[str], request: Request) -> bool:
    operator, key = test
    context = {
        "aws:principalisawsservice": "true",
        "aws:principalservicename": request.service,
        "aws:securetransport": "true",
        **request.context,
    }
    actual = context.get(key)
    if operator == "null":
        return values == [str(actual is None).lower()]
    if operator.endswith("ifexists"):
        if actual is None:
            return True
        operator = operator.removesuffix("ifexists")
    positive = operator.replace("not", "", 1)
    if positive not in _MATCHES:
        return False
    found = actual is not None and any(_MATCHES[positive](actual, each) for each in values)
    return found if positive == operator else not found


_MATCHES: Mapping[str, Callable[[str, str], bool]] = {
    "arnequals": fits,
    "arnlike": fits,
    "bool": lambda actual, wanted: actual == wanted.lower(),
    "stringequals": lambda actual, wanted: actual == wanted,
    "stringequalsignorecase": lambda actual, wanted: actual.lower() == wanted.lower(),
    "stringlike": fits,
}
