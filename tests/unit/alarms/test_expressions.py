"""Metric math, compared with the examples in AWS's documentation."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.alarms.errors import UnknownFunction, UnreadableExpression
from harness.alarms.expressions import Rows, Value, parse, work_out
from harness.alarms.reading import STANDARD, Reading

_ = None


def value(expression: str, reading: Reading = STANDARD, **rows: list[float | None]) -> Value:
    """An expression's result for these metrics with five-minute periods."""
    length = len(next(iter(rows.values()), [_]))
    by_id = {name: tuple(row) for name, row in rows.items()}
    return work_out(parse(expression), Rows(by_id, tuple(rows), dict.fromkeys(rows, 300), length, reading))


#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
COMPARED = {"metric1": [30, 20, 0, 0], "metric2": [20, _, 20, _]}
CHOSEN = {"metric1": [1, 1, 0, 0, _], "metric2": [30, _, 0, 0, 30], "metric3": [0, 0, 20, _, 20]}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("metric1 < metric2", (0, 0, 1, 0)),
        ("metric1 >= 30", (1, 0, 0, 0)),
        ("metric1 > 15 AND metric2 > 15", (1, 0, 0, 0)),
    ],
)
def test_comparisons_are_as_documented(expression: str, expected: Value) -> None:
    """The table of comparison and logical operators."""
    assert value(expression, **COMPARED) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(metric1, metric2, metric3)", (30, 0, 20, _, _)),
        ("IF(metric1, 5, metric3)", (5, 5, 20, _, _)),
        ("IF(metric1, metric2, 5)", (30, 0, 5, 5, _)),
        ("IF(metric1, metric2)", (30, 0, _, _, _)),
        ("IF(1 < 2, metric2, metric3)", (30, _, 0, 0, 30)),
        ("IF(2 < 1, metric2, metric3)", (0, 0, 20, _, 20)),
        ("IF(2 < 1, metric2)", (_, _, _, _, _)),
    ],
)
def test_if_is_as_documented(expression: str, expected: Value) -> None:
    """The tables of IF, and its forms with a scalar condition."""
    assert value(expression, **CHOSEN) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("a + b", (3, 1, 2, _), id="a missing number is zero, two are missing"),
        pytest.param("a - b", (-1, 1, -2, _), id="subtraction"),
        pytest.param("a + 1", (2, 2, _, _), id="a number does not fill a row"),
        pytest.param("10 / (a - 1)", (_, _, _, _), id="division by zero drops the point"),
        pytest.param("-a * 2", (-2, -2, _, _), id="unary minus"),
        pytest.param("2 + 3 * 2 ^ 2 - a", (13, 13, _, _), id="precedence"),
        pytest.param("a == 1 || b == 2 && a > 5", (1, 1, 0, _), id="and binds closer than or"),
        pytest.param("FILL(a, 7)", (1, 1, 7, 7), id="fill with a number"),
        pytest.param("FILL(a, b)", (1, 1, 2, _), id="fill with a row"),
        pytest.param("FILL(a, REPEAT)", (1, 1, 1, 1), id="fill by repeating"),
        pytest.param("SUM([a, b])", (3, 1, 2, _), id="the sum of several"),
        pytest.param("SUM(METRICS())", (3, 1, 2, _), id="the sum of all"),
        pytest.param('SUM(METRICS("b"))', (2, _, 2, _), id="the sum of those with an id"),
        pytest.param("MAX([a, b])", (2, 1, 2, _), id="the largest of several"),
        pytest.param("AVG([a, b])", (1.5, 0.5, 1, _), id="an average counts what is missing"),
        pytest.param("SUM(FILL(METRICS(), 0))", (3, 1, 2, 0), id="a function of an array"),
        pytest.param("a / PERIOD(a)", (1 / 300, 1 / 300, _, _), id="period"),
        pytest.param("TIME_SERIES(3) + a", (4, 4, 3, 3), id="a row of one number"),
        pytest.param("METRIC_COUNT(METRICS()) * a", (2, 2, _, _), id="how many metrics"),
        pytest.param("CEIL(a / 2) + FLOOR(a / 2) + ABS(-a)", (2, 2, _, _), id="rounding"),
    ],
)
def test_functions_do_what_they_say(expression: str, expected: Value) -> None:
    """Functions that the documentation has no examples for."""
    assert value(expression, a=[1, 1, _, _], b=[2, _, 2, _]) == expected


def test_fill_of_a_metric_without_numbers_depends_on_the_reading() -> None:
    """The documentation is ambiguous; both interpretations are available."""
    empty = {"a": [_, _]}

    assert value("FILL(a, 0)", **empty) == (0, 0)
    assert value("FILL(a, 0)", Reading(fills_the_empty=False), **empty) == (_, _)


@pytest.mark.parametrize("expression", ["RATE(a)", "SUM(a)", "fill(a, 0)", "FILL(a, LINEAR)", "SEARCH(1)"])
def test_an_unknown_function_is_not_harmless(expression: str) -> None:
    """What is not modelled is rejected, not treated as healthy."""
    with pytest.raises(UnknownFunction):
        value(expression, a=[1])


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a +",
        "(a",
        "a b",
        "FILL(a)",
        "IF(a)",
        "[1, 2]",
        "a ? b",
        "b",
        "'a'",
        "METRICS(a)",
        "PERIOD(1)",
        "(" * 99,
        "1 / 0",
        "a" * 5000,
    ],
)
def test_what_is_no_metric_math_is_refused(expression: str) -> None:
    """It is an error with a message, neither a crash nor a value."""
    with pytest.raises(UnreadableExpression):
        value(expression, a=[1])


@given(st.text(alphabet="ab01.+-*/^<>=&|()[], FILSUMTERC\"'", max_size=40))
def test_any_text_is_worked_out_or_refused(expression: str) -> None:
    """No other outcome, such as a Python exception."""
    with contextlib.suppress(UnreadableExpression):
        value(expression, a=[1, _], b=[_, 2])


ROWS = st.lists(st.one_of(st.none(), st.integers(0, 9).map(float)), min_size=3, max_size=3)


@given(ROWS, ROWS)
def test_without_gaps_it_is_plain_arithmetic(a: list[float | None], b: list[float | None]) -> None:
    """FILL with zero and comparisons agree with Python's results."""
    expected = tuple(float((one or 0) > 2 * (other or 0) or (one or 0) < 1) for one, other in zip(a, b, strict=True))

    assert value("FILL(a, 0) > 2 * FILL(b, 0) OR FILL(a, 0) < 1", a=a, b=b) == expected
