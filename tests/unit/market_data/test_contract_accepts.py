"""Examples that the contract accepts: records that a real venue or producer could send."""

import json
from decimal import Decimal
from typing import Any

import pytest

from market_data import MarketDepth, OrderBook, Trade, canonical, feed_of, from_canonical, parse
from market_data.fast_path import read_common
from market_data.parsing import parse_exactly
from market_data.records import DEFAULT_NON_POSITIVE_EXCHANGES

TRADE = {
    "type": "trade", "symbol": "IBM", "exchange": "XNYS", "timestamp": "2013-10-08T12:47:49.457Z", "price": "182.10",
    "volume": "100",
}  # fmt: skip
BOOK = {
    "type": "order_book", "symbol": "BTC-USD", "exchange": "COINBASE", "timestamp": "2021-04-17T16:43:37.061845Z",
    "book": "L2", "event": "update", "bids": [{"price": "60000.00", "volume": "0.00000000"}], "asks": [],
}  # fmt: skip
DEPTH = {
    "type": "market_depth", "symbol": "ESH4", "exchange": "XCME", "timestamp": "2023-12-25T22:00:00.181198464Z",
    "depth": 10, "bids": [{"price": "4805.25", "volume": "12", "order_count": 3}],
    "asks": [{"price": "4805.50", "volume": "7", "order_count": 2}],
}  # fmt: skip


def raw(record: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({**record, **changes}).encode()


def written(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The canonical form, as readers of the validated object see it."""
    return json.loads(canonical(parse(raw(record, **changes))))


@pytest.mark.parametrize(("record", "kind"), [(TRADE, Trade), (BOOK, OrderBook), (DEPTH, MarketDepth)])
def test_each_feed_has_its_type(record: dict[str, Any], kind: type) -> None:
    assert isinstance(parse(raw(record)), kind)
    assert feed_of(raw(record)) == record["type"]


def test_the_canonical_form_is_the_record_and_its_time_in_nanoseconds() -> None:
    assert written(TRADE) == {**TRADE, "timestamp_ns": 1_381_236_469_457_000_000}
    assert written(BOOK) == {**BOOK, "timestamp_ns": 1_618_677_817_061_845_000}
    assert written(DEPTH) == {**DEPTH, "timestamp_ns": 1_703_541_600_181_198_464}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param("182.10", "182.10", id="the trailing zero is a statement of precision"),
        pytest.param("0.1000000000000000055511151231", "0.1000000000000000055511151231", id="more than a double's"),
        pytest.param("12345678901234567890", "12345678901234567890", id="20 integer digits"),
        pytest.param("0.000000000000000000000000000001", "0.000000000000000000000000000001", id="30 fraction digits"),
        pytest.param("0.0000001", "0.0000001", id="where Python itself would write 1E-7"),
        pytest.param("1e-7", "0.0000001", id="a small exponent"),
        pytest.param("1.50E+3", "1500", id="an exponent beyond the digits"),
        pytest.param("1.505e2", "150.5", id="an exponent within the digits"),
        pytest.param("1e19", "10000000000000000000", id="20 integer digits by exponent"),
    ],
)
@pytest.mark.parametrize("form", ["{}", '"{}"'], ids=["number", "text"])
def test_digits_are_kept_as_sent(sent: str, expected: str, form: str) -> None:
    """Backtests compare exact prices; a number that went through a double is a different number."""
    record = raw(TRADE, price="@").replace(b'"@"', form.format(sent).encode())

    assert json.loads(canonical(parse(record)))["price"] == expected
    assert parse(record).price == Decimal(sent)


@pytest.mark.parametrize("volume", ["0", "0.00000000", "0e-8", "0e5"])
def test_a_volume_of_zero_is_written_plainly(volume: str) -> None:
    """In books, volume zero deletes a level, and venues write it with as many decimals as other volumes."""
    level = {"price": "1.5", "volume": volume}

    assert "E" not in written(BOOK, bids=[level])["bids"][0]["volume"]
    assert written(TRADE, volume=volume)["volume"] in {"0", "0.00000000"}


@pytest.mark.parametrize("price", ["0", "-37.63", "-0.00000001"])
@pytest.mark.parametrize("exchange", sorted(DEFAULT_NON_POSITIVE_EXCHANGES))
def test_prices_of_zero_and_below_are_real_on_some_exchanges(exchange: str, price: str) -> None:
    """Crude oil once settled at -37.63; a pipeline that rejects it loses the day that everyone asks about."""
    assert written(TRADE, exchange=exchange, price=price)["price"] == price
    assert written(BOOK, exchange=exchange, bids=[{"price": price}])["bids"] == [{"price": price}]
    level = {"price": price, "volume": "1"}
    assert written(DEPTH, exchange=exchange, asks=[level])["asks"] == [level]


def test_the_exchanges_that_may_are_the_callers_choice() -> None:
    record = raw(TRADE, exchange="EPEX", price="-500")

    assert parse(record, allow_nonpositive=frozenset({"EPEX"})).price == -500


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (9007199254740993, "9007199254740993"),
        (18446744073709551616, "18446744073709551616"),
        (-1581323456, "-1581323456"),
        (0, "0"),
        ("007", "007"),
        ("6d7f0a2e-1e23-4e56", "6d7f0a2e-1e23-4e56"),
        ("1e5", "1e5"),
    ],
)
def test_ids_are_texts_with_every_digit(sent: Any, kept: str) -> None:
    """Ids above 2^53 are common; one that went through a double matches nothing."""
    ids = dict.fromkeys(["sequence", "previous_sequence", "first_sequence", "checksum"], sent)
    level = {"order_id": sent, "level_id": sent}

    assert written(TRADE, trade_id=sent, **ids).items() >= {"trade_id": kept, **dict.fromkeys(ids, kept)}.items()
    assert written(BOOK, asks=[level])["asks"] == [{"order_id": kept, "level_id": kept}]


def test_minus_zero_keeps_its_sign_as_an_id() -> None:
    """An integer type would turn -0 into 0 and make two ids equal."""
    record = parse(raw(TRADE, sequence="@").replace(b'"@"', b"-0"))

    assert record.sequence == "-0"


def test_extra_is_kept_byte_for_byte() -> None:
    """Its content is unknown here; its users need it unchanged."""
    extra = '{"b":1.10, "a" : [1E5,null,{}],"price":-0.0,"\\u0061\\/":"\u00e9\u4e2d","n":12345678901234567890123456789}'
    record = raw(TRADE, extra="@").replace(b'"@"', extra.encode())

    assert bytes(parse(record).extra) == extra.encode()
    assert json.loads(canonical(parse(record)))["extra"] == extra


def test_extra_does_not_break_the_line_it_is_written_on() -> None:
    """Line breaks between tokens are JSON; in a file of lines they would cut the record in two."""
    record = raw(TRADE, extra="@").replace(b'"@"', b'{\r\n\t"a":\n1}')
    line = canonical(parse(record))

    assert not {b"\n"[0], b"\r"[0]} & set(line)
    assert from_canonical(line) == parse(record)


SYMBOLS = ["A", "BRK B", "BTC/USD", "tTESTBTC:TESTUSD", "ES 03-24!", ":x", '"', "\\", "price", "x" * 64]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_symbols_are_as_odd_as_the_venues(symbol: str) -> None:
    assert written(TRADE, symbol=symbol)["symbol"] == symbol


def test_conditions_keep_their_blanks() -> None:
    """The tape's blank condition means "regular sale": it is a code like any other."""
    assert written(TRADE, conditions=["@", " ", "0x80"])["conditions"] == ["@", " ", "0x80"]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2000-02-29T12:00:00.5+05:30", 951_805_800_500_000_000),
        ("2026-11-22T22:04:46.123456789-05:00", 1_795_403_086_123_456_789),
        ("2026-11-22T22:04:46-00:00", 1_795_385_086_000_000_000),
        ("1677-09-21T00:12:43.145224192Z", -(2**63)),
        ("2262-04-11T23:47:16.854775807Z", 2**63 - 1),
    ],
)
def test_times_become_nanoseconds_exactly(text: str, nanoseconds: int) -> None:
    """Seconds as a double are off by hundreds of nanoseconds, which is many messages."""
    got = written(TRADE, timestamp=text, receive_timestamp=text)

    assert got["timestamp"] == got["receive_timestamp"] == text
    assert got["timestamp_ns"] == got["receive_timestamp_ns"] == nanoseconds


def test_a_clear_may_have_empty_sides() -> None:
    assert written(BOOK, event="clear", bids=[])["event"] == "clear"


@pytest.mark.parametrize("action", ["cancel", "correct"])
def test_a_trade_can_be_cancelled_and_corrected(action: str) -> None:
    """Venues do both, and an average price must not count what did not stand."""
    record = parse(raw(TRADE, trade_id=8, action=action, references=7))

    assert (record.action, record.references, record.amends) == (action, "7", True)
    assert written(TRADE, action=action, references=7).items() >= {"action": action, "references": "7"}.items()
    assert not parse(raw(TRADE, action="new")).amends


def test_a_record_of_10_000_levels_a_side_is_read() -> None:
    side = [{"price": str(price), "volume": 1} for price in range(1, 10_001)]

    assert len(parse(raw(BOOK, bids=side, asks=side)).asks) == 10_000


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(raw(TRADE), id="trade"),
        pytest.param(raw(TRADE, side="buy", sequence=17, trade_id="a-1"), id="trade with ids"),
        pytest.param(raw(TRADE, extra={"tape": "A", "n": 1.25}), id="trade with extra"),
        pytest.param(
            b'{"symbol":"A","price":1.5,"volume":2,"timestamp":"2020-01-01T00:00:00Z","exchange":"X"}', id="five"
        ),
        pytest.param(raw(BOOK), id="book"),
        pytest.param(raw(BOOK, bids=[{"order_id": 7, "action": "delete"}]), id="market by order"),
        pytest.param(raw(DEPTH), id="depth"),
        pytest.param(json.dumps(DEPTH, separators=(",", ":")).encode(), id="compact"),
    ],
)
def test_usual_records_take_the_shortcut(record: bytes) -> None:
    """If every record took the slow path, results would still be right, but the function ten times slower."""
    assert read_common(record) == parse_exactly(record, frozenset())
