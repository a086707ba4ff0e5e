"""The contract's JSON Schema, as two independent validators read it."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema
import jsonschema_rs

from market_data import schema

_PYTHON = jsonschema.Draft202012Validator(schema.json_schema())
_RUST = jsonschema_rs.validator_for(schema.json_schema())

Errors = list[tuple[list[str | int], str]]


def read(raw: bytes | str) -> Any:
    """Parsed JSON with every digit, as a producer's validator can have it."""
    return json.loads(raw, parse_float=Decimal)


def errors_by_validator(value: Any) -> Iterator[Errors]:
    """Where each validator finds errors, with its messages."""
    yield [(list(error.absolute_path), error.message) for error in _PYTHON.iter_errors(value)]
    yield [(error.instance_path, error.message) for error in _RUST.iter_errors(value)]


def is_valid(value: Any) -> bool:
    """What both validators say. They have to agree."""
    said = {not errors for errors in errors_by_validator(value)}
    assert len(said) == 1, value
    return said.pop()
