"""ENC-030  queue_asks_for_its_key_every_hour

Why       For as long as SQS reuses a data key, disabling our key stops nobody. A day is too long
          once a key has to be shut.
Targets   AWS::SQS::Queue
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::SQS::Queue",
    "KmsDataKeyReusePeriodSeconds",
    lambda value, queue, stack: 60 <= (number(value) or 0) <= 3600,
    "the queue reuses a data key for {value} seconds.",
    "set KmsDataKeyReusePeriodSeconds to 60 to 3600.",
)
