"""Canonical JSON of a parsed record: what the validator stores and Spark reads."""

import json
import re
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import UNSET, Raw

from market_data.numerals import Numeral, without_exponent
from market_data.records import Record
from market_data.rules import build_record

_ENCODER: Final = msgspec.json.Encoder()
#: msgspec writes decimals with many zeros with an exponent. `extra` cannot match, because its quotes are escaped.
_EXPONENT: Final = re.compile(rb'("(?:price|volume)":")(-?[0-9.]+E[+-]?[0-9]+)(?=")')


def canonical(record: Record) -> bytes:
    """Encode a record as one line of JSON: decimals as strings without exponent, times also as nanoseconds.

    `extra` becomes a string that holds its JSON, because Spark would rewrite an object's numbers.
    """
    if record.extra is not UNSET:
        text = _ENCODER.encode(str(record.extra, "utf-8"))
        record = msgspec.structs.replace(record, extra=Raw(text))
    encoded = _EXPONENT.sub(_expanded, _ENCODER.encode(record))
    times = b',"timestamp_ns":%d' % record.timestamp_ns
    received = record.receive_timestamp_ns
    if received is not None:
        times += b',"receive_timestamp_ns":%d' % received
    return encoded[:-1] + times + b"}"


def from_canonical(line: bytes) -> Record:
    """Parse the output of `canonical`, for tests and tools. It does not check the price rule again."""
    fields = json.loads(line, parse_int=Numeral)
    for name in ("timestamp_ns", "receive_timestamp_ns"):
        fields.pop(name, None)
    extra = fields.get("extra", "")
    if extra:
        fields["extra"] = {}
    return build_record(fields, Raw(extra.encode()), allow_nonpositive=frozenset({fields["exchange"]}))


def _expanded(match: re.Match[bytes]) -> bytes:
    return match[1] + without_exponent(Decimal(match[2].decode())).encode()
