"""Metric data by minute, CloudWatch's resolution for AWS's metrics and those of log lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.alarms.errors import UnreadableAlarm


@dataclass(frozen=True)
class Metric:
    """A metric's identity: namespace, name and dimensions."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]

    def __str__(self) -> str:
        dimensions = " ".join(f"{name}={value}" for name, value in self.dimensions.items())
        return f"{self.namespace} {self.name} {dimensions}".strip()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.namespace, self.name, frozenset(self.dimensions.items())))


@dataclass(slots=True)
class Sample:
    """A CloudWatch statistic set."""

    total: float
    minimum: float
    maximum: float
    count: int

    @classmethod
    def of(cls, value: float, times: int = 1) -> Sample:
        """The statistic set of a value repeated `times`."""
        return cls(value * times, value, value, times)

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            self.total + other.total,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.count + other.count,
        )


@dataclass
class Series:
    """The data of one metric: minute -> statistic set."""

    samples: dict[int, Sample] = field(default_factory=dict)
    _minutes: list[int] | None = None
    #: Cached statistics: an alarm that looks back for hours asks for most periods again an hour later.
    _asked: dict[tuple[int, int, str], float | None] = field(default_factory=dict)

    def put(self, minute: int, value: float, times: int = 1) -> None:
        """Add a value, repeated `times`."""
        added = Sample.of(value, times)
        self.samples[minute] = self.samples[minute] + added if minute in self.samples else added
        self._minutes = None
        self._asked.clear()

    def row(self, starts: Iterable[int], step: int, end: int, statistic: str) -> tuple[float | None, ...]:
        """The statistic over `step` minutes from each of `starts`, without those from `end` on; None without data."""
        found: list[float | None] = []
        for start in starts:
            asked = (start, min(start + step, end), statistic)
            if asked not in self._asked:
                self._asked[asked] = self._between(*asked)
            found.append(self._asked[asked])
        return tuple(found)

    def _between(self, start: int, end: int, statistic: str) -> float | None:
        if self._minutes is None:
            self._minutes = sorted(self.samples)
        within = self._minutes[bisect_left(self._minutes, start) : bisect_left(self._minutes, end)]
        return _statistic(statistic, [self.samples[minute] for minute in within]) if within else None


def _statistic(name: str, samples: Sequence[Sample]) -> float:
    """A statistic of several statistic sets. Percentiles cannot be computed from them."""
    match name:
        case "Sum":
            return sum(each.total for each in samples)
        case "Minimum":
            return min(each.minimum for each in samples)
        case "Maximum":
            return max(each.maximum for each in samples)
        case "Average":
            return sum(each.total for each in samples) / sum(each.count for each in samples)
        case "SampleCount":
            return float(sum(each.count for each in samples))
    raise UnreadableAlarm(f"the statistic {name or '(none)'} is not modelled")


@dataclass
class Numbers:
    """The data of all metrics."""

    of: dict[Metric, Series] = field(default_factory=dict)

    def put(self, metric: Metric, minutes: int | Iterable[int], value: float, times: int = 1) -> None:
        """Add a value in one or several minutes, repeated `times` in each."""
        series = self.of.get(metric) or self.of.setdefault(metric, Series())
        for minute in [minutes] if isinstance(minutes, int) else minutes:
            series.put(minute, value, times)

    def series(self, metric: Metric) -> Series:
        """The series of a metric; empty without data."""
        return self.of.get(metric) or Series()
