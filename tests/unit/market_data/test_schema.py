"""The JSON Schema for producers: it is checked in, has examples, and says where the error is and what it cannot say."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from market_data import Reason, feed_of, flags, parse, schema
from market_data.records import RECORD_TYPES
from tests.hostile import HOSTILE_AMENDMENTS, HOSTILE_FIELDS
from tests.schemas import errors_by_validator, is_valid, read

TRADE = '{"type":"trade","symbol":"A","exchange":"X","timestamp":"2026-11-22T22:04:46Z","price":1,"volume":1@}'
BOOK = TRADE.replace("trade", "order_book").replace(
    '"price":1,"volume":1@', '"book":"L2","event":"update","bids":[{"price":1}, @],"asks":[]'
)
NOT_ALWAYS = {**schema.NOT_EXPRESSED, **schema.EXPRESSED_IN_PART}


def test_the_checked_in_schema_is_what_the_types_say() -> None:
    """Producers read the file, not the types."""
    assert schema.PATH.read_text(encoding="utf-8") == schema.schema_text()


def test_the_schema_command_tells_drift_from_none(tmp_path: Path) -> None:
    path = tmp_path / "schemas" / "copy.json"

    assert schema.main(["--check", "--path", str(path)]) == 1
    assert schema.main(["--write", "--path", str(path)]) == 0
    assert schema.main(["--check", "--path", str(path)]) == 0
    path.write_text(path.read_text().replace("market_depth", "market_deep"))
    assert schema.main(["--check", "--path", str(path)]) == 1


def test_the_schema_is_a_schema_with_a_name_and_a_version() -> None:
    published = schema.json_schema()

    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema_rs.meta.validate(published)
    assert published["$id"].endswith(f":{published['version']}")


@pytest.mark.parametrize("example", schema.EXAMPLES, ids=lambda example: example.get("type", "original"))
def test_an_example_is_a_record_that_nothing_is_wrong_with(example: dict[str, Any]) -> None:
    record = parse(json.dumps(example).encode())

    assert flags(record, record.timestamp_ns) == []
    assert is_valid(example)


def test_every_feed_has_an_example() -> None:
    assert {feed_of(json.dumps(example).encode()) for example in schema.EXAMPLES} == set(RECORD_TYPES)
    assert schema.json_schema()["examples"] == list(schema.EXAMPLES)


@pytest.mark.parametrize(
    ("name", "fragment"), [(name, fragment) for name, fragment, reason in HOSTILE_FIELDS if reason not in NOT_ALWAYS]
)
def test_a_field_that_is_wrong_is_the_only_one_named(name: str, fragment: str) -> None:
    for errors in errors_by_validator(read(TRADE.replace("@", "")) | {name: json.loads(fragment)}):
        assert errors
        for path, message in errors:
            # An unknown field can only be named by the object that has it.
            assert path[:1] == [name] or f"'{name}' was unexpected" in message


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (BOOK.replace("@", '{"price":"x"}'), ["bids", 1, "price"]),
        (BOOK.replace("@", '{"order_id":""}'), ["bids", 1, "order_id"]),
        (BOOK.replace("@", '{"price":1,"action":"x"}'), ["bids", 1, "action"]),
        (BOOK.replace("@", '{"volume":1}'), ["bids", 1]),
        (BOOK.replace(", @", "").replace('"L2"', '"L4"'), ["book"]),
        (BOOK.replace("@", ",".join(['{"price":1}'] * 10_000)), ["bids"]),
        (TRADE.replace("@", "").replace('"trade"', '"quote"'), ["type"]),
    ],
)
def test_an_error_leads_to_its_place(raw: str, path: list[str | int]) -> None:
    for errors in errors_by_validator(read(raw)):
        assert [place for place, _ in errors] == [path]


@pytest.mark.parametrize("fields", [fields for fields, _ in HOSTILE_AMENDMENTS])
def test_an_amendment_that_is_wrong_is_named(fields: dict[str, str]) -> None:
    for errors in errors_by_validator(read(TRADE.replace("@", "")) | fields):
        assert errors
        for path, message in errors:
            assert (path and path[0] in fields) or "is a required property" in message


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        (TRADE.replace('"price":1,', "").replace("@", ""), "price"),
        (TRADE.replace('"type":"trade",', "").replace('"price":1,', "").replace("@", ""), "type"),
        ("{}", "type"),
    ],
)
def test_a_missing_field_is_named(raw: str, missing: str) -> None:
    for errors in errors_by_validator(read(raw)):
        ((path, message),) = errors
        assert path == []
        assert message.replace('"', "'") == f"'{missing}' is a required property"


@pytest.mark.parametrize("raw", ["null", "1", "[]", '"trade"', "[{}]"])
def test_what_is_no_object_has_one_error(raw: str) -> None:
    for errors in errors_by_validator(read(raw)):
        assert len(errors) == 1


@pytest.mark.parametrize(
    ("reason", "fragment"),
    [
        (Reason.TOO_MANY_DIGITS, f',"sequence":{"9" * 101}'),
        (Reason.TOO_MANY_DIGITS, ',"extra":{"a":1e301}'),
        (Reason.PRICE_NOT_POSITIVE, ',"price":-1'),
        (Reason.IMPOSSIBLE_DATE, ',"receive_timestamp":"2026-02-29T00:00:00Z"'),
        (Reason.NESTING_TOO_DEEP, f',"extra":{{"a":{"[" * 63}{"]" * 63}}}'),
        (Reason.DUPLICATE_KEY, ',"price":1'),
        (Reason.WRONG_TYPE, ',"trade_id":3.0'),
        (Reason.VOLUME_NEGATIVE, ',"volume":-0'),
        (Reason.CONTROL_CHARACTER, r',"extra":{"a":"\n"}'),
    ],
)
def test_what_the_schema_says_it_cannot_express_is_valid_to_it(reason: Reason, fragment: str) -> None:
    """With whatever it can express, the list would be too long. The others are not read as JSON at all."""
    assert is_valid(json.loads(TRADE.replace("@", fragment)))
    assert reason in NOT_ALWAYS


def test_the_schema_lists_what_it_cannot_express() -> None:
    """With the code's own words, for a producer who has nothing but the file."""
    listed = schema.json_schema()["x-refusals"]

    assert [entry["code"] for entry in listed["no schema can express"]] == list(schema.NOT_EXPRESSED)
    assert [entry["code"] for entry in listed["expressed in part"]] == list(schema.EXPRESSED_IN_PART)
    assert all(entry["meaning"] == Reason(entry["code"]).meaning for part in listed.values() for entry in part)
    assert not schema.NOT_EXPRESSED.keys() & schema.EXPRESSED_IN_PART.keys()
