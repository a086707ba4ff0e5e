"""RES-015  reserved_concurrency_covers_the_stream

Why       Each shard is read by one invocation at a time. A share below the number of shards makes
          some of them wait for others, at the busiest hour first, and a shard that waits for long
          loses what the stream drops.
Targets   AWS::Lambda::Function, AWS::Lambda::EventSourceMapping, AWS::Kinesis::Stream
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack, mappings
from rules.lib.numbers import number, whole

FUNCTION, STREAM = "AWS::Lambda::Function", "AWS::Kinesis::Stream"


def subjects(stack: Stack) -> list[str]:
    """The functions that read a stream with a share of the account's concurrency."""
    readers = [mappings.function_of(stack, each) for each in mappings.of_streams(stack).values()]
    return [
        name
        for name, each in stack.of(FUNCTION).items()
        if each in readers and "ReservedConcurrentExecutions" in each.properties
    ]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """A share below twice what the shards take: one for a batch, one for a batch that is tried again meanwhile."""
    function = stack.of(FUNCTION)[subject]
    path = ("Properties", "ReservedConcurrentExecutions")
    share = number(function.properties.get("ReservedConcurrentExecutions")) or 0
    needed = 0.0
    for name, mapping in mappings.of_streams(stack).items():
        if mappings.function_of(stack, mapping) == function:
            stream = stack.by_arn(mappings.source(mapping), STREAM)
            shards = number(stream.properties.get("ShardCount")) if stream else None
            if shards is None:
                yield Problem(
                    f"nothing says how many shards {name} reads, so the function's share may be too small for them.",
                    "state ShardCount of a stream of this template, or remove ReservedConcurrentExecutions.",
                    path,
                )
            needed += 2 * (shards or 0) * (number(mapping.properties.get("ParallelizationFactor")) or 1)
    if share < needed:
        yield Problem(
            f"the function's share of {whole(share)} is below twice the {whole(needed / 2)} that its shards take.",
            f"set ReservedConcurrentExecutions to {whole(needed)} or more.",
            path,
        )
