"""The JSON Schema for producers, generated from the types; `python -m market_data.schema --write` writes it."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from market_data.records import RECORD_TYPES

#: In the repository only; a deployed function never reads it.
PATH: Final = Path(__file__).parents[2] / "schemas" / "market_data.schema.json"

_DESCRIPTION: Final = (
    "One record of the stream, at most 900,000 bytes. Some rules cannot be expressed in JSON Schema (digit limits,"
    " impossible dates, prices of zero and below, duplicate keys). Records that break them are rejected too, each with"
    " its own reason."
)


def json_schema() -> dict[str, Any]:
    """The schema. Every record that `parse` accepts is valid under it."""
    alternatives, definitions = msgspec.json.schema_components(RECORD_TYPES.values(), ref_template="#/$defs/{name}")
    for definition in definitions.values():
        for value in definition["properties"].values():
            if value.get("format") == "decimal":
                # msgspec describes decimals as strings only; the contract takes numbers too.
                del value["format"]
                value["type"] = ["number", "string"]
    # The original format has no `type`, and is a trade.
    definitions["Trade"]["required"].remove("type")
    definitions["BookLevel"]["anyOf"] = [{"required": [name]} for name in ("price", "order_id", "level_id")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Market data record",
        "description": _DESCRIPTION,
        "anyOf": list(alternatives),
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The schema as it is checked in."""
    return _lines(json_schema()) + "\n"


def _lines(value: Any, indent: str = "") -> str:
    """JSON on one line where it fits, else a key or item a line."""
    flat = json.dumps(value)
    if len(indent) + len(flat) <= 118 or not isinstance(value, (dict, list)):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_lines(each, inner)}" for key, each in value.items()]
    else:
        parts = [_lines(each, inner) for each in value]
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
