"""OBS-051  alarm_tells_its_end_where_it_tells_its_start

Why       Whoever is woken by an alarm waits for its end. What is told elsewhere is heard by nobody,
          or by a stranger who learns when the pipeline is down.
Targets   AWS::CloudWatch::Alarm
"""

from harness.render.resources import items
from rules.lib.alarms import called
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::CloudWatch::Alarm",
    "OKActions InsufficientDataActions",
    lambda value, alarm, stack: isinstance(value, list) and {*map(str, items(value))} <= {*map(str, called(alarm))},
    "the alarm tells {value}, which it does not tell its start.",
    "name topics of AlarmActions only.",
)
