"""OBS-028  alarm_watches_something_of_the_template

Why       An alarm on a metric that does not exist never fires. Everybody relies on it, and it stays green while data is
          lost.
Targets   AWS::CloudWatch::Alarm, AWS::Lambda::Function, AWS::Kinesis::Stream, AWS::SQS::Queue
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import ALARM, watched
from rules.lib.metrics import faults

subjects = all_of(ALARM)


def problems(stack: Stack, subject: str) -> Problems:
    """It has to watch an existing metric of a resource of the template."""
    metrics = watched(stack.resources[subject])
    if not metrics:
        yield Problem(
            "the alarm watches no metric.",
            "set Namespace, MetricName and Dimensions, or a MetricStat in Metrics.",
            ("Properties", "Metrics"),
        )
    for path, metric in metrics:
        for fault in faults(stack, metric):
            yield Problem(
                f"the alarm can never fire: {metric.name or 'its metric'} {fault}.",
                "name the dimensions that the metric has, with the Ref or name of a resource of the template "
                "(rules/lib/metrics.py knows them).",
                path,
            )
