"""Captures as other recorders would write them: cut elsewhere, reordered, numerals quoted or not."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.replay.errors import ReplayError
from harness.replay.sources import open_sources
from market_data import parse
from tests.captures.expected import EXPECTED
from tests.captures.oracle import read

#: Lines that need the session's earlier messages: without those, they are rejected by number.
NEED_THE_SESSION = {"bitfinex", "binance"}
#: How many lines are looked at.
WINDOW = 1_500
WINDOWS = pytest.mark.parametrize(
    "window", [pytest.param(WINDOW // 5, id="short"), pytest.param(WINDOW, id="long", marks=pytest.mark.nightly)]
)


@pytest.fixture(params=EXPECTED)
def capture(request: pytest.FixtureRequest, captures: Path) -> Path:
    path: Path = captures / request.param
    return path


EXPECTED_FORMAT = {name: expected.format for name, expected in EXPECTED.items()}


def records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number and bytes of each record, up to a line that is rejected by number."""
    refusal = None
    try:
        yield from ((item.line, item.raw) for item in open_sources(str(path)))
    except ReplayError as error:
        refusal = str(error)
    if refusal is not None:
        assert EXPECTED_FORMAT[path.name] in NEED_THE_SESSION, refusal
        assert re.search(rf"{re.escape(str(path))}, line \d+: ", refusal), refusal


def lines_of(capture: Path) -> list[bytes]:
    return gzip.decompress(capture.read_bytes()).splitlines(keepends=True)


def by_line(found: Iterator[tuple[int, bytes]]) -> dict[int, list[bytes]]:
    grouped: dict[int, list[bytes]] = {}
    for line, raw in found:
        grouped.setdefault(line, []).append(raw)
    return grouped


def rewritten(folder: Path, capture: Path, lines: list[bytes]) -> Path:
    path = folder / capture.name
    path.write_bytes(gzip.compress(b"".join(lines), 1))
    return path


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_a_part_of_a_capture_is_a_part_of_its_records(capture: Path, tmp_path: Path, seed: int) -> None:
    """No recording starts exactly at the start of the exchange's day."""
    lines = lines_of(capture)
    whole = by_line((item.line, item.raw) for item in read(capture)[1])
    # A short capture is cut within its first half.
    latest = len(lines) - WINDOW if len(lines) > WINDOW else len(lines) // 2
    begin = random.Random(seed).randrange(1, latest + 1)

    part = by_line(records(rewritten(tmp_path, capture, lines[begin : begin + WINDOW])))

    expected = {n - begin: raws for n, raws in whole.items() if begin < n <= begin + WINDOW}
    assert part == expected or (EXPECTED_FORMAT[capture.name] in NEED_THE_SESSION and part.items() <= expected.items())


@WINDOWS
def test_re_ordered_lines_are_the_same_records(capture: Path, tmp_path: Path, window: int) -> None:
    lines = lines_of(capture)[:window]
    if not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    order = list(range(len(lines)))
    random.Random(3).shuffle(order)
    whole = by_line(records(rewritten(tmp_path, capture, lines)))

    shuffled = by_line(records(rewritten(tmp_path, capture, [lines[n] for n in order])))

    expected = {at: whole[n + 1] for at, n in enumerate(order, 1) if n + 1 in whole}
    assert shuffled == expected or (
        EXPECTED_FORMAT[capture.name] in NEED_THE_SESSION and shuffled.items() <= expected.items()
    )


def test_a_capture_without_its_session_is_refused_by_line_and_channel(captures: Path, tmp_path: Path) -> None:
    """Guessing the instrument of a channel number would mix instruments permanently."""
    capture = captures / "bitfinex_ws_20210417.txt.gz"
    path = rewritten(tmp_path, capture, lines_of(capture)[200:])

    with pytest.raises(ReplayError, match=r"line \d+: not bitfinex: channel \d+ is announced on no line before"):
        list(open_sources(str(path)))


_NUMERAL_TEXT = re.compile(rb'"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"(?!\s*:)')


def quoted(line: bytes) -> bytes:
    """Every number of the line's JSON as a text with the same digits."""
    start = min((at for at in (line.find(b"{"), line.find(b"[")) if at >= 0), default=None)
    if start is None or b" <- " in line[:80]:
        return line
    body: Any = json.loads(line[start:], parse_int=str, parse_float=str)
    return line[:start] + json.dumps(body).encode() + b"\n"


def unquoted(line: bytes) -> bytes:
    """Every text of the line's JSON that is a numeral as a number with the same digits."""
    return _NUMERAL_TEXT.sub(rb"\1", line)


def content(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The content of each record, except `extra`, which keeps the venue's spelling."""
    found = []
    for line, raw in records(path):
        fields = msgspec.structs.asdict(parse(raw))
        fields.pop("extra")
        found.append((line, fields))
    return found


@WINDOWS
@pytest.mark.parametrize("rewrite", [quoted, unquoted])
def test_every_numeral_reads_the_same_as_number_and_as_text(
    capture: Path, tmp_path: Path, rewrite: Any, window: int
) -> None:
    """Another recorder of the same venue quotes its numbers differently; the digits do not change."""
    lines = lines_of(capture)[:window]
    as_sent = content(rewritten(tmp_path, capture, lines))

    assert content(rewritten(tmp_path, capture, [rewrite(line) for line in lines])) == as_sent
    assert len(as_sent) >= min(EXPECTED[capture.name].records, window // 2)
