"""RES-056  queue_delivers_at_once

Why       A queue that delays what it is sent delays every hour of data by as much, and the alarms
          that count minutes do not know it.
Targets   AWS::SQS::Queue
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::SQS::Queue",
    "DelaySeconds",
    lambda value, queue, stack: number(value) == 0,
    "the queue holds every message back for {value} seconds.",
    "set DelaySeconds to 0, or leave it out.",
)
