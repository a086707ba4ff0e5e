"""The instruments, times and digits of the records are those of the captures, in every one of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.replay.sources import open_sources
from market_data.timestamps import to_nanoseconds
from tests.captures.expected import EXPECTED
from tests.captures.oracle import Entry, Said, said


@pytest.mark.parametrize("name", EXPECTED)
def test_every_record_says_what_its_line_says(captures: Path, name: str) -> None:
    """Compared as text: 14.7550 must not become 14.755."""
    path, count = captures / name, 0
    for item, (line, expected) in zip(open_sources(str(path)), said(path), strict=True):
        assert (item.line, _read(json.loads(item.raw))) == (line, expected)
        count += 1

    assert count == EXPECTED[name].records


def _read(record: dict[str, Any]) -> Said:
    return Said(record["type"], record["symbol"], to_nanoseconds(record["timestamp"]), _entries(record))


def _entries(record: dict[str, Any]) -> list[Entry]:
    if record["type"] == "trade":
        return [Entry("", record["price"], record["volume"])]
    return [Entry(side, level.get("price"), level.get("volume")) for side in ("bids", "asks") for level in record[side]]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_time_that_is_not_the_venues_own_says_so(captures: Path, name: str) -> None:
    """A receive time taken for an event time would be a latency of zero, forever."""
    for item in open_sources(str(captures / name)):
        record = json.loads(item.raw)
        source = record.get("extra", {}).get("timestamp_source")

        assert source in (None, "receive", "latest_level")
        assert (record["timestamp"] == record.get("receive_timestamp")) == (source == "receive")
