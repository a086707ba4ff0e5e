"""RES-014  visibility_outlasts_six_tries

Why       While a function processes a message, or Lambda holds it back because of throttling, the queue must not
          deliver it again. It would be processed twice at once, and attempts that never ran would count toward
          dead-lettering.
Targets   AWS::SQS::Queue, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function
"""

from rules.lib import Problem, Problems, Stack, mappings
from rules.lib.numbers import number, whole

QUEUE = "AWS::SQS::Queue"
#: Seconds that Lambda takes where a function does not say, and the most that it lets one run.
DEFAULT, MOST = 3, 900
#: Seconds that readers may wait for the next attempt, if the function needs no more.
LONGEST = 3600


def subjects(stack: Stack) -> list[str]:
    """The queues that a mapping reads."""
    return [name for name, each in stack.of(QUEUE).items() if mappings.workers_of(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """A visibility timeout below six times the function's and the batching window, as Lambda asks; or far above."""
    queue = stack.of(QUEUE)[subject]
    path = ("Properties", "VisibilityTimeout")
    hidden = number(queue.properties.get("VisibilityTimeout"))
    for mapping, function in mappings.workers_of(stack, queue):
        if function is None:
            yield Problem(
                f"the function of {mapping.logical_id} is not in this template, so nothing shows that messages stay "
                "hidden while it works.",
                f"name a function of this template in {mapping.logical_id}'s FunctionName.",
                path,
            )
            continue
        timeout = number(function.properties.get("Timeout", DEFAULT))
        window = number(mapping.properties.get("MaximumBatchingWindowInSeconds")) or 0
        needed = 6 * (MOST if timeout is None else timeout) + window
        if hidden is None or hidden < needed:
            yield Problem(
                f"a message becomes visible again before {function.logical_id} and Lambda's retries are done with it.",
                f"set VisibilityTimeout to {whole(needed)} or more.",
                path,
            )
        elif hidden > max(2 * needed, LONGEST):
            yield Problem(
                f"a message that failed once stays hidden for {whole(hidden)} seconds, and readers wait for it.",
                f"set VisibilityTimeout to {whole(needed)}.",
                path,
            )
