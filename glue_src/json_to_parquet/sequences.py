"""SQL expressions that compare each message's sequence with that of the message before it."""

from __future__ import annotations

from pipeline_store.columns import SEQUENCE_GAP, SEQUENCE_REPEATED, SEQUENCE_RESET

#: The column that `before` adds and `flagged` reads.
_BEFORE = "sequence_before"


def before(partition_by: str) -> str:
    """The sequence of the instrument's message before this one in its shard, without those that have none.

    `partition_by` names the columns by which the rows are already distributed, so that Spark moves none of them.
    """
    message = f"PARTITION BY {partition_by}, exchange, symbol, shard_id ORDER BY digits, sequence_number"
    earlier = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    return f"last(sequence, true) OVER ({message} {earlier}) AS {_BEFORE}"


def flagged(columns: list[str]) -> list[str]:
    """These columns, with `flags` and `sequence_gap` as the comparison gives them; the first message has none."""
    repeated = f"sequence = {_BEFORE}"
    # Integers are compared as such: 007 is 7. Other ids have no order, so only whether they are equal is known.
    reset = f"{_number('sequence')} < {_number(_BEFORE)}"
    continues = f"coalesce({_number('previous_sequence')} = {_number(_BEFORE)}, previous_sequence = {_BEFORE})"
    # A message that is sent again follows itself, which is no gap.
    gap = f"NOT {continues} AND NOT coalesce({repeated}, false)"
    found = ", ".join(
        f"CASE WHEN {condition} THEN '{flag}' END"
        for flag, condition in ((SEQUENCE_REPEATED, repeated), (SEQUENCE_RESET, reset), (SEQUENCE_GAP, gap))
    )
    missing = f"try_subtract({_number('previous_sequence')}, {_number(_BEFORE)})"
    values = {
        "flags": f"concat(flags, array_compact(array({found}))) AS flags",
        SEQUENCE_GAP: f"CASE WHEN {gap} THEN try_cast({missing} AS BIGINT) END AS {SEQUENCE_GAP}",
    }
    return [values.get(name, f"`{name}`") for name in columns]


def _number(text: str) -> str:
    # What a cast would take besides integers, such as 1.5 and 1e5, it would round.
    return f"CASE WHEN {text} RLIKE '^-?[0-9]{{1,38}}$' THEN CAST({text} AS DECIMAL(38,0)) END"
