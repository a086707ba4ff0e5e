"""The columns match the contract and are explained. Glue lacks the contract's libraries: this compares them."""

import ast
import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import msgspec.inspect
import pytest
from hypothesis import given

from market_data import canonical, parse
from market_data.records import RECORD_TYPES
from pipeline_store.columns import (
    FIELDS,
    PARTITION_KEYS,
    RAW_COLUMNS,
    RAW_PARTITION_KEYS,
    Field,
    Kind,
    columns,
    columns_of_levels,
)
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
    return _shape(Field(field.name, kind, "", "", field.required, levels))


def _shape(field):
    """What the contract knows of a field, too."""
    return field.name, field.kind, field.required, tuple(map(_shape_of_level, field.levels))


def _shape_of_level(level):
    return _shape(level) if isinstance(level, Field) else level


def test_every_feed_is_transformed():
    assert set(FIELDS) == set(RECORD_TYPES)


@pytest.mark.parametrize("feed", FIELDS)
def test_the_job_knows_the_contracts_fields(feed):
    """A field of the contract that the job lacks is lost on the way to Parquet; no other test would notice."""
    contract = {_field(field) for field in msgspec.inspect.type_info(RECORD_TYPES[feed]).fields}

    assert set(map(_shape, FIELDS[feed])) == contract


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


def _everything():
    """(where, column or field) of all that people read about."""
    for feed, fields in FIELDS.items():
        yield from ((feed, each) for each in columns(feed))
        for field in fields:
            yield from ((f"{feed}.{field.name}", each) for each in columns_of_levels(field))
    yield from (("keys", each) for each in (*PARTITION_KEYS, *RAW_COLUMNS, *RAW_PARTITION_KEYS))


#: Of a column's comment, by the Glue API: at most 255 characters of a pattern without line breaks.
#: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
COMMENT = re.compile(r"[^\r\n\t]{10,255}")


@pytest.mark.parametrize(("where", "column"), [*_everything()], ids=lambda each: getattr(each, "name", each))
def test_each_column_is_explained(where, column):
    assert COMMENT.fullmatch(column.comment), where


@pytest.mark.parametrize("feed", FIELDS)
def test_the_examples_are_values_that_the_contract_takes(feed):
    """Each field's example, in one record; what the columns show of it is what canonical JSON and exact numbers say."""
    record = {"type": feed} | _examples(FIELDS[feed])
    parsed = parse(json.dumps(record).encode())
    shown = {column.name: column.example for column in columns(feed)}

    assert shown["timestamp_ns"] == str(parsed.timestamp_ns)
    assert shown["receive_timestamp_ns"] == str(parsed.receive_timestamp_ns)
    moment = datetime.fromisoformat(shown["timestamp_us"]).replace(tzinfo=UTC)
    assert moment == datetime.fromisoformat(shown["timestamp"])
    if feed == "trade":
        assert (Decimal(shown["price"]), shown["price_text"]) == (parsed.price, record["price"])


def _examples(fields):
    def value(field):
        match field.kind:
            case Kind.TEXTS:
                return ast.literal_eval(field.example)
            case Kind.INTEGER:
                return int(field.example)
            case Kind.LEVELS:
                return [_examples(field.levels)]
        return json.loads(field.example) if field.name == "extra" else field.example

    return {field.name: value(field) for field in fields}
