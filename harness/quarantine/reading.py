"""Quarantined records out of their objects, one at a time, each position once."""

from __future__ import annotations

import gzip
import io
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from harness.quarantine.errors import QuarantineError
from harness.quarantine.places import Place, StoredObject, failures_named
from market_data.envelope import QuarantinedRecord, RawRecord, arrival_text, decode_quarantine_line

#: A record of 10 MiB, the most that Kinesis takes, has 14 MiB as base64. Without a limit, an object that is no object
#: of ours, and has no line ends, would be read into memory as one line.
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
_BUFFER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A quarantined record, and where it was found."""

    object: str
    stage: str
    refused: QuarantinedRecord
    arrival: str

    @property
    def reason(self) -> str:
        """The code it was refused for; one that this version does not know, where another version refused it."""
        return self.refused.reason

    @property
    def record(self) -> RawRecord:
        """The record as it arrived."""
        return self.refused.record


class Reading:
    """The records of a place, to be gone through once.

    When Kinesis delivers a batch again, cut differently, the same record is stored in two objects. It is given once: as
    what the first object in the order of keys says, also where a newer version refused it for another reason. The
    positions of all records are held for that; a million take about 140 MB. Nothing else is held.
    """

    def __init__(self, place: Place, reasons: Collection[str] = ()) -> None:
        self.place = place
        #: The codes to give the records of; all, where it is empty.
        self.reasons = reasons
        #: Lines passed over because their record had been given already.
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
                refused = decode_quarantine_line(line)
                arrival = arrival_text(refused.record.arrival_ms)
            # Not only EnvelopeError: a line that we did not write may trip the decoder over anything.
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise QuarantineError(f"{stored.name}, line {number}: no line of a quarantine: {error}") from error
            yield Found(stored.name, stored.stage, refused, arrival)
    if not number:
        # There is no object without records; gzip takes a file of no bytes for a good one.
        raise QuarantineError(f"{stored.name}: holds no record")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=stream) as unzipped, io.BufferedReader(unzipped, _BUFFER_BYTES) as buffered:
        while line := buffered.readline(MAX_LINE_BYTES + 1):
            yield line
