"""The quarantine for programs: one JSON document, or only the records as they arrived."""

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any, BinaryIO

from harness.quarantine.reading import Found, Reading
from harness.quarantine.tally import Tally


def document(reading: Reading, tally: Tally) -> str:
    """The report with the samples' complete bytes, as JSON in printable ASCII."""
    content = {
        "where": str(reading.place), "total": tally.total, "by_reason": tally.by_reason, "by_stage": tally.by_stage,
        "repeated": reading.repeated, "other_objects": reading.place.others,
        "samples": {reason: [_sample(found) for found in tally.samples.get(reason, [])] for reason in tally.by_reason},
    }  # fmt: skip
    return json.dumps(content, indent=2)


def write_raw(records: Iterable[Found], stream: BinaryIO) -> int:
    """Write each record's bytes as a line; return how many were omitted.

    Omitted are records with a newline, which would become two, and blank ones, which a replay skips.
    """
    left_out = 0
    for found in records:
        data = found.record.data
        if b"\n" in data or data in (b"", b"\r"):
            left_out += 1
        else:
            stream.write(data + b"\n")
    return left_out


def _sample(found: Found) -> dict[str, Any]:
    record = found.record
    return {
        "object": found.object, "stage": found.stage, "shard": record.shard, "sequence_number": record.seq,
        "partition_key": record.key, "arrival": found.arrival, "detail": found.rejected.detail,
        "size": len(record.data), "data_base64": b64encode(record.data).decode(),
    }  # fmt: skip
