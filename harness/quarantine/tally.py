"""Counts rejected records by reason and function, and keeps samples."""

from collections import Counter
from collections.abc import Iterable

from harness.quarantine.reading import Found


class Tally:
    """Counts, and the first `samples` records per reason."""

    def __init__(self, samples: int, reasons: Iterable[str] = ()) -> None:
        self._most = samples
        # A requested reason is listed even with a count of 0.
        self._by_reason = Counter(dict.fromkeys(reasons, 0))
        self._by_stage: Counter[str] = Counter()
        self.samples: dict[str, list[Found]] = {}

    def add(self, found: Found) -> None:
        """Count one more."""
        self._by_reason[found.reason] += 1
        self._by_stage[found.stage] += 1
        if self._by_reason[found.reason] <= self._most:
            self.samples.setdefault(found.reason, []).append(found)

    @property
    def total(self) -> int:
        """The number of records counted."""
        return self._by_reason.total()

    @property
    def by_reason(self) -> dict[str, int]:
        """Counts by code, the most frequent first."""
        return dict(sorted(self._by_reason.items(), key=lambda entry: (-entry[1], entry[0])))

    @property
    def by_stage(self) -> dict[str, int]:
        """Counts by function."""
        return dict(sorted(self._by_stage.items()))
