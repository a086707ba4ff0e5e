"""Every record has the instrument, times and digits of its capture."""

import json
from pathlib import Path

import pytest

from tests.captures.expected import EXPECTED
from tests.captures.oracle import as_said, read, said


@pytest.mark.parametrize("name", EXPECTED)
def test_every_record_says_what_its_line_says(captures: Path, name: str) -> None:
    """Compared as text: 14.7550 must not become 14.755.

    And a time that is not the venue's own says so: a receive time taken for an event time would be a latency of zero,
    forever.
    """
    path, count = captures / name, 0
    for item, (line, expected) in zip(read(path)[1], said(path), strict=True):
        record = json.loads(item.raw)
        source = record.get("extra", {}).get("timestamp_source")

        assert (item.line, as_said(record)) == (line, expected)
        assert source in (None, "receive", "latest_level")
        assert (record["timestamp"] == record.get("receive_timestamp")) == (source == "receive")
        count += 1

    assert count == EXPECTED[name].records
