"""Waits until every record on the stream is stored and validated; reports where records are stuck."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from harness import patience
from pipeline_store.keys import RAW_PREFIX, UNDECODABLE_PREFIX, parse_key
from pipeline_store.stages import Stage

#: Time between polls. With few objects, the emulated AWS responds in milliseconds.
POLL_SECONDS = 0.1
#: Wait at least this many times as long as a poll took: polling takes CPU time from the functions.
REST = 3
#: A cold start on a busy machine takes seconds. No healthy run makes no progress for this long.
STALLED_SECONDS = 90.0


class DrainError(Exception):
    """Records are stuck; the message says at which stage."""


@dataclass(frozen=True)
class Progress:
    """Progress: positions stored raw or in the consumer's quarantine, positions validated, raw objects."""

    stored: int
    judged: int
    objects: int


class Drain:
    """Polls the raw bucket's keys and the job rows; reads no object."""

    def __init__(self, s3: Any, dynamodb: Any, raw_bucket: str, job_table: str) -> None:
        self._s3 = s3
        self._dynamodb = dynamodb
        self._raw_bucket = raw_bucket
        self._job_table = job_table

    def progress(self) -> Progress:
        """Poll once."""
        judged = {
            row["JobId"]["S"]
            for page in self._dynamodb.get_paginator("scan").paginate(
                TableName=self._job_table, ProjectionExpression="JobId, Stage"
            )
            for row in page["Items"]
            if int(row["Stage"]["N"]) >= Stage.VALIDATED
        }
        stored = done = objects = 0
        for key in self._keys(RAW_PREFIX):
            count = parse_key(key).sequence_range.count
            objects += 1
            stored += count
            done += count if key in judged else 0
        undecodable = sum(parse_key(key).sequence_range.count for key in self._keys(UNDECODABLE_PREFIX))
        return Progress(stored=stored + undecodable, judged=done + undecodable, objects=objects)

    def wait(
        self,
        records: int,
        on_progress: Callable[[Progress], None],
        check: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Progress:
        """Return once `records` positions are validated; each poll calls `check`, which may raise."""
        stalled = patience.seconds(STALLED_SECONDS)
        last, moved_at = Progress(0, 0, 0), clock()
        while True:
            began = clock()
            check()
            now = self.progress()
            on_progress(now)
            # After a retry, objects may overlap, so the final count can exceed `records` but never fall below it.
            # For the same reason it is final only if it did not change since the last poll.
            if now.judged >= records and now.judged == now.stored and now == last:
                return now
            if now != last:
                last, moved_at = now, clock()
            elif clock() - moved_at > stalled:
                raise DrainError(
                    f"no progress for {stalled:.0f} s: of {records:,} records on the stream "
                    f"{now.stored:,} are stored and {now.judged:,} are validated"
                )
            sleep(max(POLL_SECONDS, REST * (clock() - began)))

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._raw_bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                yield entry["Key"]
