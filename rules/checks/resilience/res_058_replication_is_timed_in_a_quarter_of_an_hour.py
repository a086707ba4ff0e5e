"""RES-058  replication_is_timed_in_a_quarter_of_an_hour

Why       S3 promises replication within 15 minutes, and counts what is late. It takes no other
          time, and promises nothing for a status that is off.
Targets   AWS::S3::Bucket
"""

from harness.render.resources import at
from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::S3::Bucket",
    "ReplicationConfiguration/Rules/*/Destination/ReplicationTime",
    lambda value, bucket, stack: at(value, "Status") == "Enabled" and number(at(value, "Time", "Minutes")) == 15,
    "its ReplicationTime is {value}.",
    "set Status to Enabled and Time.Minutes to 15.",
)
