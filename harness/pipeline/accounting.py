"""Where each record ended up, computed from stream positions alone; no files, no AWS."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: (shard id, sequence number): a record's identity in Kinesis, as returned to the producer.
Position = tuple[str, str]


@dataclass(frozen=True)
class Mismatch:
    """A record with another outcome than its generator expected."""

    position: Position
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class Account:
    """The outcome of each position; `parquet_rows + quarantined + len(lost) == records_in` always holds."""

    records_in: int
    #: Produced positions that are in the Parquet, each counted once.
    parquet_rows: int
    #: Produced positions that are in quarantine and not in the Parquet.
    quarantined: int
    quarantined_by_reason: dict[str, int]
    #: Produced positions that are in neither.
    lost: list[Position]
    #: In more than one row, in a row and in quarantine, or quarantined for two reasons.
    doubled: list[Position]
    #: Stored, but never produced.
    foreign: list[Position]
    #: Quarantined for the wrong reason, unexpectedly, or not at all. Known only for generated feeds.
    mismatched: list[Mismatch]

    @property
    def balanced(self) -> bool:
        """Whether every record is in exactly one place, and in the right one."""
        return not (self.lost or self.doubled or self.foreign or self.mismatched)


def account(
    produced: Iterable[Position],
    parquet: Iterable[Position],
    quarantine: Iterable[tuple[Position, str]],
    expected: Mapping[Position, str | None] | None = None,
) -> Account:
    """Reconcile the stored records with the positions that Kinesis returned to the producer.

    `parquet` has one entry per row, `quarantine` one per stored line, with its reason; a line that overlapping objects
    store twice is one record. `expected`, for a generated feed, is each record's rejection reason (None: valid);
    positions that it lacks are not compared.
    """
    positions = set(produced)
    rows = Counter(parquet)
    reasons: dict[Position, str] = {}
    judged_twice = set()
    for position, reason in quarantine:
        if reasons.setdefault(position, reason) != reason:
            judged_twice.add(position)
    in_parquet = positions & rows.keys()
    in_quarantine = (positions & reasons.keys()) - in_parquet
    stored = rows.keys() | reasons.keys()
    mismatched = [
        Mismatch(position, reason, reasons.get(position))
        for position, reason in (expected or {}).items()
        # A lost record is reported as lost only, not as mismatched too.
        if position in stored and reasons.get(position) != reason
    ]
    return Account(
        records_in=len(positions),
        parquet_rows=len(in_parquet),
        quarantined=len(in_quarantine),
        quarantined_by_reason=dict(sorted(Counter(reasons[position] for position in in_quarantine).items())),
        lost=sorted(positions - stored),
        doubled=sorted(p for p in stored if rows[p] > 1 or p in judged_twice or (p in rows and p in reasons)),
        foreign=sorted(stored - positions),
        mismatched=mismatched,
    )
