"""What else the readers extract: sides, ids, actions, counts, conditions."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from harness.replay.fills import FILLS
from pipeline_store.columns import FIELDS
from tests.captures.expected import EXPECTED
from tests.captures.oracle import NOWHERE, loads, pairs


def test_the_page_of_the_data_says_which_formats_fill_what(captures: Path) -> None:
    optional = {field.name for fields in FIELDS.values() for field in fields if not field.required}
    filled: dict[str, set[str]] = {}
    for name, expected in EXPECTED.items():
        for _, record in pairs(captures / name):
            levels = [level for side in ("bids", "asks") for level in record.get(side, ())]
            for field in {*record} & optional | {f"levels.{key}" for level in levels for key in level}:
                filled.setdefault(field, set()).add(expected.format)

    assert filled == FILLS


def test_a_tapes_row_keeps_its_conditions_and_its_exchanges_letter(captures: Path) -> None:
    for line, record in pairs(captures / "us_equity_ibm_trades_20131008.ndjson.gz"):
        row = json.loads(line)

        assert record["conditions"] == [row["conditions"]]
        assert record["extra"] == {"exchange_code": row["exchange"], "suspicious": row["suspicious"]}


def test_no_exchange_of_the_tape_is_unknown_or_shared(captures: Path) -> None:
    """Thirteen letters, thirteen exchanges: mapping two letters to one exchange would merge their trades."""
    letters = {
        (record["extra"]["exchange_code"], record["exchange"])
        for _, record in pairs(captures / "us_equity_ibm_trades_20131008.ndjson.gz")
    }

    assert len(letters) == len({exchange for _, exchange in letters}) == 13
    assert not [exchange for _, exchange in letters if len(exchange) != 4]


def test_coinbases_trades_have_the_side_that_its_tickers_name(captures: Path) -> None:
    """A ticker has the taker's side, a match the maker's: both must give one trade the same direction."""
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


def test_coinbases_messages_keep_sequences_and_ids(captures: Path) -> None:
    for line, record in pairs(captures / "coinbase_ws_20210417.txt.gz"):
        message = loads(line.partition(": ")[2])

        assert record.get("sequence") == message.get("sequence")
        if record["type"] == "trade":
            assert {record["side"], message["side"]} == {"buy", "sell"}
            assert record["trade_id"] == message["trade_id"]


def test_cmes_orders_keep_actions_ids_and_flags(captures: Path) -> None:
    actions = {"A": "new", "C": "delete", "M": "change", "F": "fill"}
    for line, record in pairs(captures / "cme_es_mbo_20231225_a.ndjson.gz"):
        sent = json.loads(line)
        if sent["action"] == "T":
            assert record["side"] == {"B": "buy", "A": "sell", "N": "none"}[sent["side"]]
        else:
            (entry,) = record["bids"] + record["asks"]
            assert (entry["action"], entry["order_id"]) == (actions[sent["action"]], sent["order_id"])
        assert record["sequence"] == str(sent["sequence"])
        assert record["extra"]["flags"] == sent["flags"]


@pytest.mark.parametrize("name", ["cme_es_mbp1_20240701", "cme_es_mbp10_20231225_derived", "databento_venue_samples"])
def test_databentos_depths_keep_numbers_of_orders_and_trades_keep_levels(captures: Path, name: str) -> None:
    for line, record in pairs(captures / f"{name}.ndjson.gz"):
        sent = json.loads(line)
        sent = sent.get("record", sent)
        if record["type"] != "market_depth":
            assert record["extra"].get("levels") == sent.get("levels")
            continue
        assert record["depth"] == len(sent["levels"])
        for side in ("bid", "ask"):
            there = [level for level in sent["levels"] if level[f"{side}_px"] != NOWHERE]
            assert [level["order_count"] for level in record[f"{side}s"]] == [level[f"{side}_ct"] for level in there]


def test_krakens_levels_keep_their_times_and_books_their_checksums(captures: Path) -> None:
    for line, record in pairs(captures / "kraken_ws_20210417.txt.gz"):
        parts = json.loads(line.partition(": ")[2])
        changes = {key: value for part in parts[1:-2] for key, value in part.items()}
        times = record["extra"]["level_times"]

        assert record.get("checksum") == changes.get("c")
        for side, short in (("bids", "b"), ("asks", "a")):
            assert times[side] == [level[2] for level in changes.get(short) or changes.get(f"{short}s") or []]
        assert record["event"] == ("update" if "c" in changes else "snapshot")


def test_a_bitmex_book_stays_whole_when_its_changes_are_applied(captures: Path) -> None:
    """Changes name levels by id alone: with a wrong id or action, a change matches no level."""
    books: dict[str, dict[str, str]] = {}
    applied: Counter[str] = Counter()
    for _, record in pairs(captures / "bitmex_ws_20210722.txt.gz"):
        if record["type"] != "order_book":
            continue
        if record["event"] == "snapshot":
            books[record["symbol"]] = {}
        # For some books, the capture begins with changes, before their snapshot.
        book = books.get(record["symbol"])
        if book is None:
            continue
        for side in ("bids", "asks"):
            for level in record[side]:
                action = level.get("action", "set")
                assert (level["level_id"] in book) == (action in ("change", "delete"))
                if action == "delete":
                    del book[level["level_id"]]
                else:
                    book[level["level_id"]] = side
                applied[action] += 1

    assert min(applied[action] for action in ("set", "new", "change", "delete")) > 400


def test_a_deribit_books_changes_follow_each_other(captures: Path) -> None:
    last: dict[str, str] = {}
    followed = 0
    for _, record in pairs(captures / "deribit_ws_20210722.txt.gz"):
        if record["type"] != "order_book":
            continue
        if record["event"] == "update":
            assert record["previous_sequence"] == last[record["symbol"]]
            followed += 1
        last[record["symbol"]] = record["sequence"]

    assert followed == 36


@pytest.mark.parametrize("name", ["binance_spot_btcusdt_20240808", "binance_usdm_btcusdt_20240808"])
def test_binances_books_continue_from_the_numbers_before(captures: Path, name: str) -> None:
    """The venue's rule for building a book: each update begins where the previous one ended."""
    last: int | None = None
    gaps = followed = 0
    for _, record in pairs(captures / f"{name}.txt.gz"):
        if record["type"] != "order_book" or record["event"] != "update":
            continue
        begins = (
            int(record["previous_sequence"]) if "previous_sequence" in record else int(record["first_sequence"]) - 1
        )
        if last is not None:
            followed += 1
            gaps += begins != last
        last = int(record["sequence"])

    assert followed > 1_000
    assert gaps == 0


def test_binances_trades_happen_on_the_side_that_they_name(captures: Path) -> None:
    """A buyer takes the best ask: a reversed side would be at the other end of the spread."""
    best: dict[str, Decimal] = {}
    agreed: Counter[bool] = Counter()
    for _, record in pairs(captures / "binance_usdm_btcusdt_20240808.txt.gz"):
        if record["type"] == "market_depth":
            best = {side: Decimal(record[side][0]["price"]) for side in ("bids", "asks")}
        elif record["type"] == "trade" and best:
            price = Decimal(record["price"])
            closer = "buy" if abs(price - best["asks"]) < abs(price - best["bids"]) else "sell"
            agreed[closer == record["side"]] += 1

    # Quotes and trades come on separate channels, so a few arrive late.
    assert agreed[True] > 9 * agreed[False]


def test_a_bitfinex_level_without_orders_has_no_volume(captures: Path) -> None:
    deleted = 0
    for line, record in pairs(captures / "bitfinex_ws_20210417.txt.gz"):
        if record["type"] != "order_book":
            continue
        data = loads(line.partition(": ")[2])[1]
        rows = data if isinstance(data[0], list) else [data]
        counts = sorted(row[1] for row in rows)
        levels = record["bids"] + record["asks"]
        assert sorted(str(level.get("order_count", 0)) for level in levels) == counts
        deleted += sum(level.get("action") == "delete" for level in levels)

    assert deleted > 100


def test_a_bitstamp_order_is_created_before_it_is_deleted_on_the_same_side(captures: Path) -> None:
    alive: dict[str, str] = {}
    met = 0
    for _, record in pairs(captures / "bitstamp_l3_20150501_a.txt.gz"):
        if record["type"] != "order_book":
            continue
        ((side, entry),) = [(side, entry) for side in ("bids", "asks") for entry in record[side]]
        if entry["action"] == "new":
            alive[entry["order_id"]] = side
        elif entry["order_id"] in alive:
            assert alive[entry["order_id"]] == side
            met += 1

    assert met > 12_000
