"""The volume-weighted average price."""

from decimal import Decimal

from harness.pipeline.vwap import vwap_by_symbol


def test_the_price_is_weighted_by_volume():
    (total,) = vwap_by_symbol([("XNYS", "IBM", "182.10", "300"), ("XNYS", "IBM", "182.06", "100")])

    assert (total.trades, total.volume, total.average_price) == (2, Decimal(400), Decimal("182.09000000"))


def test_no_digit_is_lost_to_a_float():
    """0.1 + 0.2 is the smallest sum that a float gets wrong."""
    (total,) = vwap_by_symbol([("X", "A", "1", "0.1"), ("X", "A", "1", "0.2")])

    assert total.volume == Decimal("0.3")


def test_a_symbol_is_taken_over_all_its_exchanges_and_the_busiest_comes_first():
    totals = vwap_by_symbol([("B", "S", "2", "1"), ("A", "T", "1", "1"), ("A", "S", "1", "3")])

    assert [(total.symbol, total.exchanges, total.average_price) for total in totals] == [
        ("S", ("A", "B"), Decimal("1.25")),
        ("T", ("A",), Decimal(1)),
    ]


def test_trades_without_volume_have_no_average():
    (total,) = vwap_by_symbol([("A", "S", "1", "0")])

    assert total.average_price is None
