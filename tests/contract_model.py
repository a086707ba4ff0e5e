"""A slow model of the contract, written from its text: json, Decimal and nothing from `market_data`.

`judge` gives every reason for which bytes could be rejected; the real parser must give one of them, or, where there is
none, exactly the record that is described here.
"""

import json
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

NON_POSITIVE = {"DERIBIT", "XCME", "XNYM", "IFEU"}
PRINTABLE = set(map(chr, range(0x20, 0x7F)))
DIGITS = set(string.digits)
ID = {"sequence", "previous_sequence", "first_sequence", "checksum"}
COMMON = ID | {"symbol", "exchange", "timestamp", "receive_timestamp", "conditions", "extra"}
FIELDS = {
    "trade": COMMON | {"price", "volume", "side", "trade_id", "action", "references"},
    "order_book": COMMON | {"book", "event", "bids", "asks"},
    "market_depth": COMMON | {"depth", "bids", "asks"},
}
REQUIRED = {
    "trade": {"symbol", "exchange", "timestamp", "price", "volume"},
    "order_book": {"symbol", "exchange", "timestamp", "book", "event", "bids", "asks"},
    "market_depth": {"symbol", "exchange", "timestamp", "depth", "bids", "asks"},
}
BOOK_LEVEL = {"price", "volume", "order_id", "level_id", "action", "order_count"}
DEPTH_LEVEL = {"price", "volume", "order_count"}
WORDS = {
    "side": {"buy", "sell", "none"},
    "book": {"L2", "L3"},
    "event": {"snapshot", "update", "clear"},
    "action": {"set", "new", "change", "delete", "fill"},
}
TRADE_ACTIONS = {"new", "cancel", "correct"}


class Number:
    """A JSON number as written."""

    def __init__(self, written: str) -> None:
        self.written = written


class Object(list):  # type: ignore[type-arg]
    """A JSON object as the list of its pairs, so that nothing is lost where keys repeat."""


class NotFiniteError(Exception):
    """NaN or an infinity was met."""


def _no_constants(name: str) -> None:
    raise NotFiniteError(name)


def read_json(text: str) -> Any:
    """Parsed JSON: numbers as written, objects as pairs."""
    return json.loads(
        text, object_pairs_hook=Object, parse_int=Number, parse_float=Number, parse_constant=_no_constants
    )


def feed(raw: bytes) -> tuple[set[str], str]:
    """The reason why bytes cannot be parsed, and otherwise their feed."""
    why, tree = _read(raw)
    if why or not isinstance(tree, Object):
        return why, "unknown"
    fields = dict(tree)
    if "type" in fields:
        return set(), fields["type"] if isinstance(fields["type"], str) and fields["type"] in FIELDS else "unknown"
    return set(), "trade" if REQUIRED["trade"] <= fields.keys() else "unknown"


def judge(raw: bytes, allow_nonpositive: set[str] = NON_POSITIVE) -> tuple[set[str], dict[str, Any]]:
    """Every reason to reject a record; if there is none, its canonical form."""
    why, tree = _read(raw)
    if why:
        return why, {}
    verdict = _Verdict(allow_nonpositive)
    verdict.walk(tree)
    if not isinstance(tree, Object):
        return verdict.reasons | {"not_an_object"}, {}
    name = feed(raw)[1]
    if name == "unknown":
        return verdict.reasons | {"unknown_feed"}, {}
    record = {"type": name}
    verdict.fields(tree, FIELDS[name], REQUIRED[name], record, ignored={"type"})
    if name == "trade":
        verdict.references(dict(tree))
    return verdict.reasons, record


def _read(raw: bytes) -> tuple[set[str], Any]:
    if raw[:4] == b"\xf3\x89\x9a\xc2":
        return {"kpl_aggregate"}, None
    if len(raw) > 900_000:
        return {"too_large"}, None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return {"not_utf8"}, None
    if _depth(text) > 64:
        return {"nesting_too_deep"}, None
    try:
        tree = read_json(text)
    except NotFiniteError:
        return {"non_finite_number"}, None
    except json.JSONDecodeError:
        return {"not_json"}, None
    if any("\ud800" <= letter <= "\udfff" for words in _texts(tree) for letter in words):
        return {"lone_surrogate"}, None
    return set(), tree


def _depth(text: str) -> int:
    deepest = depth = 0
    inside = escaped = False
    for letter in text:
        if letter == '"' and not escaped:
            inside = not inside
        elif letter in "[{" and not inside:
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}" and not inside:
            depth -= 1
        escaped = letter == "\\" and not escaped
    return deepest


def _texts(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    if isinstance(tree, Object):
        return [text for key, value in tree for text in [key, *_texts(value)]]
    if isinstance(tree, list):
        return [text for value in tree for text in _texts(value)]
    return []


def split_numeral(text: str) -> tuple[str, str, str, int] | None:
    """Sign, integer digits, fraction digits and exponent of a numeral; None where the text is none."""
    sign, rest = ("-", text[1:]) if text.startswith("-") else ("", text)
    mantissa, mark, exponent = rest.replace("E", "e").partition("e")
    whole, point, fraction = mantissa.partition(".")
    if not whole or set(whole) - DIGITS or (whole[0] == "0" and len(whole) > 1):
        return None
    if (point and not fraction) or set(fraction) - DIGITS:
        return None
    digits = exponent[1:] if exponent[:1] in {"+", "-"} else exponent
    if (mark and not digits) or set(digits) - DIGITS:
        return None
    digits = digits.lstrip("0")
    # More digits than this are treated as infinite.
    size = int(digits or "0") if len(digits) < 6 else 10**6
    return sign, whole, fraction, -size if exponent.startswith("-") else size


def plain(sign: str, whole: str, fraction: str, exponent: int) -> str:
    """A numeral without exponent, by moving its point along its digits."""
    digits, places = whole + fraction, len(fraction) - exponent
    if places <= 0:
        written = (digits + "0" * -places).lstrip("0") or "0"
        return sign + written
    digits = digits.rjust(places + 1, "0")
    return sign + (digits[:-places].lstrip("0") or "0") + "." + digits[-places:]


def nanoseconds(text: str) -> int | str:
    """The instant of a time, or the reason to reject it."""
    shape = "".join("9" if letter in DIGITS else letter for letter in text)
    head, tail = shape[:19], shape[19:]
    if head != "9999-99-99T99:99:99":
        return "bad_timestamp"
    fraction = ""
    if tail.startswith("."):
        fraction = text[20 : 20 + len(tail) - len(tail[1:].lstrip("9")) - 1]
        tail = tail[1 + len(fraction) :]
        if not 1 <= len(fraction) <= 9:
            return "bad_timestamp"
    if tail not in {"", "Z", "+99:99", "-99:99"}:
        return "bad_timestamp"
    if not tail:
        return "no_time_zone"
    try:
        moment = datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return "impossible_date"
    elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = elapsed.days * 86_400 + elapsed.seconds
    if tail != "Z":
        hours, minutes = int(text[-5:-3]), int(text[-2:])
        if hours > 23 or minutes > 59:
            return "impossible_date"
        ahead = timedelta(hours=hours, minutes=minutes).seconds
        seconds += ahead if tail[0] == "-" else -ahead
    result = seconds * 10**9 + int(fraction.ljust(9, "0"))
    return result if -(2**63) <= result < 2**63 else "impossible_date"


class _Verdict:
    def __init__(self, allow_nonpositive: set[str]) -> None:
        self.reasons: set[str] = set()
        self.allow_nonpositive = allow_nonpositive

    def walk(self, tree: Any) -> None:
        """Values that are rejected everywhere."""
        for text in _texts(tree):
            if any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in text):
                self.reasons.add("control_character")
        todo = [tree]
        while todo:
            value = todo.pop()
            if isinstance(value, Object):
                keys = [key for key, _ in value]
                if len(set(keys)) < len(keys):
                    self.reasons.add("duplicate_key")
                todo += [inner for _, inner in value]
            elif isinstance(value, list):
                todo += value
            elif isinstance(value, Number):
                parts = split_numeral(value.written)
                if len(value.written) > 100 or parts is None or abs(parts[3]) > 300:
                    self.reasons.add("too_many_digits")

    def fields(
        self, pairs: Object, known: set[str], required: set[str], into: dict[str, Any], ignored: set[str] | None = None
    ) -> None:
        """Read every field of an object; write the canonical values to `into`."""
        given = dict(pairs)
        if given.keys() - known - (ignored or set()):
            self.reasons.add("unknown_field")
        if required - given.keys():
            self.reasons.add("missing_field")
        exchange = given.get("exchange")
        for name in given.keys() & known:
            into[name] = self.value(name, given[name], into)
        for name in ("timestamp", "receive_timestamp"):
            if isinstance(into.get(name), str) and "type" in into:
                into[f"{name}_ns"] = nanoseconds(into[name])
        if "type" in into and not (isinstance(exchange, str) and exchange in self.allow_nonpositive):
            levels = [*(into.get("bids") or []), *(into.get("asks") or [])]
            for holder in [into, *levels]:
                if isinstance(holder, dict) and isinstance(holder.get("price"), str) and Decimal(holder["price"]) <= 0:
                    self.reasons.add("price_not_positive")

    def references(self, given: dict[str, Any]) -> None:
        """A cancellation or correction names a trade, and nothing else does."""
        action = given.get("action")
        amends = isinstance(action, str) and action in {"cancel", "correct"}
        if amends and "references" not in given:
            self.reasons.add("missing_field")
        if not amends and "references" in given:
            self.reasons.add("bad_value")

    def value(self, name: str, value: Any, record: dict[str, Any]) -> Any:
        """One field's canonical value; None if it is rejected."""
        if name in {"price", "volume"}:
            return self.number(name, value)
        if name in ID | {"trade_id", "references", "order_id", "level_id"}:
            return self.identifier(value)
        if name in {"order_count", "depth"}:
            return self.integer(value, *((0, 2**31 - 1) if name == "order_count" else (1, 10_000)))
        if name == "extra":
            return value if isinstance(value, Object) else self.refuse("wrong_type")
        if name == "conditions":
            return self.conditions(value)
        if name in {"bids", "asks"}:
            return self.levels(value, is_depth=record["type"] == "market_depth")
        if not isinstance(value, str):
            return self.refuse("wrong_type")
        if name in WORDS:
            words = TRADE_ACTIONS if name == "action" and record.get("type") == "trade" else WORDS[name]
            return value if value in words else self.refuse("bad_value")
        if name in {"timestamp", "receive_timestamp"}:
            instant = nanoseconds(value)
            return value if isinstance(instant, int) else self.refuse(instant)
        if name == "symbol":
            return value if self.is_printable(value, 64) else self.refuse("bad_symbol")
        good = 1 <= len(value) <= 32 and not set(value) - set(string.ascii_uppercase + string.digits + "._-")
        return value if good else self.refuse("bad_exchange")

    def refuse(self, reason: str) -> None:
        """Note a reason."""
        self.reasons.add(reason)

    @staticmethod
    def is_printable(text: str, longest: int) -> bool:
        """Printable ASCII, no space at either end."""
        return 1 <= len(text) <= longest and not set(text) - PRINTABLE and text == text.strip(" ")

    def number(self, name: str, value: Any) -> str | None:
        """A price or a volume."""
        if not isinstance(value, str | Number):
            return self.refuse("wrong_type")
        written = value if isinstance(value, str) else value.written
        parts = split_numeral(written)
        if parts is None:
            return self.refuse("bad_number")
        sign, whole, fraction, exponent = parts
        digits = (whole + fraction).lstrip("0") or "0"
        places = len(fraction) - exponent
        if len(written) > 100 or places > 30 or len(digits) - places > 20:
            return self.refuse("too_many_digits")
        if name == "volume" and sign:
            return self.refuse("volume_negative")
        return plain(sign, whole, fraction, exponent)

    def identifier(self, value: Any) -> str | None:
        """An id, as text."""
        if isinstance(value, Number):
            is_integer = not set(value.written) & set(".eE")
            return value.written if is_integer else self.refuse("wrong_type")
        if not isinstance(value, str):
            return self.refuse("wrong_type")
        return value if self.is_printable(value, 128) else self.refuse("bad_identifier")

    def integer(self, value: Any, lowest: int, highest: int) -> int | None:
        """A count."""
        if not isinstance(value, Number) or set(value.written) & set(".eE"):
            return self.refuse("wrong_type")
        if len(value.written) > 100:
            return None
        number = int(value.written)
        return number if lowest <= number <= highest else self.refuse("bad_value")

    def conditions(self, value: Any) -> list[str] | None:
        """Condition codes."""
        if not isinstance(value, list) or isinstance(value, Object):
            return self.refuse("wrong_type")
        if len(value) > 64:
            return self.refuse("too_long")
        for entry in value:
            if not isinstance(entry, str):
                self.refuse("wrong_type")
            elif len(entry) > 64:
                self.refuse("too_long")
            elif not entry or set(entry) - PRINTABLE:
                self.refuse("bad_value")
        return value

    def levels(self, value: Any, *, is_depth: bool) -> list[dict[str, Any]] | None:
        """One side of a book."""
        if not isinstance(value, list) or isinstance(value, Object):
            return self.refuse("wrong_type")
        if len(value) > 10_000:
            return self.refuse("too_many_levels")
        levels = []
        for entry in value:
            level: dict[str, Any] = {}
            if not isinstance(entry, Object):
                self.refuse("wrong_type")
                continue
            known, required = (DEPTH_LEVEL, {"price", "volume"}) if is_depth else (BOOK_LEVEL, set())
            self.fields(entry, known, required, level)
            if not is_depth and not {key for key, _ in entry} & {"price", "order_id", "level_id"}:
                self.refuse("bad_level")
            levels.append(level)
        return levels
