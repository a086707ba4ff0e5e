"""Event source mappings: which function works what, and where a batch goes that it gives up."""

import re
from typing import Any

from harness.render.resources import Resource, Stack, at

MAPPING = "AWS::Lambda::EventSourceMapping"


def of_streams(stack: Stack) -> dict[str, Resource]:
    """The mappings that read a Kinesis stream."""
    return {name: each for name, each in stack.of(MAPPING).items() if re.match("arn:[^:]*:kinesis:", source(each))}


def of_queues(stack: Stack) -> dict[str, Resource]:
    """The mappings that work an SQS queue."""
    return {name: each for name, each in stack.of(MAPPING).items() if re.match("arn:[^:]*:sqs:", source(each))}


def source(mapping: Resource) -> str:
    """The ARN of what a mapping reads; empty if it does not say."""
    arn = mapping.properties.get("EventSourceArn")
    return arn if isinstance(arn, str) else ""


def function_of(stack: Stack, mapping: Resource) -> Resource | None:
    """The function of this template that a mapping invokes, or None."""
    return function_named(stack, mapping.properties.get("FunctionName"))


def function_named(stack: Stack, name: Any) -> Resource | None:
    """The function of this template that is meant by its name or (part of) its ARN, or None; of whichever version."""
    if not isinstance(name, str):
        return None
    return stack.by_ref(name.rpartition("function:")[2].split(":")[0], "AWS::Lambda::Function")


def workers_of(stack: Stack, queue_or_stream: Resource) -> list[tuple[Resource, Resource | None]]:
    """The mappings that read a queue or a stream, each with its function of this template."""
    return [
        (each, function_of(stack, each)) for each in stack.of(MAPPING).values() if source(each) == queue_or_stream.arn
    ]


def failure_destination(mapping: Resource) -> Any:
    """The ARN of where a stream's batch goes that the mapping gives up, or None."""
    return at(mapping.properties, "DestinationConfig", "OnFailure", "Destination")
