"""The one entry point: bytes in, a record of the contract out, or a refusal with its reason."""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from market_data.errors import Reason, RejectedRecord
from market_data.feeds import feed_of
from market_data.jsontext import read_exactly
from market_data.plain import read_plain
from market_data.records import DEFAULT_NON_POSITIVE_EXCHANGES, Record
from market_data.rules import build_record


class _Extra(Struct, gc=False):
    extra: Raw = Raw(b"")


_EXTRA: Final = msgspec.json.Decoder(_Extra)


def parse(raw: bytes, *, allow_nonpositive: frozenset[str] = DEFAULT_NON_POSITIVE_EXCHANGES) -> Record:
    """Read one record; raise `RejectedRecord`, and nothing else, where the contract is broken.

    Exchanges in `allow_nonpositive` may have prices of zero and below.
    """
    return read_plain(raw) or parse_exactly(raw, allow_nonpositive)


def parse_exactly(raw: bytes, allow_nonpositive: frozenset[str]) -> Record:
    """Read one record field by field: what every shortcut has to agree with, and the source of every reason."""
    feed_of(raw)  # refuses what is not JSON, under the same reason as everywhere
    fields = read_exactly(raw)
    if not isinstance(fields, dict):
        raise RejectedRecord(Reason.NOT_AN_OBJECT, "a record is an object")
    return build_record(fields, _EXTRA.decode(raw).extra.copy(), allow_nonpositive)
