"""The tables that Athena sees have the columns that the Glue job writes."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.render.source import read
from market_data import FEEDS, UNKNOWN
from market_data.envelope import decode_raw_line, encode_raw_line
from market_data.errors import RejectedRecord
from market_data.feeds import feed_of
from pipeline_store.columns import FIELDS, PARTITION_KEYS, RAW_COLUMNS, RAW_PARTITION_KEYS, Column, columns
from pipeline_store.keys import RAW_PREFIX, raw_key
from rules.lib import code

TEMPLATE = Path(__file__).parents[2] / "template" / "financial-pipeline.yaml"


def _tables():
    resources = read(TEMPLATE).template["Resources"].values()
    inputs = [r["Properties"]["TableInput"] for r in resources if r["Type"] == "AWS::Glue::Table"]
    return {table["Name"]: table for table in inputs}


def test_each_feed_has_a_table_and_so_has_the_record_itself():
    assert set(_tables()) == {*FIELDS, "market_data"}


#: What Hive's plain text reader takes for the end of a field where a table names no other: control character 1, which
#: `serialization.format` 1 stands for. https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
DELIMITER = b"\x01"
#: What Hadoop's TextInputFormat takes for the end of a line.
LINE_ENDS = (b"\n", b"\r")


def test_the_raw_table_has_a_line_in_its_one_column():
    """A SerDe that parses keys is documented to return wrong rows; one that splits text cannot."""
    storage = _tables()["market_data"]["StorageDescriptor"]

    assert [(column["Name"], column["Type"]) for column in storage["Columns"]] == [("line", "string")]
    assert storage["InputFormat"] == "org.apache.hadoop.mapred.TextInputFormat"
    # Only the format: an escape character or another delimiter would cut lines, a null format would empty them.
    assert storage["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"serialization.format": "1"},
    }


@given(
    data=st.one_of(
        st.binary(max_size=80),
        # Valid JSON of any text, also with characters as they are.
        st.builds(
            lambda value, ascii, indent: json.dumps(value, ensure_ascii=ascii, indent=indent).encode(),
            st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
            st.booleans(),
            st.sampled_from([None, 1]),
        ),
        # A delimiter put into what is valid otherwise.
        st.builds(
            lambda text, at, what: text[: at % (len(text) + 1)] + what + text[at % (len(text) + 1) :],
            st.sampled_from([b'{"type": "trade", "symbol": "IBM"}', b'{"a": "b"}', b"1"]),
            st.integers(0, 40),
            st.sampled_from([DELIMITER, b"\\u0001", b"\n", b"\r", b"\x00"]),
        ),
    ),
    key=st.text(max_size=8),
)
@example(data=b'{"a":"\x01"}', key="")
@example(data=b'{"a":"b"}', key="\x01\r\n")
@example(data=b'{"a":1}\r', key="")
def test_no_stored_line_is_split_or_cut_by_the_reader(data, key):
    """For any input: the consumer stores JSON only, and JSON contains no raw control characters."""
    try:
        feed_of(data)
    except RejectedRecord:
        return  # never in the raw table: quarantined
    stored = encode_raw_line("shardId-000000000000", "1", key, 0, data)

    assert stored.endswith(b"\n")
    line = stored.removesuffix(b"\n")
    assert not [each for each in (DELIMITER, *LINE_ENDS) if each in line]
    assert line.startswith(b"{"), "the reader takes a line that is \\N for null"
    assert decode_raw_line(line).data == data


def test_a_query_finds_a_message_in_its_line():
    """The query that docs/deploying.md recommends: `data`, or `data_base64` for a message with a line break."""
    plain, broken = (encode_raw_line("shardId-0", "1", "k", 0, data) for data in (b'{"symbol":"IBM"}', b'{\n"a":1}'))

    assert json.loads(plain)["data"]["symbol"] == "IBM"
    assert base64.b64decode(json.loads(broken)["data_base64"]) == b'{\n"a":1}'
    assert "data" not in json.loads(broken)


def _projected(parameters, key):
    """The values that Athena computes for a partition key."""
    own = {name.removeprefix(f"projection.{key}."): value for name, value in parameters.items() if f".{key}." in name}
    if own["type"] == "enum":
        return own["values"].split(",")
    assert own["type"] == "integer"
    first, last = map(int, own["range"].split(","))
    return [str(value).zfill(int(own.get("digits", 1))) for value in range(first, last + 1)]


def test_athena_looks_into_every_folder_that_the_consumer_writes():
    """Outside the range, or in a differently spelt folder, it silently finds nothing."""
    table = _tables()["market_data"]
    parameters = table["Parameters"]
    keys = [key["Name"] for key in table["PartitionKeys"]]
    known = {key: _projected(parameters, key) for key in keys}

    assert parameters["projection.enabled"] == "true"
    assert "storage.location.template" not in parameters, "the default is Hive's, which the keys have"
    assert known["feed"] == [*FEEDS, UNKNOWN]
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=25 * number) for number in range(366)]
    moments.append(datetime(2076, 12, 31, 23, tzinfo=UTC))
    for feed, moment in product((*FEEDS, UNKNOWN), moments):
        folders = raw_key(feed, int(moment.timestamp() * 1000), "shardId-0", ["1"]).split("/")[1:-1]
        assert [folder.partition("=")[0] for folder in folders] == keys
        assert all(value in known[key] for key, _, value in (folder.partition("=") for folder in folders))


def test_the_raw_table_is_partitioned_as_raw_keys_are():
    table = _tables()["market_data"]
    folders = raw_key("trade", 0, "shardId-0", ["1"]).split("/")[1:-1]

    assert [key["Name"] for key in table["PartitionKeys"]] == [folder.split("=")[0] for folder in folders]
    assert table["StorageDescriptor"]["Location"]["Fn::Sub"].endswith(f"/{RAW_PREFIX}")
    assert code.RECEIVED == RAW_PREFIX


@pytest.mark.parametrize(
    ("name", "own", "keys"),
    [
        *(pytest.param(feed, columns(feed), PARTITION_KEYS, id=feed) for feed in FIELDS),
        pytest.param("market_data", RAW_COLUMNS, RAW_PARTITION_KEYS, id="raw"),
    ],
)
def test_the_table_has_the_columns_that_the_job_writes_and_says_what_they_mean(name, own, keys):
    """A column that differs in type makes every query over the table fail; a missing one hides data."""
    table = _tables()[name]

    assert _declared(table["StorageDescriptor"]["Columns"]) == [each[:3] for each in own]
    assert _declared(table["PartitionKeys"]) == [each[:3] for each in keys]


def _declared(stated):
    return [Column(each["Name"], each["Type"], each["Comment"])[:3] for each in stated]


@pytest.mark.parametrize("feed", FIELDS)
def test_the_table_lies_where_the_job_writes(feed):
    assert _tables()[feed]["StorageDescriptor"]["Location"]["Fn::Sub"].endswith(f"/parquet/feed={feed}/")
