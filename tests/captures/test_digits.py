"""The digits and times of the records are those of the captures; the arithmetic here is its own, on their text."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.replay.sources import open_sources
from market_data import OrderBook, Trade, parse

NEW_YORK_MIDNIGHT = datetime(2013, 10, 8, 4, tzinfo=UTC)  # UTC-4 on that day
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def pairs(capture: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line that became one record, as text, and that record."""
    with gzip.open(capture, "rt", encoding="utf-8", newline="\n") as text:
        number = 0
        for item in open_sources(str(capture)):
            while number < item.line:
                line = next(text)
                number += 1
            yield line.rstrip("\n"), json.loads(item.raw)


def instant(text: str) -> tuple[datetime, str]:
    """A time in UTC as its whole second and its fraction's digits."""
    second, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(second).replace(tzinfo=UTC), fraction


def test_ibms_trades_keep_price_size_and_time(captures: Path) -> None:
    count = 0
    for line, record in pairs(captures / "us_equity_ibm_trades_20131008.ndjson.gz"):
        row = json.loads(line)
        second, fraction = instant(record["timestamp"])

        assert record["price"].replace(".", "") == row["price"]
        assert Decimal(record["price"]) * 10_000 == int(row["price"])
        assert record["volume"] == row["size"]
        assert second + timedelta(milliseconds=int(fraction)) == NEW_YORK_MIDNIGHT + timedelta(
            milliseconds=int(row["ms"])
        )
        assert record["conditions"] == [row["conditions"]]
        assert record["extra"] == {"exchange_code": row["exchange"], "suspicious": row["suspicious"]}
        count += 1

    assert count == 33_381


def test_no_exchange_of_the_tape_is_unknown_or_shared(captures: Path) -> None:
    """Thirteen letters, thirteen exchanges: a table that mapped two to one would merge their trades for good."""
    letters = {
        (record["extra"]["exchange_code"], record["exchange"])
        for _, record in pairs(captures / "us_equity_ibm_trades_20131008.ndjson.gz")
    }

    assert len(letters) == len({exchange for _, exchange in letters}) == 13
    assert not [exchange for _, exchange in letters if len(exchange) != 4]


def test_ibms_quotes_have_just_the_sides_their_rows_have(captures: Path) -> None:
    for line, record in pairs(captures / "us_equity_ibm_quotes_20131008.ndjson.gz"):
        row = json.loads(line)
        for side in ("bid", "ask"):
            price, size = row[f"{side}_price"], row[f"{side}_size"]
            levels = [(level["price"].replace(".", ""), level["volume"]) for level in record[f"{side}s"]]
            assert levels == ([] if (price, size) == ("0", "0") else [(price, size)])


def test_coinbases_messages_keep_every_numeral(captures: Path) -> None:
    """Compared as the text between the quotes: 14.7550 must not become 14.755."""
    seen = set()
    for line, record in pairs(captures / "coinbase_ws_20210417.txt.gz"):
        received, _, body = line.partition(": ")
        message = json.loads(body)
        kind = message["type"]
        seen.add(kind)
        second, fraction = instant(record["receive_timestamp"])
        seconds, _, digits = received.partition(".")

        assert (int((second - EPOCH).total_seconds()), fraction) == (int(seconds), digits)
        assert record["timestamp"] == message.get("time", record["receive_timestamp"])
        assert ("timestamp_source" in record["extra"]) == ("time" not in message)
        assert record["symbol"] == message["product_id"]
        assert record.get("sequence") == (str(message["sequence"]) if "sequence" in message else None)
        if kind in ("match", "last_match"):
            assert (record["price"], record["volume"]) == (message["price"], message["size"])
            assert {record["side"], message["side"]} == {"buy", "sell"}
            assert record["trade_id"] == str(message["trade_id"])
        elif kind == "ticker":
            assert [record["bids"][0]["price"], record["asks"][0]["price"]] == [
                message["best_bid"],
                message["best_ask"],
            ]
        else:
            entries = message.get("changes") or [
                [side, *level] for side, name in (("buy", "bids"), ("sell", "asks")) for level in message[name]
            ]
            for side, name in (("buy", "bids"), ("sell", "asks")):
                sent = [(price, size) for which, price, size in entries if which == side]
                assert [(level["price"], level["volume"]) for level in record[name]] == sent

    assert seen == {"match", "last_match", "ticker", "snapshot", "l2update"}


def test_coinbases_trades_have_the_side_that_its_tickers_name(captures: Path) -> None:
    """A ticker names the taker's side, a match the maker's: of one trade both must tell the same story."""
    sides: dict[tuple[str, str], set[str]] = {}
    kinds: dict[tuple[str, str], set[str]] = {}
    for _, record in pairs(captures / "coinbase_ws_20210417.txt.gz"):
        if record["type"] == "order_book":
            continue
        is_trade = record["type"] == "trade"
        trade = (record["symbol"], str(record["trade_id"] if is_trade else record["extra"]["trade_id"]))
        sides.setdefault(trade, set()).add(record["side"] if is_trade else record["extra"]["side"])
        kinds.setdefault(trade, set()).add(record["type"])

    both = [trade for trade, seen in kinds.items() if len(seen) == 2]
    assert len(both) > 50
    assert [sides[trade] for trade in both if len(sides[trade]) != 1] == []


def test_cmes_messages_keep_price_size_ids_and_times(captures: Path) -> None:
    actions = {"A": "new", "C": "delete", "M": "change", "F": "fill"}
    count = 0
    for line, record in pairs(captures / "cme_es_mbo_20231225_a.ndjson.gz"):
        sent = json.loads(line)
        for ours, theirs in (("timestamp", sent["hd"]["ts_event"]), ("receive_timestamp", sent["ts_recv"])):
            second, fraction = instant(record[ours])
            assert f"{int((second - EPOCH).total_seconds())}{fraction}" == theirs
        if sent["action"] == "T":
            entry = record
            assert record["side"] == {"B": "buy", "A": "sell", "N": "none"}[sent["side"]]
        else:
            (entry,) = record["bids"] + record["asks"]
            assert bool(record["asks"]) == (sent["side"] == "A")
            assert (entry["action"], entry["order_id"]) == (actions[sent["action"]], sent["order_id"])
        assert (entry["price"].replace(".", ""), entry["price"][-10]) == (sent["price"], ".")
        assert entry["volume"] == str(sent["size"])
        assert record["sequence"] == str(sent["sequence"])
        assert record["extra"]["flags"] == sent["flags"]
        count += 1

    assert count == 30_000


def test_depths_have_the_levels_that_are_there(captures: Path) -> None:
    nowhere = str(2**63 - 1)
    for name in ("cme_es_mbp1_20240701", "cme_es_mbp10_20231225_derived", "databento_venue_samples"):
        for line, record in pairs(captures / f"{name}.ndjson.gz"):
            sent = json.loads(line)
            sent = sent.get("record", sent)
            if record["type"] != "market_depth":
                assert record["extra"].get("levels") == sent.get("levels")
                continue
            assert record["depth"] == len(sent["levels"])
            for side in ("bid", "ask"):
                levels = [
                    (level["price"].replace(".", ""), level["volume"], level["order_count"])
                    for level in record[f"{side}s"]
                ]
                assert levels == [
                    (level[f"{side}_px"], str(level[f"{side}_sz"]), level[f"{side}_ct"])
                    for level in sent["levels"]
                    if level[f"{side}_px"] != nowhere
                ]


def test_every_numeral_reads_the_same_as_number_and_as_text(captures: Path, tmp_path: Path) -> None:
    """Another recorder of the same venue quotes its numbers differently; the digits do not change."""
    name = "cme_es_mbo_20231225_a.ndjson.gz"
    with gzip.open(captures / name, "rt") as text:
        lines = [line for _, line in zip(range(2_000), text, strict=False)]
    as_text = [json.dumps(json.loads(line, parse_int=str)) for line in lines]
    (tmp_path / "as_text").write_text("\n".join(as_text))
    (tmp_path / "as_sent").write_text("".join(lines))

    quoted, sent = ([parse(i.raw) for i in open_sources(str(tmp_path / name))] for name in ("as_text", "as_sent"))

    for one, other in zip(quoted, sent, strict=True):
        assert type(one) is type(other)
        assert (one.timestamp, one.sequence, one.symbol) == (other.timestamp, other.sequence, other.symbol)
        if isinstance(one, Trade) and isinstance(other, Trade):
            assert (one.price, one.volume) == (other.price, other.volume)
        if isinstance(one, OrderBook) and isinstance(other, OrderBook):
            assert (one.bids, one.asks) == (other.bids, other.asks)


def test_a_capture_cut_anywhere_reads_on(captures: Path, tmp_path: Path) -> None:
    """Readers keep nothing from line to line here, so a part of a capture is a part of its records."""
    name = "coinbase_ws_20210417.txt.gz"
    with gzip.open(captures / name) as stream:
        lines = stream.readlines()
    (tmp_path / "part").write_bytes(b"".join(reversed(lines[4_000:4_500])))

    whole = {item.line: item.raw for item in open_sources(str(captures / name))}
    part = [item.raw for item in open_sources(str(tmp_path / "part"))]

    assert part == [whole[number] for number in range(4_500, 4_000, -1)]
