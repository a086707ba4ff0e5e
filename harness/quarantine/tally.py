"""How many records were refused, for which reason and by whom, with a few of each kept to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.quarantine.reading import Found


class Tally:
    """Counts, and at most `samples` records a reason: the first ones."""

    def __init__(self, samples: int, reasons: Iterable[str] = ()) -> None:
        self._most = samples
        # Who asks for a reason is told about it, also where there is nothing to tell.
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
        """All that were counted."""
        return self._by_reason.total()

    @property
    def by_reason(self) -> dict[str, int]:
        """Counts by code, the most frequent first."""
        return dict(sorted(self._by_reason.items(), key=lambda entry: (-entry[1], entry[0])))

    @property
    def by_stage(self) -> dict[str, int]:
        """Counts by the function that refused."""
        return dict(sorted(self._by_stage.items()))
