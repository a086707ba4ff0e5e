"""RET-020  dead_letter_outlives_its_source

Why       A message keeps its age when it moves to the dead-letter queue. If that queue keeps messages no longer than
          the first, one that was retried for days is deleted before anybody looks at it.
Targets   AWS::SQS::Queue
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.numbers import number, whole

QUEUE = "AWS::SQS::Queue"
#: Four days, which SQS takes where a queue does not say.
DEFAULT = 345600


def subjects(stack: Stack) -> list[str]:
    """The queues that move messages to a dead-letter queue."""
    return [name for name, each in stack.of(QUEUE).items() if "RedrivePolicy" in each.properties]


def problems(stack: Stack, subject: str) -> Problems:
    """A dead-letter queue that keeps messages no longer than its source."""
    queue = stack.of(QUEUE)[subject]
    path = ("Properties", "RedrivePolicy")
    dead = stack.by_arn(at(queue.body, *path, "deadLetterTargetArn"), QUEUE)
    if dead is None:
        yield Problem(
            "the dead-letter queue is not in this template, so nothing shows that it keeps messages long enough.",
            "set RedrivePolicy.deadLetterTargetArn to a queue of this template.",
            path,
        )
    elif _kept(dead) <= _kept(queue):
        yield Problem(
            f"the dead-letter queue {dead.logical_id} keeps messages for {whole(_kept(dead))} seconds, this queue for"
            f" {whole(_kept(queue))}: a message that was retried for long is deleted on arrival.",
            f"set {dead.logical_id}'s MessageRetentionPeriod to 1209600, the most SQS offers.",
            path,
        )


def _kept(queue: Resource) -> float:
    stated = number(queue.properties.get("MessageRetentionPeriod", DEFAULT))
    return 0 if stated is None else stated
