"""Whether a resource's policy lets an AWS service do what it does of its own accord."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from harness.render.resources import Resource, Stack
from rules.lib.alarms import ALARM, COMPOSITE, called
from rules.lib.conditions import SECURE, Context, holds, refuses
from rules.lib.iam import Statement, policy_statements

#: What a service does with the key of an encrypted topic when it publishes.
#: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
TOPIC_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True)
class Request:
    """A service's call. `context` is what it brings along of the condition keys, by their names in lower case."""

    service: str
    action: str
    resource: str
    context: Context = field(default_factory=dict)


def granted(statements: Iterable[Statement], request: Request) -> bool:
    """Whether a policy lets a request pass. A condition that cannot be judged allows nothing, and may deny."""
    meant = [each for each in statements if _may_speak_of(each, request.service)]
    context = {
        "aws:principalisawsservice": "true",
        "aws:principalservicename": request.service,
        **SECURE,
        **request.context,
    }
    allowed = any(
        each.allows and each.covers(request.action) and each.reaches(request.resource) and holds(each, context)
        for each in meant
    )
    return allowed and not refuses(meant, request.action, request.resource, context)


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


def is_managed_by_aws(stated: object) -> bool:
    """Whether a key's name is one of AWS's own keys, whose policies let no service in on its own behalf."""
    return isinstance(stated, str) and stated.rpartition(":")[2].startswith("alias/aws/")


def _may_speak_of(statement: Statement, service: str) -> bool:
    # That a statement must not leave principals out is another rule's concern; here it speaks of all but those.
    if "NotPrincipal" in statement.body:
        return statement.denies
    return bool({service, "*"} & {*statement.principals("Service"), *statement.principals("AWS")})
