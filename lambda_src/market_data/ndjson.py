"""Reads files of lines, plain or compressed, in bounded memory: of a line longer than any record, only its start."""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from importlib import import_module
from typing import Any, BinaryIO, Final, NamedTuple

from market_data.feeds import MAX_RECORD_BYTES

STDIN: Final = "-"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
#: The module of Python 3.14, and its backport. Others (zstandard) take the end of a truncated file for its end.
_ZSTD_MODULES: Final = ("compression.zstd", "backports.zstd")
_BUFFER_BYTES: Final = 2**18
_LINE_FEED: Final = 10


class Unreadable(Exception):
    """A file cannot be read, or not to its end; the message is one line, without the file's name."""


class Overlong(NamedTuple):
    """A line of more than MAX_RECORD_BYTES: its start, and its length without the line end."""

    start: bytes
    size: int


class _Unpacked(io.RawIOBase):
    """What a compressed file holds, as soon as it is there: `read` would lose what comes before an early end."""

    def __init__(self, packed: Any) -> None:
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part: bytes = self._packed.read1(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class _Packing(NamedTuple):
    """How a file is compressed, if it is, and what its module raises for bad data."""

    name: str = ""
    damage: tuple[type[Exception], ...] = ()


def read_lines(path: str) -> Iterator[bytes | Overlong]:
    r"""Yield the lines of a file, or of standard input if it is `-`, without `\n`. Raises Unreadable.

    Gzip and zstd are known by the content, not by the name, and may have several members.
    """
    number = 0
    packing = _Packing()
    try:
        with ExitStack() as opened:
            lines, packing = _opened(path, opened)
            readline = lines.readline
            while line := readline(MAX_RECORD_BYTES + 1):
                number += 1
                if line[-1] == _LINE_FEED:
                    yield line[:-1]
                elif len(line) <= MAX_RECORD_BYTES:
                    yield line
                else:
                    yield Overlong(line, len(line) + _skip(readline))
    except Exception as error:
        why = " ".join(str(error).split())
        if isinstance(error, EOFError):
            raise Unreadable(f"the {packing.name} data ends too early, after line {number}") from None
        if isinstance(error, packing.damage):
            raise Unreadable(f"is not {packing.name}, or damaged, after line {number}: {why}") from None
        if isinstance(error, OSError):
            raise Unreadable(f"cannot be read: {error.strerror or why}") from None
        raise


def _skip(readline: Callable[[int], bytes]) -> int:
    """Read on to the end of the line; return how many bytes it has without its line end."""
    skipped = 0
    while part := readline(_BUFFER_BYTES):
        if part.endswith(b"\n"):
            return skipped + len(part) - 1
        skipped += len(part)
    return skipped


def _opened(path: str, opened: ExitStack) -> tuple[BinaryIO, _Packing]:
    file = opened.enter_context(_file(path))
    start = file.peek(len(_ZSTD))
    if start.startswith(_GZIP):
        unzipped = opened.enter_context(gzip.GzipFile(fileobj=file))
        return io.BufferedReader(_Unpacked(unzipped), _BUFFER_BYTES), _Packing("gzip", (gzip.BadGzipFile, zlib.error))
    if start.startswith(_ZSTD):
        module = _zstd()
        unpacked = opened.enter_context(module.ZstdFile(file))
        return io.BufferedReader(_Unpacked(unpacked), _BUFFER_BYTES), _Packing("zstd", (module.ZstdError,))
    # A download that failed leaves an empty file, or a page of HTML.
    if path.endswith(".gz") and not start.lstrip().startswith(b"{"):
        raise Unreadable("is neither gzip nor lines of JSON")
    return file, _Packing()


def _file(path: str) -> io.BufferedReader:
    if path != STDIN:
        return io.BufferedReader(io.FileIO(path), _BUFFER_BYTES)
    if sys.stdin is None:
        raise Unreadable("standard input is closed")
    # A second reader of its descriptor, so that closing it leaves standard input open.
    return io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False), _BUFFER_BYTES)


def _zstd() -> Any:
    for name in _ZSTD_MODULES:
        with suppress(ImportError):
            return import_module(name)
    raise Unreadable("is zstd, which needs Python 3.14 or the package backports.zstd")
