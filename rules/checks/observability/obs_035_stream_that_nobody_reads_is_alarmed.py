"""OBS-035  stream_that_nobody_reads_is_alarmed

Why       A disabled mapping, or a role that lost a permission, reads nothing and raises no error: metrics of what is
          read have no data when nobody reads. Records wait, and after a week they expire. No exchange sends them twice.
Targets   AWS::Lambda::EventSourceMapping, AWS::Kinesis::Stream, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import Course, courses_missed
from rules.lib.mappings import of_streams, source
from rules.lib.metrics import metric_of

STREAM = "AWS::Kinesis::Stream"
#: Within how many minutes somebody has to know. Records are kept for days.
MINUTES = 30


def subjects(stack: Stack) -> list[str]:
    """The mappings that read a stream of the template."""
    return [name for name, each in of_streams(stack).items() if stack.by_arn(source(each), STREAM)]


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire if the mapping does not read, and to be quiet on an idle stream."""
    mapping = stack.resources[subject]
    stream = stack.by_arn(source(mapping), STREAM)
    if stream is None:
        return
    incoming = metric_of(stream, "AWS/Kinesis", "IncomingRecords", "StreamName")
    reads = metric_of(stream, "AWS/Kinesis", "GetRecords.Success", "StreamName")
    polled = metric_of(mapping, "AWS/Lambda", "PolledEventCount", "EventSourceMappingUUID")
    # (metric, every how many minutes, in which of them, value). Lambda asks each of ten shards once a second.
    asked, refused = (reads, 1, 0, 600.0), (reads, 1, 0, 0.0)
    # Five times a second is what a shard allows: 500 shards of another consumer's.
    another = (reads, 1, 0, 150_000.0)
    dense, sparse = (incoming, 1, 0, 1000.0), (incoming, 60, 0, 1.0)
    busy = (dense, (polled, 1, 0, 1000.0), asked)
    # The longest batching window is five minutes.
    slow = (sparse, (polled, 60, 5, 1.0), asked)
    courses = [
        Course("the stream is idle", (asked,), (asked,), None),
        Course("records arrive and are polled", busy, busy, None),
        Course("a record an hour is polled after five minutes", slow, slow, None),
        Course("records are polled every five minutes", busy, (dense, (polled, 5, 0, 5000.0), asked), None),
        Course("records arrive and nobody reads", busy, (dense,), MINUTES),
        Course("records arrive and reads are denied", busy, (dense, refused), MINUTES),
        Course("records arrive and only another consumer reads", busy, (dense, another), MINUTES),
        Course("one record an hour arrives and nobody reads", slow, (sparse,), MINUTES),
        Course("one record an hour arrives and reads are denied", slow, (sparse, refused), MINUTES),
        Course("nobody has read for as long as the metrics go back", (), (), MINUTES),
    ]
    if why := courses_missed(stack, [polled], courses):
        yield Problem(
            f"no alarm reports that nothing reads {stream.logical_id}: {why}.",
            "add an alarm on FILL(polled, 0) > 0 OR FILL(reads, 0) > 1000000 * FILL(incoming, 0), each the Sum in 300 "
            "seconds of AWS/Lambda PolledEventCount of the mapping and AWS/Kinesis GetRecords.Success and "
            "IncomingRecords of the stream: < 1 in three periods, TreatMissingData breaching.",
        )
