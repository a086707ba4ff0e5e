"""RES-035  function_reserves_its_concurrency

Why       An account's functions share one concurrency limit. If ours reserves none, somebody's batch of a thousand
          invocations leaves nothing for the stream.
Targets   AWS::Lambda::Function, AWS::Lambda::EventSourceMapping
"""

from rules.lib import Problem, Problems, Stack, mappings
from rules.lib.numbers import number


def subjects(stack: Stack) -> list[str]:
    """The functions that a mapping drives, unless the parameter ReserveConcurrency says that none is reserved."""
    driven = [mappings.function_of(stack, each) for each in stack.of(mappings.MAPPING).values()]
    if stack.parameters.get("ReserveConcurrency", "true") != "true":
        return []
    return [name for name, each in stack.of("AWS::Lambda::Function").items() if each in driven]


def problems(stack: Stack, subject: str) -> Problems:
    """A function without a share. Whether it is the right one is for reserved_concurrency_covers_the_... to say."""
    function = stack.of("AWS::Lambda::Function")[subject]
    if number(function.properties.get("ReservedConcurrentExecutions")) is None:
        yield Problem(
            "the function reserves no concurrency, so any other function of the account can starve it.",
            "set ReservedConcurrentExecutions to the number of invocations that its mappings make at once.",
            ("Properties", "ReservedConcurrentExecutions"),
        )
