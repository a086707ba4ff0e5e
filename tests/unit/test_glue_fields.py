"""The Glue job's fields match the contract. Glue lacks the contract's libraries, so this test compares them."""

import json

import msgspec.inspect
import pytest
from hypothesis import given

from json_to_parquet.columns import FIELDS, Field, Kind
from market_data import canonical, parse
from market_data.records import RECORD_TYPES
from tests.strategies import raw_records


def _field(field):
    type_ = field.type
    while isinstance(type_, msgspec.inspect.Metadata):
        type_ = type_.type
    match type_:
        case msgspec.inspect.DecimalType():
            kind, levels = Kind.NUMERAL, ()
        case msgspec.inspect.IntType():
            kind, levels = Kind.INTEGER, ()
        case msgspec.inspect.VarTupleType(item_type=msgspec.inspect.StructType() as entry):
            kind, levels = Kind.LEVELS, tuple(map(_field, entry.fields))
        case msgspec.inspect.VarTupleType():
            kind, levels = Kind.TEXTS, ()
        case _:
            # To msgspec, times are texts; the canonical form, below, distinguishes them.
            kind, levels = (Kind.TIME if field.name.endswith("timestamp") else Kind.TEXT), ()
    return Field(field.name, kind, field.required, levels)


def test_every_feed_is_transformed():
    assert set(FIELDS) == set(RECORD_TYPES)


@pytest.mark.parametrize("feed", FIELDS)
def test_the_job_knows_the_contracts_fields(feed):
    """A field of the contract that the job lacks is lost on the way to Parquet; no other test would notice."""
    contract = {_field(field) for field in msgspec.inspect.type_info(RECORD_TYPES[feed]).fields}

    assert set(FIELDS[feed]) == contract


#: What Spark reads a JSON value as, without changing it.
_PYTHON = {Kind.TEXT: str, Kind.NUMERAL: str, Kind.TIME: str, Kind.INTEGER: int, Kind.TEXTS: list, Kind.LEVELS: list}


@given(raw_records())
def test_a_canonical_record_has_nothing_that_the_job_does_not_read(raw):
    """A number where the job reads text would be reformatted by Spark, with other digits."""
    record = json.loads(canonical(parse(raw)))

    feed = record.pop("type")
    for field in FIELDS[feed]:
        if field.kind is Kind.TIME and field.name in record:
            assert type(record.pop(f"{field.name}_ns")) is int
    _assert_read(record, {field.name: field for field in FIELDS[feed]})


def _assert_read(record, fields):
    for name, value in record.items():
        assert type(value) is _PYTHON[fields[name].kind], name
        if fields[name].kind is Kind.LEVELS:
            for level in value:
                _assert_read(level, {field.name: field for field in fields[name].levels})
        elif fields[name].kind is Kind.TEXTS:
            assert all(type(text) is str for text in value)
