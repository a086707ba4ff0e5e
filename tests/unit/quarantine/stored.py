"""Quarantined objects, written as the functions write them."""

from pathlib import Path

from market_data.envelope import encode_quarantine_line, pack
from pipeline_store.keys import raw_key, rejected_key, undecodable_key

SHARD = "shardId-000000000000"
#: 2026-11-22T22:04:46.123Z
ARRIVAL = 1_795_385_086_123

#: Input that could break a terminal, a table or a decoder.
HOSTILE = [
    b"\x1b[31mred\x1b[0m \x1b]0;title\x07",
    b"\x00\x01\x7f\x9b2J\r\x08\t",
    b"\xff\xfe\xc3(",
    "\u202egnp.exe \u2028 \u0661".encode(),
    b"[bold]no markup[/bold] :boom: \\x1b",
    b"",
    b" ",
    b"two\nlines",
    b"\r",
    b"x" * 900_001,
]


def line(seq, data=b"{", reason="not_json", *, detail="Expecting", shard=SHARD):
    return encode_quarantine_line(shard, str(seq), "key", ARRIVAL, data, reason=reason, detail=detail)


def complaint(capsys):
    """The only line on standard error, with nothing on standard output."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def undecodable(*seqs):
    """The key under which the consumer would quarantine these records."""
    return undecodable_key(ARRIVAL, SHARD, map(str, seqs))


def rejected(*seqs):
    """The key under which the validator would quarantine these records."""
    return rejected_key(raw_key("trade", ARRIVAL, SHARD, map(str, seqs)), "0123456789abcdef")


def put(root: Path, key: str, body: bytes | list[bytes]) -> Path:
    """Write an object with these lines, or exactly these bytes, to the folder."""
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body if isinstance(body, bytes) else pack(body))
    return path


def small_quarantine(root: Path) -> Path:
    """Three records rejected by the validator, two of them bad numbers, and one by the consumer."""
    put(root, undecodable(1), [line(1, b"{")])
    bad_numbers = [line(seq, b'{"price":"1,%d"}' % seq, "bad_number", detail=f"price: '1,{seq}'") for seq in (2, 3)]
    put(root, rejected(2, 3, 4), [*bad_numbers, line(4, b"{}", "missing_field", detail="symbol")])
    return root
