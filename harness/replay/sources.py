"""Opens the requested feed as one stream of records: files, folders, standard input, or the generator."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from harness.replay import files
from harness.replay.errors import LineError, ReplayError
from harness.replay.formats import FORMATS, LINES_TO_LOOK_AT, Format, detected, known, named
from harness.replay.generator import generate
from harness.replay.source_records import Skipped, Source, SourceRecord

DEFAULT_COUNT = 50_000
DEFAULT_SEED = 1
DEFAULT_BAD_PER_MILLE = 15
_BLANK = Skipped("blank", is_message=False)


class Feed:
    """An iterator of records; `sources` holds the counts so far."""

    def __init__(self, sources: list[Source], read: Callable[[Source], Iterator[SourceRecord]]) -> None:
        self.sources = sources
        self._read = read
        self._is_read = False

    def __iter__(self) -> Iterator[SourceRecord]:
        if self._is_read:
            raise ReplayError("a feed can be read only once")
        self._is_read = True
        return chain.from_iterable(map(self._read, self.sources))

    @property
    def skipped_by_kind(self) -> Counter[str]:
        """Number of messages without a record, over all sources."""
        return sum((source.skipped_by_kind for source in self.sources), Counter())


def open_sources(
    feed: str | Sequence[str] | None,
    venue: str | None = None,
    count: int = DEFAULT_COUNT,
    seed: int = DEFAULT_SEED,
    bad_per_mille: int = DEFAULT_BAD_PER_MILLE,
) -> Feed:
    """Open the sources in `feed`, or the generator if it is empty.

    Missing files and unknown formats are found here, before anything is deployed or sent; what is wrong further down in
    a file is found when it is read. `venue` names the format of all files.
    """
    feed = feed.strip() if isinstance(feed, str) else feed
    if not feed:
        if venue and venue.strip():
            raise ReplayError("VENUE names the format of files, but FEED names no files")
        return _generated(count, seed, bad_per_mille)
    kind = named(venue) if venue and venue.strip() else None
    sources = [Source(index, path) for index, path in enumerate(files.paths(feed))]
    for source in sources:
        if files.can_be_read_twice(source.path):
            source.format = (kind or _detected(source, files.lines(source))).name
        elif kind:
            source.format = kind.name
    return Feed(sources, _records)


def _generated(count: int, seed: int, bad_per_mille: int) -> Feed:
    source = Source(0, f"generated (seed {seed})", "canonical")

    def read(source: Source) -> Iterator[SourceRecord]:
        for number, item in enumerate(generate(count, seed, bad_per_mille), 1):
            source.lines = source.records = number
            yield SourceRecord(item.raw, source, number, item.expected_reason)

    return Feed([source], read)


def _records(source: Source) -> Iterator[SourceRecord]:
    lines: Iterable[bytes] = files.lines(source)
    if source.format is None:
        # A pipe: keep the inspected lines, and wait for no more of them than needed.
        seen: list[bytes] = []
        source.format = _detected(source, _kept(lines, seen)).name
        lines = chain(seen, lines)
    reader = FORMATS[source.format]()
    for number, line in enumerate(lines, 1):
        source.lines = number
        if line in (b"", b"\r"):
            source.count(_BLANK)
            continue
        try:
            for outcome in reader.read(line):
                if isinstance(outcome, Skipped):
                    source.count(outcome)
                else:
                    source.records += 1
                    yield SourceRecord(outcome, source, number)
        except LineError as exc:
            raise ReplayError(f"{source.shown}, line {number}: not {source.format}: {exc}") from exc


def _detected(source: Source, lines: Iterable[bytes]) -> type[Format]:
    first = _Counted(islice(lines, LINES_TO_LOOK_AT))
    kind = detected(first)
    if kind is not None:
        return kind
    if not first.count:
        return FORMATS["canonical"]  # an empty source
    raise ReplayError(f"{source.shown}: unknown format; set VENUE= (--venue) to one of {known()}")


def _kept(lines: Iterable[bytes], seen: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        seen.append(line)
        yield line


class _Counted:
    """Yields lines and counts the non-blank ones."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += bool(line.strip())
            yield line
