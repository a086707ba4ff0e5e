"""The volume-weighted average price."""

from decimal import Decimal

from harness.pipeline.question import volume_weighted_prices


def test_the_price_is_weighted_by_volume():
    (answer,) = volume_weighted_prices([("XNYS", "IBM", "182.10", "300"), ("XNYS", "IBM", "182.06", "100")])

    assert (answer.trades, answer.volume, answer.average_price) == (2, Decimal(400), Decimal("182.09000000"))


def test_no_digit_is_lost_to_a_float():
    """0.1 + 0.2 is the smallest sum that a float gets wrong."""
    (answer,) = volume_weighted_prices([("X", "A", "1", "0.1"), ("X", "A", "1", "0.2")])

    assert answer.volume == Decimal("0.3")


def test_a_symbol_is_taken_over_all_its_exchanges_and_the_busiest_comes_first():
    answers = volume_weighted_prices([("B", "S", "2", "1"), ("A", "T", "1", "1"), ("A", "S", "1", "3")])

    assert [(answer.symbol, answer.exchanges, answer.average_price) for answer in answers] == [
        ("S", ("A", "B"), Decimal("1.25")),
        ("T", ("A",), Decimal(1)),
    ]


def test_trades_without_volume_have_no_average():
    (answer,) = volume_weighted_prices([("A", "S", "1", "0")])

    assert answer.average_price is None
