"""ACC-023  function_role_acts_on_what_the_function_uses

Why       A permission that no run uses is useful only to an intruder. A function learns its stores from its variables,
          its dead-letter target and its mappings; it has no use for any other.
Targets   AWS::Lambda::Function, AWS::DynamoDB::Table, AWS::IAM::Role, AWS::KMS::Key, AWS::Kinesis::Stream,
          AWS::Lambda::EventInvokeConfig, AWS::Lambda::EventSourceMapping, AWS::Logs::LogGroup, AWS::S3::Bucket,
          AWS::SNS::Topic, AWS::SQS::Queue
"""

import re
from typing import Any

from harness.render.resources import at, walk
from rules.lib import Problem, Problems, Resource, Stack, buckets
from rules.lib.iam import Statement, role_statements
from rules.lib.roles import role_of
from rules.lib.stores import HOLDS, only_sends_dead_letters, store_of

#: Stores whose names a function gets by its settings. Keys come with its stores, and its log has a rule of its own.
IN_SETTINGS = tuple(kind for service, kind in HOLDS.items() if service not in ("kms", "logs"))
MAPPINGS = ("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping")


def subjects(stack: Stack) -> list[str]:
    """Functions with a role of this template."""
    stack.of(*HOLDS.values(), *MAPPINGS)
    return [name for name, each in stack.of("AWS::Lambda::Function").items() if role_of(stack, each) is not None]


def problems(stack: Stack, subject: str) -> Problems:
    """Stores that the role may access and nothing in the function's configuration names."""
    function = stack.resources[subject]
    role = role_of(stack, function)
    if role is None:
        return
    named = _named_in_its_settings(stack, function)
    # Lambda puts them there, and whether a mapping does so is a question of its own.
    given_up = buckets.given_up(stack)
    for (arn, _), store in _granted(stack, role).items():
        if store.type in IN_SETTINGS and store.logical_id not in given_up and not _names(store) & named:
            yield Problem(
                f"its role {role.logical_id} may access {store.logical_id} ({arn}), which nothing in the function's "
                "configuration names.",
                f"remove the grant, or name {store.logical_id} in the variables, the DeadLetterConfig or a mapping of"
                " the function.",
                ("Properties", "Role"),
            )


def _granted(stack: Stack, role: Resource) -> dict[tuple[str, str], Resource]:
    return {
        (arn, store.logical_id): store
        for statement in role_statements(role)
        if statement.allows
        for arn in statement.resources
        if not only_sends_dead_letters(stack, statement, arn)
        for store in _meant(stack, statement, arn)
    }


def _meant(stack: Stack, statement: Statement, arn: str) -> list[Resource]:
    if arn != "*":
        return [store] if (store := store_of(stack, arn)) is not None else []
    touched = [kind for service, kind in HOLDS.items() if kind in IN_SETTINGS and statement.touches(f"{service}:*")]
    return list(stack.of(*touched).values()) if touched else []


def _named_in_its_settings(stack: Stack, function: Resource) -> set[str]:
    sources: list[Any] = [
        at(function.properties, "Environment", "Variables"),
        function.properties.get("DeadLetterConfig"),
    ]
    for mapping in stack.of(*MAPPINGS).values():
        if mapping.properties.get("FunctionName") in (function.ref, function.arn):
            sources += [mapping.properties.get("EventSourceArn"), mapping.properties.get("DestinationConfig")]
    texts = [value for _, value in walk(sources) if isinstance(value, str)]
    # A name can stand alone, in an ARN, in a queue's URL or in s3://bucket/prefix.
    return {word for text in texts for word in re.split(r"[\s,;:/]+", text)}


def _names(store: Resource) -> set[str]:
    return {re.split("[:/]", store.arn)[-1]} - {""}
