"""From validated lines to rows: every digit, every time, every text."""

import json
import re
import zlib
from decimal import Decimal

import pytest

from json_to_parquet.transforms import read_rows
from tests.glue.fakes import HOUR, RULES, line, write_object

PREFIX = "validated/market-data/"
FILE = "shardId-000000000000-1-" + "9" * 60 + "-2-0123456789abcdef"
NAME = f"market-data/feed=trade/{HOUR}{FILE}.json.gz"


@pytest.fixture
def rows_of(spark, tmp_path):
    """Read lines as the job does; return the rows in the lines' order."""

    def read(*lines, feed="trade", buckets=4):
        key = f"{PREFIX}feed={feed}/{HOUR}{FILE}-{RULES}.json.gz"
        write_object(tmp_path / key, lines)
        rows = read_rows(spark, f"file:{tmp_path}/", PREFIX, [key], {"2026-11-22/22": buckets})
        # Formatted in the session's zone, UTC: in Python it would become the machine's local time.
        return rows.withColumn("timestamp_us", rows.timestamp_us.cast("string")).collect()

    return read


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param("187.25", "187.25", id="as sent"),
        pytest.param("-37.63", "-37.63", id="below zero"),
        pytest.param("0", "0", id="zero"),
        pytest.param("9" * 20 + "." + "9" * 18, "9" * 20 + "." + "9" * 18, id="all that fits"),
        pytest.param("0." + "0" * 17 + "15", "0." + "0" * 16 + "02", id="half is rounded up"),
        pytest.param("-0." + "0" * 17 + "15", "-0." + "0" * 16 + "02", id="away from zero, below it"),
        pytest.param("1." + "1" * 30, "1." + "1" * 18, id="30 digits after the point"),
        pytest.param("9" * 20 + "." + "9" * 30, "9" * 20 + "." + "9" * 18, id="rounding up would overflow"),
        pytest.param("-" + "9" * 20 + "." + "9" * 19, "-" + "9" * 20 + "." + "9" * 18, id="and below zero"),
        pytest.param("0." + "0" * 29 + "1", "0", id="smaller than the column can tell"),
    ],
)
def test_a_price_is_stored_exactly_as_text_and_rounded_as_a_number(rows_of, sent, stored):
    """The number is for calculations, the text is the original: both must always be present."""
    (row,) = rows_of(line(1, price=sent))

    assert row.price_text == sent
    assert row.price_exact == Decimal(stored)
    # Python's own conversion is correctly rounded, too.
    assert row.price == float(sent)


def test_a_level_keeps_its_digits_and_its_absences(rows_of):
    """A null price in a level means that the venue sent none; an existing price never becomes null."""
    levels = [{"price": "0.10", "volume": "0", "action": "delete"}, {"order_id": "18446744073709551616"}]

    (row,) = rows_of(line(1, "order_book", bids=levels), feed="order_book")

    first, second = row.bids
    assert (first.price, first.price_exact, first.price_text, first.volume) == (0.1, Decimal("0.1"), "0.10", 0)
    assert (second.price, second.price_exact, second.price_text) == (None, None, None)
    assert (first.action, second.order_id) == ("delete", "18446744073709551616")
    assert row.asks == []


@pytest.mark.parametrize(
    ("ns", "us"),
    [
        pytest.param(1_795_385_000_000_000_999, "2026-11-22 22:03:20", id="cut, not rounded"),
        pytest.param(-1, "1969-12-31 23:59:59.999999", id="cut downwards before 1970"),
        pytest.param(-1_000, "1969-12-31 23:59:59.999999", id="whole before 1970"),
        pytest.param(2**63 - 1, "2262-04-11 23:47:16.854775", id="latest"),
        pytest.param(-(2**63), "1677-09-21 00:12:43.145224", id="earliest"),
    ],
)
def test_a_time_is_stored_to_the_nanosecond_and_for_query_engines(rows_of, ns, us):
    (row,) = rows_of(line(1, timestamp_ns=ns))

    assert row.timestamp == "2026-11-22T22:03:20.000000001Z"
    assert row.timestamp_ns == ns
    assert row.timestamp_us == us


def test_what_a_record_does_not_have_is_null(rows_of):
    (row,) = rows_of(line(1))

    for name in ("receive_timestamp", "receive_timestamp_ns", "receive_timestamp_us", "sequence", "extra", "side"):
        assert row[name] is None


def test_texts_are_stored_as_they_are(rows_of):
    """`extra` is JSON text: as an object, its numbers would be reformatted."""
    extra = '{"px": 1.10, "big": 123456789012345678901234567890, "é": "\\u00e9\\n", "a": [[1e400]]}'

    (row,) = rows_of(line(1, extra=extra, sequence="00012345678901234567890", conditions=["@", " F"], trade_id="7"))

    assert row.extra == extra
    assert row.sequence == "00012345678901234567890"
    assert row.conditions == ["@", " F"]
    assert (row.raw_key, row.date, row.hour) == (NAME, "2026-11-22", "22")


@pytest.mark.parametrize("symbol", ["IBM", "BTC-USD", "ES  Z6", "a'b\\c"])
def test_a_symbol_has_its_bucket_by_crc32(rows_of, symbol):
    """Another hash function, or version of it, would put late records into different files."""
    (row,) = rows_of(line(1, symbol=symbol), buckets=7)

    assert row.bucket == zlib.crc32(symbol.encode()) % 7


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param(
            {"v": 1, "shard": "shardId-000000000000", "arrival_ns": 1, "record": {}},
            "no seq in a validated line of " + NAME,
            id="position",
        ),
        pytest.param(line(0), "a record of another object in a validated line of " + NAME, id="before the first"),
        pytest.param(line("1" + "0" * 60), "a record of another object in a validated line", id="after the last"),
        pytest.param(
            line(1, shard="shardId-000000000001"), "a record of another object in a validated line", id="another shard"
        ),
        pytest.param(line(1) | {"v": 2}, "an unknown version of a validated line of " + NAME, id="version"),
        pytest.param(line(1, symbol=None), "no symbol in a validated line of " + NAME, id="symbol"),
        pytest.param(line(1, price=None), "no price in a validated line of " + NAME, id="price"),
        pytest.param(line(1, timestamp_ns=None), "no timestamp_ns in a validated line of " + NAME, id="time"),
        pytest.param(line(1, price="abc"), "not a number: abc", id="numeral"),
        pytest.param(b'{"v":1,"shard":', "malformed JSON in a validated line of " + NAME, id="half a line"),
        pytest.param(b"", "an unknown version of a validated line of " + NAME, id="empty line"),
        pytest.param(line(1, conditions="@"), "malformed JSON in a validated line of " + NAME, id="type"),
        pytest.param(line(1, venue="X"), "does not read (venue) in a validated line of " + NAME, id="a new field"),
        pytest.param(line(1) | {"tenant": ["x"]}, "does not read (tenant) in a validated line", id="beside the record"),
    ],
)
def test_a_line_that_the_validator_did_not_write_stops_the_job(rows_of, broken, message):
    """Validated lines are our own: a wrong one is a bug, and guessing would hide it in the data."""
    with pytest.raises(Exception, match=re.escape(message)):
        rows_of(line(2), broken)


@pytest.mark.parametrize(
    ("name", "named"),
    [("venue", "venue"), ("timestamp", "known, but null or at another level")],
    ids=["new", "known at another level"],
)
def test_a_new_field_of_a_level_stops_the_job(rows_of, name, named):
    level = {"price": "1", "volume": "2"}
    with pytest.raises(
        Exception, match=re.escape(f"a field that this job does not read ({named}) in a validated line")
    ):
        rows_of(line(1, "order_book", bids=[level, level | {name: "x"}]), feed="order_book")


@pytest.mark.parametrize("sequence", ["1", "10", "9" * 60])
def test_a_line_within_the_range_of_its_object_is_its_own(rows_of, sequence):
    """From the first to the last."""
    (row,) = rows_of(line(sequence))

    assert row.sequence_number == sequence


def test_a_text_that_looks_like_fields_is_a_text(rows_of):
    r"""`":` ends a name, and in a text it is `\":`, after any number of backslashes."""
    extra = 'a":b\\":"c\\\\":{"d":1,\\'

    (row,) = rows_of(line(1, extra=extra))

    assert row.extra == extra


@pytest.mark.parametrize(
    ("feed", "fields"),
    [
        pytest.param("trade", {"symbol": ":IBM"}, id="symbol"),
        pytest.param("trade", {"trade_id": ":"}, id="identifier"),
        pytest.param("trade", {"conditions": [":", "@", ":,"]}, id="conditions"),
        pytest.param("order_book", {"bids": [{"order_id": ":1"}, {"level_id": ":1"}]}, id="levels"),
    ],
)
def test_a_text_that_begins_with_a_colon_is_a_text(rows_of, feed, fields):
    """The contract allows it, and its quote and colon look like the end of a name."""
    (row,) = rows_of(json.dumps(line(1, feed, **fields), separators=(",", ":")).encode(), feed=feed)

    assert row.sequence_number == "1"


def test_a_level_of_a_depth_view_has_price_and_volume(rows_of):
    with pytest.raises(Exception, match="no volume in a validated line of"):
        rows_of(line(1, "market_depth", bids=[{"price": "1"}]), feed="market_depth")
