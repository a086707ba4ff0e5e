"""What a run reports: counts alone, so that it does not grow with the records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .plan import Work


@dataclass
class Summary:
    """What has been done so far. Duplicates are counted over everything that was read."""

    partitions: list[str] = field(default_factory=list)
    #: Rows of each file, by key.
    files: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    positions: int = 0
    objects: int = 0
    marked: int = 0
    #: Data Catalog entries that did not match their table and were repaired.
    repaired: list[str] = field(default_factory=list)
    problems: set[str] = field(default_factory=set)

    def staged(self, work: Work) -> None:
        """Add what was read."""
        self.lines += work.lines
        self.positions += sum(work.positions.values())
        self.objects += len(work.read)

    def done(self, work: Work, target: str, marked: int) -> None:
        """Add a partition that is done, at `target`."""
        self.partitions.append(work.partition.target)
        self.files |= {f"{target}{work.name(bucket)}": rows for bucket, rows in sorted(work.positions.items())}
        self.marked += marked

    def as_result(self, run_id: str) -> dict[str, Any]:
        """The run's log line."""
        return {
            "event": "json_to_parquet",
            "run_id": run_id,
            "partitions": self.partitions,
            "files": self.files,
            "rows": sum(self.files.values()),
            "rows_read": self.lines,
            "duplicates_removed": self.lines - self.positions,
            "objects_read": self.objects,
            "rows_marked": self.marked,
            "catalogue_entries_mended": self.repaired,
            "problems": sorted(self.problems),
        }
