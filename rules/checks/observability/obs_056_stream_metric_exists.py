"""OBS-056  stream_metric_exists

Why       Kinesis rejects the whole update for a metric that it does not have, and the stack rolls
          back.
Targets   AWS::Kinesis::Stream
"""

from rules.lib.settings import setting

#: https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
METRICS = (
    "ALL",
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
)
subjects, problems = setting(
    "AWS::Kinesis::Stream",
    "DesiredShardLevelMetrics/*",
    lambda value, stream, stack: value in METRICS,
    "no shard has a metric {value}.",
    "name shard-level metrics of Kinesis, such as IteratorAgeMilliseconds.",
)
