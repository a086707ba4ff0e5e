"""RES-052  dead_letter_queue_takes_its_own_sources

Why       A queue that any queue may give its dead letters to fills with strangers' messages. One
          that leaves out its own source loses what failed: SQS refuses the source's redrive policy.
Targets   AWS::SQS::Queue
"""

from typing import Any

from harness.render.resources import at, items
from rules.lib import Resource, Stack
from rules.lib.settings import setting


def _accepts(value: Any, queue: Resource, stack: Stack) -> bool:
    queues = stack.of("AWS::SQS::Queue").values()
    own = {each.arn for each in queues if at(each.properties, "RedrivePolicy", "deadLetterTargetArn") == queue.arn}
    named = items(at(value, "sourceQueueArns"))
    return at(value, "redrivePermission") == "byQueue" and bool(own) and set(map(str, named)) == own


subjects, problems = setting(
    "AWS::SQS::Queue",
    "RedriveAllowPolicy",
    _accepts,
    "its RedriveAllowPolicy is {value}, not the queues of the template that redrive to it.",
    "set redrivePermission to byQueue, and sourceQueueArns to the ARNs of exactly those queues.",
)
