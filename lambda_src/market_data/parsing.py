"""The entry point: parses bytes into a record of the contract, or rejects them with a reason."""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from market_data.errors import Reason, RejectedRecord
from market_data.fast_path import read_common
from market_data.feeds import feed_of
from market_data.jsontext import read_exactly
from market_data.records import DEFAULT_NON_POSITIVE_EXCHANGES, Record
from market_data.rules import build_record


class _Extra(Struct, gc=False):
    extra: Raw = Raw(b"")


_EXTRA: Final = msgspec.json.Decoder(_Extra)


def parse(raw: bytes, *, allow_nonpositive: frozenset[str] = DEFAULT_NON_POSITIVE_EXCHANGES) -> Record:
    """Parse one record; raises `RejectedRecord`, and nothing else, if it violates the contract.

    Exchanges in `allow_nonpositive` may have prices of zero and below.
    """
    return read_common(raw) or parse_exactly(raw, allow_nonpositive)


def parse_exactly(raw: bytes, allow_nonpositive: frozenset[str]) -> Record:
    """Parse one record field by field: the reference for the fast path, and the source of every rejection."""
    feed_of(raw)  # rejects what is not JSON
    fields = read_exactly(raw)
    if not isinstance(fields, dict):
        raise RejectedRecord(Reason.NOT_AN_OBJECT, "a record is an object")
    return build_record(fields, _EXTRA.decode(raw).extra.copy(), allow_nonpositive)
