"""`build/pipeline/summary.json`: the run's results as JSON, written after a failure too."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness.pipeline.accounting import Account, Position

#: Maximum positions listed; the counts are complete.
EXAMPLES = 100


@dataclass
class Source:
    """A source of records: one file, standard input or the generator.

    Of the `lines`, `session_lines` were the recorder's own or blank and `skipped` were messages that are no records;
    the rest became `records`.
    """

    path: str
    lines: int
    session_lines: int
    skipped: int
    records: int


@dataclass
class Summary:
    """The results of a run; stages that it did not reach leave zero or empty values."""

    #: Distinct stream positions that PutRecords returned to the producer, never read back.
    records_in: int = 0
    #: By trade, order_book, market_depth and unknown; adds up to `records_in`.
    records_by_feed: dict[str, int] = field(default_factory=dict)
    #: Distinct positions in the Parquet, which has one row per record.
    parquet_rows: int = 0
    #: Distinct positions in quarantine.
    quarantined: int = 0
    quarantined_by_reason: dict[str, int] = field(default_factory=dict)
    #: Rows that the Glue job read more than once and wrote once.
    duplicates_removed: int = 0
    #: Faults made on purpose, by kind; empty without FAULTS.
    faults: dict[str, int] = field(default_factory=dict)
    #: Runs of the Glue job: with FAULTS, it may take more than one.
    job_runs: int = 0
    lost: int = 0
    doubled: int = 0
    #: Messages of a capture that are not records (session and control messages); not put on the stream.
    skipped_by_kind: dict[str, int] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    #: Raw objects that the consumer stored: one per batch, feed and arrival hour.
    batches: int = 0
    elapsed_seconds: float = 0.0
    #: Seconds of each stage, in order.
    stage_seconds: dict[str, float] = field(default_factory=dict)
    exit_code: int = 1
    #: Why the run ended early, in one line.
    error: str | None = None
    lost_positions: list[Position] = field(default_factory=list)
    doubled_positions: list[Position] = field(default_factory=list)
    #: Stored positions that the producer never put on the stream.
    foreign: int = 0
    foreign_positions: list[Position] = field(default_factory=list)
    #: Records of a generated feed with another outcome than expected.
    mismatched: int = 0
    mismatches: list[dict[str, object]] = field(default_factory=list)

    def take(self, account: Account) -> None:
        """Copy the account's figures."""
        self.records_in = account.records_in
        self.parquet_rows = account.parquet_rows
        self.quarantined = account.quarantined
        self.quarantined_by_reason = account.quarantined_by_reason
        self.lost, self.lost_positions = len(account.lost), account.lost[:EXAMPLES]
        self.doubled, self.doubled_positions = len(account.doubled), account.doubled[:EXAMPLES]
        self.foreign, self.foreign_positions = len(account.foreign), account.foreign[:EXAMPLES]
        self.mismatched = len(account.mismatched)
        self.mismatches = [asdict(mismatch) for mismatch in account.mismatched[:EXAMPLES]]

    def write(self, path: Path) -> None:
        """Write the file atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        try:
            partial.write_text(json.dumps(asdict(self), indent=2) + "\n")
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
