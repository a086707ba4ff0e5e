"""OBS-051  alarm_notifies_recovery_where_it_notifies_failure

Why       Whoever is woken by an alarm waits for its recovery. A notification to any other topic reaches
          nobody, or a stranger who learns when the pipeline is down.
Targets   AWS::CloudWatch::Alarm
"""

from harness.render.resources import items
from rules.lib.alarms import called
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::CloudWatch::Alarm",
    "OKActions InsufficientDataActions",
    lambda value, alarm, stack: isinstance(value, list) and {*map(str, items(value))} <= {*map(str, called(alarm))},
    "the alarm notifies {value} of its recovery, but not of the failure.",
    "name topics of AlarmActions only.",
)
