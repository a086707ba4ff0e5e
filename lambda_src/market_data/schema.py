"""The JSON Schema that producers read, made from the types; `python -m market_data.schema --write` puts it in place."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from market_data.records import RECORD_TYPES

#: In the repository; a deployed function has no such file and never asks for it.
PATH: Final = Path(__file__).parents[2] / "schemas" / "market_data.schema.json"

_DESCRIPTION: Final = (
    "One record of the stream, at most 900,000 bytes. The schema is a guide for producers: what it cannot say (digit"
    " limits, impossible dates, prices of zero and below, duplicate keys) is refused all the same, each under its own"
    " reason."
)


def json_schema() -> dict[str, Any]:
    """The whole schema. Every record that `parse` accepts is valid by it."""
    alternatives, definitions = msgspec.json.schema_components(RECORD_TYPES.values(), ref_template="#/$defs/{name}")
    for definition in definitions.values():
        for value in definition["properties"].values():
            if value.get("format") == "decimal":
                # msgspec knows decimals as texts only; here a number says the same.
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
    if len(indent) + len(flat) <= 100 or not isinstance(value, (dict, list)):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_lines(each, inner)}" for key, each in value.items()]
    else:
        parts = [_lines(each, inner) for each in value]
    return f",\n{inner}".join(parts).join((f"{flat[0]}\n{inner}", f"\n{indent}{flat[-1]}"))


def main(arguments: Sequence[str]) -> int:
    """Write the checked-in schema, or tell whether it is what the types say."""
    parser = argparse.ArgumentParser(prog="python -m market_data.schema", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the file")
    action.add_argument("--check", action="store_true", help="exit 1 where the file is not what the types say")
    parser.add_argument("--path", type=Path, default=PATH, help="the file, if not the checked-in one")
    options = parser.parse_args(arguments)
    if options.write:
        options.path.parent.mkdir(parents=True, exist_ok=True)
        options.path.write_text(schema_text(), encoding="utf-8")
        return 0
    if options.path.is_file() and options.path.read_text(encoding="utf-8") == schema_text():
        return 0
    print(f"{options.path} is not what the types say; run python -m market_data.schema --write", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
