"""RES-015  reserved_concurrency_covers_the_stream

Why       Each shard is read by one invocation at a time. With less concurrency than shards, some shards wait for
          others, at the busiest hour first, and a shard that waits too long loses records that expire.
Targets   AWS::Lambda::Function, AWS::Lambda::EventSourceMapping, AWS::Kinesis::Stream
"""

from rules.lib import Problem, Problems, Stack, mappings
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


def problems(stack: Stack, subject: str) -> Problems:
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
                    f"the shard count that {name} reads is unknown, so the reserved concurrency may be too small.",
                    "state ShardCount of a stream of this template, or remove ReservedConcurrentExecutions.",
                    path,
                )
            needed += 2 * (shards or 0) * (number(mapping.properties.get("ParallelizationFactor")) or 1)
    if share < needed:
        yield Problem(
            f"the function's reserved concurrency of {whole(share)} is less than twice its {whole(needed / 2)} shards.",
            f"set ReservedConcurrentExecutions to {whole(needed)} or more.",
            path,
        )
