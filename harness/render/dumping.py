"""Rendered data as text."""

import json
from typing import Any


def as_json(value: Any) -> str:
    """JSON on one line; what JSON does not know (a date in somebody's template) as text."""
    return json.dumps(value, default=str, ensure_ascii=False)


def as_key(value: Any) -> str:
    """Text that is the same for the same values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, default=str)


def as_indented_json(value: Any) -> str:
    """JSON for people and files, ending with a line's end."""
    return json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n"
