"""Opening the named sources: files, folders, gzip; with a clear one-line error for each problem."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from harness import patience
from harness.replay import files
from harness.replay.errors import ReplayError
from harness.replay.sources import open_sources

TRADE = b'{"symbol":"A","price":1.5,"volume":1,"timestamp":"2024-01-02T03:04:05Z","exchange":"XNYS"}'
LEAN = b'{"date":"20200102","symbol":"A","ms":"1","price":"10000","size":"1","exchange":"N"}'
MATCH = b'{"type":"match","product_id":"A-B","side":"buy","size":"1","price":"1"}'


def write(path: Path, *lines: bytes, zipped: bool = False) -> str:
    data = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(data) if zipped else data)
    return str(path)


def test_files_are_read_in_the_order_named_plain_or_gzip(tmp_path: Path) -> None:
    first = write(tmp_path / "b.gz", TRADE, TRADE, zipped=True)
    second = write(tmp_path / "a.txt", LEAN)

    feed = open_sources(f"{first} {second}")
    items = list(feed)

    assert [(item.source.path, item.line) for item in items] == [(first, 1), (first, 2), (second, 1)]
    assert [source.format for source in feed.sources] == ["canonical", "lean"]
    assert items[0].raw == TRADE


def test_gzip_is_recognized_by_its_first_bytes_not_by_its_name(tmp_path: Path) -> None:
    assert [item.raw for item in open_sources(write(tmp_path / "feed.json", TRADE, zipped=True))] == [TRADE]
    assert [item.raw for item in open_sources(write(tmp_path / "feed.gz", TRADE))] == [TRADE]


def test_a_folder_is_its_gz_files_sorted(tmp_path: Path) -> None:
    for name in ("b.gz", "a.gz", "notes.md"):
        write(tmp_path / name, TRADE, zipped=True)

    assert [Path(source.path).name for source in open_sources(str(tmp_path)).sources] == ["a.gz", "b.gz"]


def test_a_path_may_hold_a_space_and_a_list_of_paths_always_may(tmp_path: Path) -> None:
    path = write(tmp_path / "my feed.json", TRADE)

    assert len(list(open_sources(path))) == 1
    assert len(list(open_sources([path, path]))) == 2


def test_lines_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    """A capture's README counts messages and wc counts lines: the summary must explain both."""
    lines = [
        b"wss://a <-> 1.5",
        b'wss://a <- 1.5: {"type":"subscribe"}',
        b'1.5: {"type":"subscriptions"}',
        b"1.5: " + MATCH,
        b"",
        b"\r",
        b'1.5: {"type":"heartbeat","product_id":"A-B"}',
    ]
    feed = open_sources(write(tmp_path / "f", *lines))

    assert len(list(feed)) == 1
    (source,) = feed.sources
    assert (source.lines, source.session_lines, source.skipped, source.records) == (7, 4, 2, 1)
    assert source.session_lines_by_kind == {"connected": 1, "sent": 1, "blank": 2}
    assert feed.skipped_by_kind == {"subscriptions": 1, "heartbeat": 1}


def test_a_last_line_without_end_and_windows_line_ends_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(TRADE + b"\r\n" + TRADE)

    assert [item.raw for item in open_sources(str(path))] == [TRADE + b"\r", TRADE]


def test_venue_names_the_format_where_lines_do_not_tell(tmp_path: Path) -> None:
    path = write(tmp_path / "f", b"bad", b"\xff", b" ")

    assert [item.raw for item in open_sources(path, "canonical")] == [b"bad", b"\xff", b" "]
    with pytest.raises(ReplayError, match=r"unknown format.*VENUE"):
        open_sources(path)


def test_an_empty_file_is_a_feed_of_nothing(tmp_path: Path) -> None:
    assert list(open_sources(write(tmp_path / "f"))) == []
    assert list(open_sources(write(tmp_path / "g", zipped=True))) == []


def test_a_broken_line_is_refused_by_file_and_number(tmp_path: Path) -> None:
    path = write(tmp_path / "f", LEAN, LEAN.replace(b"10000", b"ten"))
    items = iter(open_sources(path))

    assert next(items).line == 1
    with pytest.raises(ReplayError, match=r"f, line 2: not lean: 'ten'"):
        next(items)


def test_a_file_of_another_format_than_named_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="line 1: not coinbase"):
        list(open_sources(write(tmp_path / "f", LEAN), "coinbase"))


@pytest.mark.parametrize("name", ["nothing-here", "nothing here"])
def test_a_missing_file_is_found_before_anything_is_sent(name: str) -> None:
    with pytest.raises(ReplayError, match=r"nothing.*: no such file or folder"):
        open_sources(name)


def test_a_folder_without_captures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"no \*\.gz file"):
        open_sources(str(tmp_path))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """Tests may run as root, whom no file mode stops: a link to itself is unreadable for everyone."""
    path = write(tmp_path / "f", TRADE)
    feed = open_sources(path)
    Path(path).unlink()
    Path(path).symlink_to(path)

    with pytest.raises(ReplayError, match="f: cannot be read: "):
        list(feed)


@pytest.mark.parametrize("cut", [1, 8, 9, 60, 400])
def test_a_truncated_gzip_is_named_and_never_taken_for_the_whole(tmp_path: Path, cut: int) -> None:
    whole = gzip.compress(b"".join(TRADE.replace(b"1.5", b"%d" % n) + b"\n" for n in range(1, 500)), mtime=0)
    (tmp_path / "f.gz").write_bytes(whole[:-cut])

    with pytest.raises(ReplayError, match=r"f\.gz: the gzip data ends too early, after line"):
        list(open_sources(str(tmp_path / "f.gz"), "canonical"))


def test_a_damaged_gzip_is_named(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(TRADE, mtime=0))
    whole[-5] ^= 0xFF  # of the check sum
    (tmp_path / "f.gz").write_bytes(whole)

    with pytest.raises(ReplayError, match=r"f\.gz: the gzip data is damaged"):
        list(open_sources(str(tmp_path / "f.gz"), "canonical"))


def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 1000)

    with pytest.raises(ReplayError, match="line 2: longer than 1,000 bytes"):
        list(open_sources(write(tmp_path / "f", TRADE, b"x" * 1001), "canonical"))


@pytest.mark.parametrize(
    ("feed", "venue", "message"),
    [
        ("- -", None, "only once"),
        (None, "lean", "FEED names no files"),
        ("", "lean", "FEED names no files"),
        ("/dev/null", "nyse", "unknown format 'nyse'"),
    ],
)
def test_what_cannot_be_meant_is_refused(feed: str | None, venue: str | None, message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        open_sources(feed, venue)


def test_a_feed_is_read_once(tmp_path: Path) -> None:
    feed = open_sources(write(tmp_path / "f", TRADE))
    list(feed)

    with pytest.raises(ReplayError, match="only once"):
        list(feed)


def test_without_files_the_feed_is_generated() -> None:
    feed = open_sources(None, None, count=300, seed=5, bad_per_mille=100)
    items = list(feed)

    (source,) = feed.sources
    assert (source.lines, source.records, source.skipped, len(items)) == (300, 300, 0, 300)
    assert [item.line for item in items] == list(range(1, 301))
    assert any(item.expected_reason for item in items)
    assert items[-1].where == "generated (seed 5), line 300"


def test_a_pipe_is_read_whole_and_not_awaited_further_than_its_first_telling_line(tmp_path: Path) -> None:
    """A live recorder sends its first line long before its two hundredth."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    feed = open_sources(str(pipe))
    go_on = threading.Event()

    def record() -> None:
        with pipe.open("wb", buffering=0) as stream:
            stream.write(b"\n" + LEAN + b"\n")
            go_on.wait(patience.seconds(30))
            stream.write(LEAN + b"\n")

    recorder = threading.Thread(target=record)
    recorder.start()
    items = iter(feed)
    first = next(items)
    go_on.set()
    rest = list(items)
    recorder.join()

    assert (first.line, [item.line for item in rest]) == (2, [3])
