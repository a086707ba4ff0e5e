"""The market-data contract: what a record is, and why one is rejected. No AWS."""

from market_data.canonical import canonical, from_canonical
from market_data.errors import Reason, RejectedRecord
from market_data.feeds import FEEDS, MAX_RECORD_BYTES, UNKNOWN, feed_of
from market_data.flagging import flags
from market_data.parsing import parse
from market_data.records import (
    DEFAULT_NON_POSITIVE_EXCHANGES,
    BookLevel,
    DepthLevel,
    MarketDepth,
    OrderBook,
    Record,
    Trade,
)

__all__ = [
    "DEFAULT_NON_POSITIVE_EXCHANGES",
    "FEEDS",
    "MAX_RECORD_BYTES",
    "UNKNOWN",
    "BookLevel",
    "DepthLevel",
    "MarketDepth",
    "OrderBook",
    "Reason",
    "Record",
    "RejectedRecord",
    "Trade",
    "canonical",
    "feed_of",
    "flags",
    "from_canonical",
    "parse",
]
