"""RES-057  queue_takes_whole_messages

Why       SQS refuses a message above the queue's maximum, and a notification that is refused is
          gone: the object is never processed.
Targets   AWS::SQS::Queue
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::SQS::Queue",
    "MaximumMessageSize",
    lambda value, queue, stack: (number(value) or 0) >= 262144,
    "the queue refuses messages above {value} bytes.",
    "set MaximumMessageSize to 262144 or more, or leave it out.",
)
