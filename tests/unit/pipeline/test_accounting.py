"""The account of a run: positions only."""

from hypothesis import given
from hypothesis import strategies as st

from harness.pipeline.accounting import Mismatch, account

A, B, C = ("shard-0", "1"), ("shard-0", "2"), ("shard-1", "1")


def test_a_record_in_parquet_and_one_in_quarantine_balance():
    result = account([A, B], [A], [(B, "not_json")])

    assert result.balanced
    assert (result.parquet_rows, result.quarantined) == (1, 1)
    assert result.quarantined_by_reason == {"not_json": 1}


def test_a_missing_record_does_not_hide_behind_a_doubled_one():
    """Two rows for two records look right in a count."""
    result = account([A, B], [A, A], [])

    assert result.lost == [B]
    assert result.doubled == [A]
    assert not result.balanced


def test_a_record_in_parquet_and_in_quarantine_is_doubled():
    result = account([A], [A], [(A, "not_json")])

    assert result.doubled == [A]
    assert (result.parquet_rows, result.quarantined) == (1, 0)


def test_a_quarantine_line_in_two_overlapping_objects_is_one_record():
    result = account([A], [], [(A, "not_json"), (A, "not_json")])

    assert result.balanced
    assert result.quarantined == 1


def test_a_record_that_is_quarantined_for_two_reasons_is_doubled():
    """Two verdicts are two outcomes, and only one of them can be right."""
    assert account([A], [], [(A, "not_json"), (A, "bad_symbol")]).doubled == [A]


def test_a_stored_record_that_nobody_produced_is_named():
    assert account([A], [A, C], []).foreign == [C]


def test_a_bad_record_that_passes_is_named():
    result = account([A], [A], [], expected={A: "not_json"})

    assert result.mismatched == [Mismatch(A, "not_json", None)]


def test_a_good_record_that_is_refused_is_named():
    result = account([A], [], [(A, "bad_symbol")], expected={A: None})

    assert result.mismatched == [Mismatch(A, None, "bad_symbol")]


positions = st.tuples(st.sampled_from(["s0", "s1"]), st.integers(1, 6).map(str))


@given(st.lists(positions), st.lists(positions), st.lists(st.tuples(positions, st.sampled_from(["x", "y"]))))
def test_the_books_always_balance(produced, parquet, quarantine):
    """Each record is always counted in exactly one of the three columns."""
    result = account(produced, parquet, quarantine)

    assert result.parquet_rows + result.quarantined + len(result.lost) == result.records_in == len(set(produced))
    assert sum(result.quarantined_by_reason.values()) == result.quarantined
