"""A simulated market: instruments with random-walk prices, and their valid messages. Deterministic from its seed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from market_data import MAX_RECORD_BYTES

#: A message's fields, each value as JSON text.
Fields = dict[str, str]

_START_NS = 1_709_562_600_000_000_000  # 2024-03-04T14:30:00Z, the opening bell in New York
_MONTH_AND_DAY = "2024-03-04T"
_SECOND = 1_000_000_000


@dataclass(slots=True)
class Instrument:
    """An instrument: its exchange, tick size, and current price, `ticks` steps of 10**-`decimals`."""

    symbol: str
    exchange: str
    decimals: int
    ticks: int
    step: int
    size_decimals: int = 0
    may_be_negative: bool = False
    sequence: int = field(default=0)

    def walk(self, rng: Random) -> None:
        """Move the price by up to three steps."""
        self.ticks += self.step * (int(rng.random() * 7) - 3)
        if self.ticks <= 20 * self.step and not self.may_be_negative:
            self.ticks += 40 * self.step

    def price(self, steps_away: int = 0) -> str:
        """The price some steps away from the current one, without quotes."""
        return _decimal(self.ticks + steps_away * self.step, self.decimals)


def _instruments(rng: Random) -> list[Instrument]:
    # Stocks, futures below and above zero, a calendar spread, coins: whole shares, satoshis, 23 digits after the point.
    made = [
        Instrument("IBM", "XNYS", 2, 18_210, 1),
        Instrument("AAPL", "XNAS", 2, 17_510, 1),
        Instrument("BRK B", "XNYS", 4, 4_061_500, 50),
        Instrument("ESH4", "XCME", 2, 513_750, 25, may_be_negative=True),
        Instrument("ESH4-ESM4", "XCME", 2, -5_225, 5, may_be_negative=True),
        Instrument("CLK0", "XNYM", 2, -12, 1, may_be_negative=True),
        Instrument("BRN FMJ0024!", "IFEU", 2, 8_280, 1, may_be_negative=True),
        Instrument("BTC-PERPETUAL", "DERIBIT", 1, 671_005, 5, 1, may_be_negative=True),
        Instrument("BTC-USD", "COINBASE", 2, 6_710_042, 1, 8),
        Instrument("ETH/BTC", "KRAKEN", 5, 5_321, 1, 8),
        Instrument("tTESTBTC:TESTUSD", "BITFINEX", 1, 670_990, 10, 23),
        Instrument("SHIB-USD", "COINBASE", 8, 3_791, 1, 1),
    ]
    for instrument in made:
        # Beyond 2**53, where readers that use doubles start to mix them up.
        instrument.sequence = 9_007_199_254_740_993 + rng.getrandbits(40)
    return made


class Market:
    """Sends one valid message after the other; time only goes forward."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.instruments = _instruments(rng)
        self.positive_only = [i for i in self.instruments if not i.may_be_negative]
        self._now = _START_NS
        self._trade_id = 4_611_686_018_427_387_904

    def message(self) -> Fields:
        """A message of any feed: seven trades in ten, one book, two views of depth."""
        choice = self.rng.random()
        return self.trade() if choice < 0.7 else self.order_book() if choice < 0.8 else self.market_depth()

    def trade(self, instrument: Instrument | None = None) -> Fields:
        """A trade; one in ten is in the original five-field form."""
        rng, instrument = self.rng, instrument or self._next()
        if rng.random() < 0.1:
            head = self._head(instrument)
            # The original's producers send numbers, not text.
            return head | {"price": instrument.price(), "volume": self._size(instrument)}
        self._trade_id += 1
        fields = {"type": '"trade"'} | self._head(instrument)
        fields["price"] = self._number(instrument.price())
        fields["volume"] = self._number(self._size(instrument))
        fields["side"] = ('"buy"', '"sell"', '"none"')[int(rng.random() * 3)]
        fields["trade_id"] = f'"{self._trade_id}"' if rng.random() < 0.5 else str(self._trade_id)
        if rng.random() < 0.2:
            fields["conditions"] = '["@", "F T"]'
            fields["extra"] = '{"venue_time_ms": 1709562600123, "note": "cr\u00e9dit", "fee": 0.00000000000000000001}'
        return fields

    def order_book(self) -> Fields:
        """A change to a book by price or by order; sometimes a snapshot or a clear."""
        rng, instrument = self.rng, self._next()
        choice = rng.random()
        book, event, bids, asks = '"L2"', '"update"', "", ""
        if choice < 0.45:
            bids = ",".join(self._level(instrument, -1 - n) for n in range(int(rng.random() * 3)))
            asks = ",".join(self._level(instrument, 1 + n) for n in range(int(rng.random() * 3)))
        elif choice < 0.9:
            book = '"L3"'
            bids = self._order(instrument, -1 - int(rng.random() * 9))
        elif choice < 0.98:
            event = '"snapshot"'
            bids = ",".join(self._level(instrument, -1 - n) for n in range(20))
            asks = ",".join(self._level(instrument, 1 + n) for n in range(20))
        else:
            event = '"clear"'
        sides = {"bids": f"[{bids}]", "asks": f"[{asks}]"}
        return {"type": '"order_book"'} | self._head(instrument) | {"book": book, "event": event} | sides

    def market_depth(self) -> Fields:
        """The best levels of a book, best first."""
        rng, instrument = self.rng, self._next()
        depth = (1, 1, 1, 5, 10)[int(rng.random() * 5)]
        bids = ",".join(self._level(instrument, -1 - n, "order_count", "3") for n in range(depth))
        asks = ",".join(self._level(instrument, 1 + n, "order_count", "12") for n in range(depth))
        sides = {"depth": str(depth), "bids": f"[{bids}]", "asks": f"[{asks}]"}
        return {"type": '"market_depth"'} | self._head(instrument) | sides

    def _next(self) -> Instrument:
        instrument = self.instruments[int(self.rng.random() * len(self.instruments))]
        instrument.walk(self.rng)
        return instrument

    def _head(self, instrument: Instrument) -> Fields:
        rng = self.rng
        self._now += 1 + int(rng.random() * 2_000_000)
        instrument.sequence += 1
        head = {"symbol": f'"{instrument.symbol}"', "exchange": f'"{instrument.exchange}"', "timestamp": self._time()}
        if rng.random() < 0.5:
            head["sequence"] = f'"{instrument.sequence}"'
        return head

    def _time(self) -> str:
        seconds, nanoseconds = divmod(self._now - _START_NS, _SECOND)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes + 30, 60)
        choice = self.rng.random()
        fraction = f".{nanoseconds:09d}" if choice < 0.8 else f".{nanoseconds // 1000:06d}" if choice < 0.95 else ""
        day, hour = divmod(hours + 14, 24)
        date = f"2024-03-{4 + day:02d}T" if day else _MONTH_AND_DAY
        if choice > 0.98 and hour >= 5:
            return f'"{date}{hour - 5:02d}:{minute:02d}:{second:02d}{fraction}-05:00"'
        return f'"{date}{hour:02d}:{minute:02d}:{second:02d}{fraction}Z"'

    def _size(self, instrument: Instrument) -> str:
        digits = 1 + int(self.rng.random() * 500)
        if instrument.size_decimals > 20:
            return _decimal(digits * 10**15 + self.rng.getrandbits(49), instrument.size_decimals)
        return _decimal(digits, instrument.size_decimals)

    def _number(self, digits: str) -> str:
        """A number as the sender likes it: as text, as a number, and sometimes with an exponent."""
        choice = self.rng.random()
        if choice < 0.8:
            return f'"{digits}"'
        return digits if choice < 0.98 else f'"{digits}e0"'

    def _level(self, instrument: Instrument, steps_away: int, name: str = "", value: str = "") -> str:
        more = f',"{name}":{value}' if name else ""
        return f'{{"price":"{instrument.price(steps_away)}","volume":"{self._size(instrument)}"{more}}}'

    def _order(self, instrument: Instrument, steps_away: int) -> str:
        action = ("new", "change", "delete", "fill")[int(self.rng.random() * 4)]
        order = f'"order_id":"{6_412_777_000_000_000_000 + self.rng.getrandbits(32)}","action":"{action}"'
        return f'{{"price":"{instrument.price(steps_away)}","volume":"{self._size(instrument)}",{order}}}'


def _decimal(units: int, places: int) -> str:
    sign, digits = ("-", str(-units)) if units < 0 else ("", str(units))
    if not places:
        return sign + digits
    digits = digits.zfill(places + 1)
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def encoded(fields: Fields) -> bytes:
    """A message as one line of JSON."""
    return ("{" + ",".join([f'"{name}":{value}' for name, value in fields.items()]) + "}").encode()


# ---------------------------------------------------------------------------------------------------- oddities ----
# All valid, but known to break readers: a path, a delimiter, a double, a buffer, a stack.

Oddity = Callable[[Market], bytes]

#: A symbol is any printable ASCII; venues use spaces, slashes, colons and bangs, and nothing forbids the rest.
_SYMBOLS = (
    "BF B", "ES/NQ", "F.US:IBM", "CL!", "AT&T", "%2F", "a+b=c", "../../etc/passwd", "..", ".", "/", "\\", '"', '"IBM"',
    r"C:\IBM", ":price", '"price":', "price", '","data":{', "}", "[red]IBM[/]", "$(id)", "`id`", "'; --", "#", "?*",
    "IBM,1", "=1+1", "NULL", "NaN", "007", "1e5", "-", "~", "a  b", "x" * 64, r"\u0041", r"\n",
)  # fmt: skip
#: Ids as JSON: past what a double, an int64 and a uint64 hold, and texts that are no numbers.
_IDS = (
    "9007199254740993", "-9007199254740993", "18446744073709551617", "1" + "0" * 99, "0", '"-0"', '"007"', '"1e5"',
    '"../../id"', '"a/b:c d!%2F"', r'"\"\\\""', '"' + "9" * 128 + '"', r'"\u0041\u002f"', '"6d7f0a2e-1e23-4e56-8a3b"',
)  # fmt: skip
#: To be written as text and as number.
_NUMERALS = (
    "0." + "0" * 22 + "1", "0." + "0" * 29 + "1", "0.12345678901234567890123", "1." + "0" * 30, "9" * 20,
    "9" * 20 + "." + "9" * 30, "1e-7", "1E-30", "1.1E+2", "1e19", "123e-2", "5e0", "1.10",
    "0.100000000000000005551115123125",
)  # fmt: skip
_TIMES = (
    "2024-03-04T14:30:00Z", "2024-03-04T14:30:00.1Z", "2024-03-04T14:30:00.000000001Z", "2024-03-04T20:00:00.5+05:30",
    "2024-03-04T09:30:00.123456789-05:00", "2024-03-05T14:29:59.999999999+23:59", "2024-03-04T14:30:00-00:00",
    "2024-02-29T23:59:59.999999999Z", "2000-02-29T00:00:00Z", "1969-12-31T23:59:59.999999999Z",
    "1677-09-21T00:12:43.145224192Z", "2262-04-11T23:47:16.854775807Z",
)  # fmt: skip
#: `extra` is the producer's own world, as long as nothing in it is nested more than 64 deep, counted from the record.
_EXTRAS = (
    "{}", '{"":{"":{"":[]}}}', '{"type":"quote","price":-1,"symbol":null}', '{"a":1.10,"A":1e-300,"a ":[0,-0,1E+2]}',
    '{"a":' * 63 + "1" + "}" * 63, '{"a":[' * 31 + '{"b":"c"}' + "]}" * 31, '{"deep":"' + "[{" * 100 + '"}',
    r'{"quoted":"\"[\\\"{\\","\u0061":"\/\u00e9\ud83d\ude00"}', '{"text":"\u00e9\u4e2d\U0001f600\u202e\ufeff\u2028"}',
    '{"n":1' + "0" * 99 + "}",
)  # fmt: skip


def _trade_with(**fields: str) -> Oddity:
    return lambda market: encoded(market.trade() | {"type": '"trade"'} | fields)


def _book_with(bids: str) -> Oddity:
    return lambda market: encoded(market.order_book() | {"book": '"L3"', "event": '"update"', "bids": bids})


def _spread_out(market: Market) -> bytes:
    # JSON may break lines between its tokens. A feed of lines can hold this line break only, and many readers take it
    # for the end of a line.
    return encoded({name: f"\t{value}\r" for name, value in market.message().items()})


def _escaped(market: Market) -> bytes:
    fields = market.trade() | {"type": '"trade"'}
    symbol = "".join(f"\\u{ord(letter):04x}" for letter in json.loads(fields["symbol"]))
    return encoded(fields | {"symbol": f'"{symbol}"'}).replace(b'"price"', rb'"\u0070rice"')


#: Each about as long as any other record.
ODDITIES: tuple[Oddity, ...] = (
    *(_trade_with(symbol=json.dumps(symbol)) for symbol in _SYMBOLS),
    *(_trade_with(trade_id=id_, sequence=id_, checksum=id_) for id_ in _IDS),
    *(_book_with(f'[{{"order_id":{id_},"action":"delete"}},{{"level_id":{id_},"volume":0e-8}}]') for id_ in _IDS),
    # Under a symbol of their own: the average price of no other is to become a number of 20 digits.
    *(
        _trade_with(symbol='"MANY DIGITS"', price=form.format(numeral), volume=form.format(numeral))
        for numeral in _NUMERALS
        for form in ("{}", '"{}"')
    ),
    *(_trade_with(timestamp=f'"{time}"', receive_timestamp=f'"{time}"') for time in _TIMES),
    *(_trade_with(extra=extra) for extra in _EXTRAS),
    _trade_with(volume="0", conditions=json.dumps([" ", "../x", '"', "\\", "@" * 64, *"ABCDEFGHIJ" * 5])),
    _book_with('[{"price":"5","order_count":2147483647}]'),
    _spread_out,
    _escaped,
)


def _padded(fields: Fields) -> bytes:
    """With an `extra` that makes the record exactly as long as one may be."""
    room = MAX_RECORD_BYTES - len(encoded(fields | {"extra": '{"padding":""}'}))
    return encoded(fields | {"extra": '{"padding":"' + "x" * room + '"}'})


def _full_depth(market: Market) -> bytes:
    bids, asks = (
        ",".join([f'{{"price":"{10_001 + sign * n}.50","volume":"{n}"}}' for n in range(1, 10_001)]) for sign in (-1, 1)
    )
    depth = market.market_depth() | {"depth": "10000"}
    return _padded(depth | {"bids": f"[{bids}]", "asks": f"[{asks}]"})


def _full_book(market: Market) -> bytes:
    orders = ",".join([f'{{"order_id":{9_007_199_254_740_993 + n}}}' for n in range(10_000)])
    return _padded(market.order_book() | {"book": '"L3"', "bids": f"[{orders}]", "asks": f"[{orders}]"})


#: Each nearly or exactly as long as a record may be.
LARGE: tuple[Oddity, ...] = (
    _full_depth,
    _full_book,
    lambda market: _padded(market.trade()),
    _trade_with(extra='{"brackets":"' + r"[{\"\\" * 140_000 + '"}'),
    _trade_with(extra="{" + ",".join([f'"k{n}":{n}' for n in range(55_000)]) + "}"),
    _trade_with(extra='{"escapes":"' + r"\u0041" * 140_000 + '"}'),
    _trade_with(extra='{"empty":[' + ",".join(["[]", "{}"] * 140_000) + "]}"),
)
