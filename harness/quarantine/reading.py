"""Reads quarantined records from their objects, each stream position once."""

import gzip
import io
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from harness.quarantine.errors import QuarantineError
from harness.quarantine.places import Place, StoredObject, failures_named
from market_data.envelope import QuarantinedRecord, RawRecord, arrival_text, decode_quarantine_line

#: A record of 10 MiB, Kinesis's maximum, has 14 MiB in base64. Without a limit, a foreign object without line
#: ends would be read into memory as one line.
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
_BUFFER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A quarantined record, and where it was found."""

    object: str
    stage: str
    rejected: QuarantinedRecord
    arrival: str

    @property
    def reason(self) -> str:
        """The rejection code; unknown to this version if another version wrote it."""
        return self.rejected.reason

    @property
    def record(self) -> RawRecord:
        """The record as it arrived."""
        return self.rejected.record


class Reading:
    """The records of a place, for one iteration.

    When Kinesis redelivers a batch split differently, a record is stored in two objects. It is yielded once, from the
    first object in key order. For this, all positions are kept in memory; a million take about 140 MB.
    """

    def __init__(self, place: Place, reasons: Collection[str] = ()) -> None:
        self.place = place
        #: Only records with these codes; empty means all.
        self.reasons = reasons
        #: Lines skipped because their record was already yielded.
        self.repeated = 0
        self._seen: defaultdict[str, set[str]] = defaultdict(set)

    def __iter__(self) -> Iterator[Found]:
        for stored in self.place.objects():
            for found in _records(stored):
                sequences = self._seen[found.record.shard]
                is_repeated = found.record.seq in sequences
                sequences.add(found.record.seq)
                if self.reasons and found.reason not in self.reasons:
                    continue
                if is_repeated:
                    self.repeated += 1
                else:
                    yield found


def _records(stored: StoredObject) -> Iterator[Found]:
    number = 0
    with failures_named(stored.name), stored.open() as stream:
        for number, line in enumerate(_lines(stream), 1):
            try:
                if len(line) > MAX_LINE_BYTES:
                    raise ValueError(f"longer than {MAX_LINE_BYTES:,} bytes")
                rejected = decode_quarantine_line(line)
                arrival = arrival_text(rejected.record.arrival_ms)
            # Not only EnvelopeError: a foreign line can raise anything in the decoder.
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise QuarantineError(f"{stored.name}, line {number}: not a quarantine line: {error}") from error
            yield Found(stored.name, stored.stage, rejected, arrival)
    if not number:
        # The pipeline writes no empty objects; gzip accepts an empty file.
        raise QuarantineError(f"{stored.name}: contains no record")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=stream) as unzipped, io.BufferedReader(unzipped, _BUFFER_BYTES) as buffered:
        while line := buffered.readline(MAX_LINE_BYTES + 1):
            yield line
