"""Reads lines from plain or gzip files, one at a time; errors name the file and line."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.replay.errors import ReplayError
from harness.replay.source_records import STDIN, Source

#: Maximum line length: without a limit, a file without line ends would be read into memory.
MAX_LINE_BYTES = 16 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER_BYTES = 64 * 1024


def paths(feed: str | Sequence[str]) -> list[str]:
    """The files to read, from files, folders (every *.gz in them, sorted) and - for standard input.

    In one text they are separated by spaces.
    """
    names = feed
    if isinstance(feed, str):
        # A path may hold a space itself.
        names = [feed] if Path(feed).exists() else feed.split()
    if names.count(STDIN) > 1:
        raise ReplayError("standard input can be read only once")
    found: list[str] = []
    for name in names:
        path = Path(name)
        if name == STDIN:
            found.append(name)
        elif path.is_dir():
            inside = sorted(str(p) for p in path.glob("*.gz") if p.is_file())
            if not inside:
                raise ReplayError(f"{name}: no *.gz file in this folder")
            found.extend(inside)
        elif path.exists():
            found.append(name)
        else:
            raise ReplayError(f"{name}: no such file or folder")
    return found


def can_be_read_twice(path: str) -> bool:
    """Whether the file can be read again: not standard input or pipes."""
    return path != STDIN and Path(path).is_file()


def lines(source: Source) -> Iterator[bytes]:
    """Yield the lines of a file without line ends, one in memory at a time."""
    number, shown = 0, source.shown
    try:
        with _opened(source.path) as stream:
            while line := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise ReplayError(f"{shown}, line {number}: longer than {MAX_LINE_BYTES:,} bytes")
                yield line.removesuffix(b"\n")
    except EOFError as exc:
        raise ReplayError(f"{shown}: the gzip data ends too early, after line {number}") from exc
    except (gzip.BadGzipFile, zlib.error) as exc:
        raise ReplayError(f"{shown}: the gzip data is damaged after line {number}: {exc}") from exc
    except OSError as exc:
        raise ReplayError(f"{shown}: cannot be read: {exc.strerror or exc}") from exc


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    # A second descriptor, so that closing it leaves standard input open.
    with open(sys.stdin.fileno(), "rb", closefd=False) if path == STDIN else open(path, "rb") as file:
        if file.peek(2)[:2] != _GZIP_MAGIC:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unzipped, io.BufferedReader(unzipped, _BUFFER_BYTES) as buffered:
            yield buffered
