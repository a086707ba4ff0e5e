"""Numbers and times keep every digit, compared with models in Decimal and datetime, which the code does not use."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.replay.errors import LineError
from harness.replay.numerals import from_new_york, from_unix_nanoseconds, from_unix_seconds, point_inserted, whole

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(-(10**25), 10**25), st.integers(1, 12))
@example(0, 4)
@example(-5, 4)
def test_a_point_is_put_in_and_no_digit_is_lost(units: int, places: int) -> None:
    """182.1000 and 182.1 are the same number, but not what the venue sent."""
    text = point_inserted(str(units), places)

    assert Decimal(text) == Decimal(units).scaleb(-places)
    assert len(text.partition(".")[2]) == places
    assert not text.lstrip("-").startswith("00")


def test_zeros_a_venue_pads_with_are_dropped() -> None:
    assert point_inserted("0001821000", 4) == "182.1000"


@pytest.mark.parametrize("text", ["", "1.5", "1e6", " 1", "1_000", "\u0661", "+1", "--1", "NaN", "1" * 41])
def test_what_is_no_whole_number_is_refused_instead_of_scaled(text: str) -> None:
    with pytest.raises(LineError):
        point_inserted(text, 4)


@pytest.mark.parametrize("text", ["", "1.0", "many"])
def test_a_count_is_a_whole_number(text: str) -> None:
    with pytest.raises(LineError):
        whole(text)


@given(st.integers(0, 4_102_444_800_000_000_000))
def test_nanoseconds_keep_all_nine_digits(nanoseconds: int) -> None:
    text = from_unix_nanoseconds(str(nanoseconds))

    date, _, fraction = text.removesuffix("Z").partition(".")
    seconds = (datetime.fromisoformat(date + "+00:00") - EPOCH) // timedelta(seconds=1)
    assert seconds * 10**9 + int(fraction) == nanoseconds
    assert len(fraction) == 9


@given(st.integers(0, 4_102_444_800), st.text("0123456789", max_size=9))
@example(1618677817, "0618958")
def test_seconds_keep_the_fraction_as_it_was_written(seconds: int, fraction: str) -> None:
    """A recorder writes six digits or seven; a float would invent the rest."""
    sent = f"{seconds}.{fraction}" if fraction else str(seconds)

    expected = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    assert from_unix_seconds(sent) == f"{expected}.{fraction}Z".replace(".Z", "Z")


@pytest.mark.parametrize("text", ["", "1.", ".5", "-1", "1e9", "1.0123456789", "99999999999999", "999999999999"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LineError):
        from_unix_seconds(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "9" * 30])
def test_nanoseconds_that_are_no_time_are_refused(text: str) -> None:
    with pytest.raises(LineError):
        from_unix_nanoseconds(text)


@pytest.mark.parametrize(
    ("date", "milliseconds", "expected"),
    [
        pytest.param("20131008", "31669457", "2013-10-08T12:47:49.457Z", id="summer: UTC-4"),
        pytest.param("20130108", "34200000", "2013-01-08T14:30:00.000Z", id="winter: UTC-5"),
        pytest.param("20131103", "3600000", "2013-11-03T05:00:00.000Z", id="before the clocks go back"),
        pytest.param("20131103", "34200000", "2013-11-03T14:30:00.000Z", id="after they went back"),
        pytest.param("20130310", "34200000", "2013-03-10T13:30:00.000Z", id="after they went forward"),
        pytest.param("20131008", "86399999", "2013-10-09T03:59:59.999Z", id="the next day in UTC"),
        pytest.param("20131008", "14400009.367", "2013-10-08T08:00:00.009367Z", id="with a fraction"),
        pytest.param("20131008", "0", "2013-10-08T04:00:00.000Z", id="midnight"),
    ],
)
def test_new_yorks_wall_clock_becomes_utc(date: str, milliseconds: str, expected: str) -> None:
    assert from_new_york(date, milliseconds) == expected


@pytest.mark.parametrize(
    ("date", "milliseconds"),
    [
        ("20131008", "86400000"),
        ("20131008", "-1"),
        ("20131008", "1.1234567"),
        ("20131008", ""),
        ("20131308", "0"),
        ("2013-10-8", "0"),
        ("", "0"),
    ],
)
def test_a_time_of_day_that_is_none_is_refused(date: str, milliseconds: str) -> None:
    with pytest.raises(LineError):
        from_new_york(date, milliseconds)
