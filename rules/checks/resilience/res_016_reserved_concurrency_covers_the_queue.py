"""RES-016  reserved_concurrency_covers_the_queue

Why       A mapping that takes more messages than the function may process at once returns the rest. Each return counts
          as an attempt, so good objects end up in the dead-letter queue. Concurrency beyond the mapping's maximum is
          never used, and missing elsewhere in the account.
Targets   AWS::Lambda::Function, AWS::Lambda::EventSourceMapping
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack, mappings
from rules.lib.numbers import number, whole

FUNCTION = "AWS::Lambda::Function"


def subjects(stack: Stack) -> list[str]:
    """The functions with a share of the account's concurrency that work a queue at a stated concurrency."""
    return [
        name
        for name, each in stack.of(FUNCTION).items()
        if "ReservedConcurrentExecutions" in each.properties and _concurrencies(stack, each)
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """A share that is not what the mappings invoke at once."""
    function = stack.of(FUNCTION)[subject]
    share = number(function.properties.get("ReservedConcurrentExecutions")) or 0
    needed = sum(number(each) or 0 for each in _concurrencies(stack, function))
    # How many more a stream takes is another rule's: reserved_concurrency_covers_the_stream.
    streams = any(mappings.function_of(stack, each) == function for each in mappings.of_streams(stack).values())
    if share > needed and not streams:
        yield Problem(
            f"the function reserves {whole(share)} of the account's concurrency and never uses more than "
            f"{whole(needed)}.",
            f"set ReservedConcurrentExecutions to {whole(needed)}, as the mapping's MaximumConcurrency.",
            ("Properties", "ReservedConcurrentExecutions"),
        )
    if share < needed:
        yield Problem(
            f"the function's reserved concurrency is {whole(share)}, but its queue mappings invoke it up to "
            f"{whole(needed)} times at once.",
            f"set ReservedConcurrentExecutions to {whole(needed)}, as the mapping's MaximumConcurrency.",
            ("Properties", "ReservedConcurrentExecutions"),
        )


def _concurrencies(stack: Stack, function: Resource) -> list[object]:
    # That one is stated is a rule of its own: queue_mapping_bounds_its_concurrency.
    return [
        stated
        for each in mappings.of_queues(stack).values()
        if mappings.function_of(stack, each) == function
        and (stated := at(each.properties, "ScalingConfig", "MaximumConcurrency")) is not None
    ]
