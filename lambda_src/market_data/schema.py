"""The JSON Schema for producers, generated from the types; `python -m market_data.schema --write` writes it.

It looks at `type` first and then only at that feed's fields, so an error is about the field that is wrong.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from market_data.errors import Reason
from market_data.records import AMENDING, RECORD_TYPES
from market_data.rules import ORIGINAL_FIELDS

#: In the repository only; a deployed function never reads it.
PATH: Final = Path(__file__).parents[2] / "schemas" / "market_data.schema.json"
#: Of the contract. It changes if a record that was valid no longer is; new optional fields leave it.
VERSION: Final = 1

#: One record of each feed, a correction, and a trade of the original format.
EXAMPLES: Final[tuple[dict[str, Any], ...]] = (
    {
        "type": "trade",
        "symbol": "IBM",
        "exchange": "XNYS",
        "timestamp": "2026-11-23T09:30:00.123456789-05:00",
        "price": "182.10",
        "volume": "100",
        "side": "buy",
        "trade_id": "52983525029461",
        "sequence": 1201,
        "conditions": ["@", "F"],
        "extra": {"tape": "A"},
    },
    {
        "type": "trade",
        "symbol": "IBM",
        "exchange": "XNYS",
        "timestamp": "2026-11-23T09:31:04.5-05:00",
        "price": "182.01",
        "volume": "100",
        "trade_id": "52983525029467",
        "action": "correct",
        "references": "52983525029461",
    },
    {
        "type": "order_book",
        "symbol": "BTC-USD",
        "exchange": "COINBASE",
        "timestamp": "2026-11-23T14:30:00.061845Z",
        "book": "L2",
        "event": "update",
        "bids": [{"price": "67101.25", "volume": "0.5"}],
        "asks": [{"price": "67101.50", "volume": "0", "action": "delete"}],
    },
    {
        "type": "market_depth",
        "symbol": "ESZ6",
        "exchange": "XCME",
        "timestamp": "2026-11-23T14:30:00Z",
        "depth": 5,
        "bids": [{"price": "5165.25", "volume": "12", "order_count": 3}],
        "asks": [{"price": "5165.50", "volume": "7", "order_count": 2}],
    },
    {"symbol": "IBM", "price": 182.1, "volume": 100, "timestamp": "2026-11-23T14:30:00Z", "exchange": "XNYS"},
)

_BEFORE_PARSING: Final = "a schema sees a record only once it is parsed"
_DIGITS_ARE_LOST: Final = "to a schema, numbers that are written differently are one number"
_IN_FIELDS: Final = "not inside of extra; and to some validators a text may still end with a line feed"
#: Why valid by the schema is not valid by the contract; a reason that is not here always makes a record invalid.
NOT_EXPRESSED: Final[dict[Reason, str]] = {
    Reason.KPL_AGGREGATE: _BEFORE_PARSING,
    Reason.TOO_LARGE: _BEFORE_PARSING,
    Reason.NOT_UTF8: _BEFORE_PARSING,
    Reason.NESTING_TOO_DEEP: "a schema has no measure of depth",
    Reason.NON_FINITE_NUMBER: _BEFORE_PARSING,
    Reason.NOT_JSON: _BEFORE_PARSING,
    Reason.LONE_SURROGATE: _BEFORE_PARSING,
    Reason.DUPLICATE_KEY: _BEFORE_PARSING,
    Reason.TOO_MANY_DIGITS: _DIGITS_ARE_LOST,
    Reason.PRICE_NOT_POSITIVE: "the exchanges that may are a parameter of the deployment",
    Reason.IMPOSSIBLE_DATE: "a schema has no calendar",
}
#: Those that make a record invalid, but for some ways of writing it.
EXPRESSED_IN_PART: Final[dict[Reason, str]] = {
    Reason.CONTROL_CHARACTER: _IN_FIELDS,
    Reason.WRONG_TYPE: f"{_DIGITS_ARE_LOST}: 3.0 is an integer",
    Reason.VOLUME_NEGATIVE: f"{_DIGITS_ARE_LOST}: -0 is 0",
}

_DESCRIPTION: Final = (
    "One record of the stream, at most 900,000 bytes. A record that is valid here can still be refused, for the reasons"
    " in x-refusals; one that is invalid here always is. To check files as the pipeline does, use"
    " `python -m market_data check`."
)


def json_schema() -> dict[str, Any]:
    """The schema. Every record that `parse` accepts is valid under it."""
    _, definitions = msgspec.json.schema_components(RECORD_TYPES.values(), ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["properties"] = {name: _field(value) for name, value in definition["properties"].items()}
    # The original format has no `type`, and is a trade.
    definitions["Trade"]["required"].remove("type")
    amends = {"required": ["action"], "properties": {"action": {"enum": sorted(AMENDING)}}}
    references = {"required": ["references"]}
    definitions["Trade"]["allOf"] = [_where(amends, references), _where(references, amends)]
    definitions["BookLevel"]["anyOf"] = [{"required": [name]} for name in ("price", "order_id", "level_id")]
    original = {"not": {"required": ["type"]}, "required": sorted(ORIGINAL_FIELDS)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:financial-pipeline:market-data-record:{VERSION}",
        "version": VERSION,
        "title": "Market data record",
        "description": _DESCRIPTION,
        "type": "object",
        "properties": {"type": {"enum": list(RECORD_TYPES)}},
        "allOf": [
            *(_where(_typed(feed), {"$ref": f"#/$defs/{each.__name__}"}) for feed, each in RECORD_TYPES.items()),
            _where(original, {"$ref": "#/$defs/Trade"}),
            # Neither a type nor all five fields of the original format: what is missing is the type.
            _where({"not": {"anyOf": [{"required": ["type"]}, original]}}, {"required": ["type"]}),
        ],
        "examples": list(EXAMPLES),
        "x-refusals": {
            "no schema can express": [_refusal(reason, why) for reason, why in NOT_EXPRESSED.items()],
            "expressed in part": [_refusal(reason, why) for reason, why in EXPRESSED_IN_PART.items()],
        },
        "$defs": dict(sorted(definitions.items())),
    }


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    """A field's schema without `anyOf`, which would not say what is wrong with the value."""
    if "anyOf" in schema:  # an identifier; `pattern` applies to strings only
        text, integer = schema["anyOf"]
        return {**text, "type": [text["type"], integer["type"]]}
    if schema.get("format") == "decimal":
        # msgspec describes decimals as strings only; the contract takes numbers too.
        return {**{name: value for name, value in schema.items() if name != "format"}, "type": ["number", "string"]}
    return schema


def _typed(feed: str) -> dict[str, Any]:
    return {"required": ["type"], "properties": {"type": {"const": feed}}}


def _where(condition: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    # `required` holds for whatever is no object.
    return {"if": {"type": "object", **condition}, "then": then}


def _refusal(reason: Reason, why: str) -> dict[str, str]:
    return {"code": reason.value, "meaning": reason.meaning, "why": why}


def schema_text() -> str:
    """The schema as it is checked in."""
    return in_lines(json_schema()) + "\n"


def in_lines(value: Any, indent: str = "") -> str:
    """JSON on one line where it fits, else a key or item a line."""
    flat = json.dumps(value)
    if len(indent) + len(flat) <= 118 or not isinstance(value, (dict, list)):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {in_lines(each, inner)}" for key, each in value.items()]
    else:
        parts = [in_lines(each, inner) for each in value]
    return f",\n{inner}".join(parts).join((f"{flat[0]}\n{inner}", f"\n{indent}{flat[-1]}"))


def main(arguments: Sequence[str]) -> int:
    """Write the checked-in schema, or check that it matches the types."""
    parser = argparse.ArgumentParser(prog="python -m market_data.schema", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the file")
    action.add_argument("--check", action="store_true", help="exit 1 if the file does not match the types")
    parser.add_argument("--path", type=Path, default=PATH, help="the file, if not the checked-in one")
    options = parser.parse_args(arguments)
    if options.write:
        options.path.parent.mkdir(parents=True, exist_ok=True)
        options.path.write_text(schema_text(), encoding="utf-8")
        return 0
    if options.path.is_file() and options.path.read_text(encoding="utf-8") == schema_text():
        return 0
    print(f"{options.path} does not match the types; run python -m market_data.schema --write", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
