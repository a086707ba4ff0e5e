"""OBS-036  stream_that_nobody_writes_is_alarmed

Why       A producer that stopped raises no error: nothing arrives and nothing fails. What is not sent meanwhile is lost
          for good, so somebody has to call the producer; the operator states how long a market may pause.
Targets   AWS::Kinesis::Stream, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import Silence, unalarmed
from rules.lib.metrics import metric_of
from rules.lib.numbers import number, whole

PARAMETER = "ProducerSilenceHours"
#: The longest that CloudWatch looks back.
A_WEEK = 168

subjects = all_of("AWS::Kinesis::Stream")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire after as many hours without a record as the parameter says, neither sooner nor later."""
    hours = number(stack.parameters.get(PARAMETER))
    minutes = int(60 * (hours or A_WEEK))
    # Without the parameter, any silence of a week at most; a record an hour is well.
    need = Silence(every=minutes - 1 if hours else 60, minutes=minutes, late=60)
    metric = metric_of(stack.resources[subject], "AWS/Kinesis", "IncomingRecords", "StreamName")
    if why := unalarmed(stack, metric, need):
        yield Problem(
            f"no alarm reports that no record has arrived for {whole(minutes / 60)} hours: {why}.",
            f"add an alarm on FILL with 0 of AWS/Kinesis IncomingRecords of the stream, its Sum in 3600 seconds: < 1 "
            f"in {PARAMETER} periods, TreatMissingData breaching.",
        )
