"""The record types: the only place that names the fields. What their values may be is in `rules`."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from market_data.numerals import NUMERAL_PATTERN
from market_data.timestamps import TIMESTAMP_PATTERN, to_nanoseconds

MAX_LEVELS: Final = 10_000
MAX_CONDITIONS: Final = 64
MAX_CONDITION_LENGTH: Final = 64
MAX_COUNT: Final = 2**31 - 1
#: Option combos, calendar spreads and power trade at zero and below; so did crude oil on XNYM in April 2020 (-37.63).
DEFAULT_NON_POSITIVE_EXCHANGES: Final = frozenset({"DERIBIT", "XCME", "XNYM", "IFEU"})


def _text(pattern: str, description: str) -> Meta:
    # The pattern is only for the published schema: msgspec would run `re` for every string of every level.
    return Meta(description=description, extra_json_schema={"pattern": f"^(?:{pattern})$"})


def _number(pattern: str, description: str, **schema: Any) -> Meta:
    # `pattern` applies only to strings and `minimum` only to numbers, so one schema covers both forms.
    limits = "Exact; at most 20 integer and 30 fraction digits."
    return Meta(description=f"{description} {limits}", extra_json_schema={"pattern": f"^(?:{pattern})$", **schema})


SYMBOL_PATTERN: Final = r"[!-~](?:[ -~]{0,62}[!-~])?"
EXCHANGE_PATTERN: Final = r"[A-Z0-9._-]{1,32}"
IDENTIFIER_PATTERN: Final = r"[!-~](?:[ -~]{0,126}[!-~])?"

Symbol = Annotated[str, _text(SYMBOL_PATTERN, "The instrument, as the venue writes it.")]
Exchange = Annotated[str, _text(EXCHANGE_PATTERN, "The venue's ISO 10383 MIC, or its name in capitals if it has none.")]
Timestamp = Annotated[str, _text(TIMESTAMP_PATTERN, "RFC 3339 with a zone and up to 9 fraction digits.")]
Price = Annotated[Decimal, _number(NUMERAL_PATTERN, "Above 0, except on exchanges that trade at zero and below.")]
Volume = Annotated[Decimal, _number(NUMERAL_PATTERN.removeprefix("-?"), "Not negative.", minimum=0)]
#: Sent as a string or an integer, always a string once parsed: ids can exceed a double or an int64.
Identifier = Annotated[str, _text(IDENTIFIER_PATTERN, "An id, stored as a string with all its digits.")] | int
Count = Annotated[int, Meta(ge=0, le=MAX_COUNT, description="Number of orders at the level.")]
Depth = Annotated[int, Meta(ge=1, le=MAX_LEVELS, description="Maximum number of levels per side.")]
Condition = Annotated[
    str,
    _text(r"[ -~]+", "A condition code, as the venue writes it."),
    Meta(min_length=1, max_length=MAX_CONDITION_LENGTH),
]
Conditions = Annotated[tuple[Condition, ...], Meta(max_length=MAX_CONDITIONS)]
Extra = Annotated[
    Raw,
    Meta(
        description="Additional data without a field of its own, stored byte for byte.",
        extra_json_schema={"type": "object"},
    ),
]

Side = Literal["buy", "sell", "none"]
Book = Literal["L2", "L3"]
Event = Literal["snapshot", "update", "clear"]
Action = Literal["set", "new", "change", "delete", "fill"]
TradeAction = Literal["new", "cancel", "correct"]
#: The actions of a trade that are about an earlier one.
AMENDING: Final = frozenset({"cancel", "correct"})


class BookLevel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A book entry: a price level or one order. It has at least one of price, order_id and level_id."""

    price: Price | UnsetType = UNSET
    volume: Volume | UnsetType = UNSET
    order_id: Identifier | UnsetType = UNSET
    level_id: Identifier | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    order_count: Count | UnsetType = UNSET

    @property
    def is_named(self) -> bool:
        """Whether it identifies a level or an order."""
        return not (self.price is self.order_id is self.level_id is UNSET)


class DepthLevel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A price level of a depth view."""

    price: Price
    volume: Volume
    order_count: Count | UnsetType = UNSET


BookLevels = Annotated[tuple[BookLevel, ...], Meta(max_length=MAX_LEVELS)]
DepthLevels = Annotated[tuple[DepthLevel, ...], Meta(max_length=MAX_LEVELS)]


class _Common(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False, tag_field="type"):
    symbol: Symbol
    exchange: Exchange
    timestamp: Timestamp
    receive_timestamp: Timestamp | UnsetType = UNSET
    sequence: Identifier | UnsetType = UNSET
    previous_sequence: Identifier | UnsetType = UNSET
    first_sequence: Identifier | UnsetType = UNSET
    conditions: Conditions | UnsetType = UNSET
    checksum: Identifier | UnsetType = UNSET
    extra: Extra | UnsetType = UNSET

    @property
    def timestamp_ns(self) -> int:
        """The event time in nanoseconds since the epoch, UTC."""
        return to_nanoseconds(self.timestamp)

    @property
    def receive_timestamp_ns(self) -> int | None:
        """The receive time in nanoseconds since the epoch, UTC; None if the record has none."""
        received = self.receive_timestamp
        return None if received is UNSET else to_nanoseconds(received)


class Trade(_Common, frozen=True, kw_only=True, gc=False, tag="trade"):
    """One trade, or the cancellation or correction of an earlier one, whose `trade_id` it then references."""

    price: Price
    volume: Volume
    side: Side | UnsetType = UNSET
    trade_id: Identifier | UnsetType = UNSET
    action: TradeAction | UnsetType = UNSET
    references: Identifier | UnsetType = UNSET

    @property
    def amends(self) -> bool:
        """Whether it cancels or corrects an earlier trade."""
        return self.action in AMENDING


class OrderBook(_Common, frozen=True, kw_only=True, gc=False, tag="order_book"):
    """One order-book message: a snapshot, an update or a clear."""

    book: Book
    event: Event
    bids: BookLevels
    asks: BookLevels


class MarketDepth(_Common, frozen=True, kw_only=True, gc=False, tag="market_depth"):
    """The best levels of a book, best first. A side may be short or empty."""

    depth: Depth
    bids: DepthLevels
    asks: DepthLevels


Record = Trade | OrderBook | MarketDepth
RECORD_TYPES: Final[dict[str, type[Trade] | type[OrderBook] | type[MarketDepth]]] = {
    "trade": Trade,
    "order_book": OrderBook,
    "market_depth": MarketDepth,
}
