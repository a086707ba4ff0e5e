"""Where did every record end up? Computed from stream positions alone; no files, no AWS."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: (shard id, sequence number): what Kinesis calls a record, and what it answers the producer.
Position = tuple[str, str]


@dataclass(frozen=True)
class Mismatch:
    """A record whose fate is not the one its maker expected."""

    position: Position
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class Account:
    """The fate of each position; `parquet_rows + quarantined + len(lost) == records_in` always holds."""

    records_in: int
    #: Positions of the producer's that are in the Parquet, each counted once.
    parquet_rows: int
    #: Positions of the producer's that are in quarantine and not in the Parquet.
    quarantined: int
    quarantined_by_reason: dict[str, int]
    #: In neither place.
    lost: list[Position]
    #: More than one row, a row as well as a place in quarantine, or quarantined for two reasons.
    doubled: list[Position]
    #: Stored, but the producer never put them there.
    foreign: list[Position]
    #: Quarantined for another reason than expected, unexpectedly, or not at all. Only known for generated feeds.
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
    """Hold what is stored against what the producer was told it had put on the stream.

    `parquet` has one entry a row, `quarantine` one a stored line with its reason: the same line stored twice, in
    objects that overlap, is one record. `expected` gives, where a feed was generated, the reason each record is refused
    for (None: it is good); a position it does not name is not judged.
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
        # A lost record is told as lost, not as mismatched too.
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
