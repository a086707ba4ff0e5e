"""OBS-030  dropped_batch_is_alarmed

Why       When retries are exhausted, Lambda drops a batch and reads on: it is in the on-failure destination, where
          nothing looks for it, or lost. Alerted at once, we redrive it; otherwise its records expire in the stream.
Targets   AWS::Lambda::EventSourceMapping, AWS::CloudWatch::Alarm
"""

import re

from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import FIRST, unalarmed
from rules.lib.metrics import metric_of

LOSSES = {
    "DroppedEventCount": "records that were dropped and could not be kept",
    "OnFailureDestinationDeliveredEventCount": "a batch that went to the on-failure destination",
}


def subjects(stack: Stack) -> list[str]:
    """The mappings that read streams."""
    sources = stack.of("AWS::Lambda::EventSourceMapping").items()
    streams = re.compile(r"arn:[^:]*:(kinesis:|dynamodb:.*/stream/)")
    return [name for name, each in sources if streams.match(str(each.properties.get("EventSourceArn")))]


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire within five minutes of the first record that is dropped, kept or not."""
    for name, loss in LOSSES.items():
        metric = metric_of(stack.resources[subject], "AWS/Lambda", name, "EventSourceMappingUUID")
        if why := unalarmed(stack, metric, FIRST):
            yield Problem(
                f"no alarm reports {loss}: {why}.",
                f"add an alarm on AWS/Lambda {name} of the mapping (EventSourceMappingUUID): Sum >= 1 in one period of "
                "at most 300 seconds.",
            )
