"""The tables that Athena sees have the columns that the Glue job writes."""

import json
from pathlib import Path

import pytest
import yaml

from json_to_parquet import FIELDS, parquet_columns
from market_data.envelope import encode_raw_line
from market_data.positions import RAW_PREFIX, raw_key

TEMPLATE = Path(__file__).parents[2] / "template" / "financial-pipeline.yaml"


class _Loader(yaml.SafeLoader):
    """Reads the short form of the intrinsic functions as plain values."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: getattr(node, "value", None))


def _tables():
    resources = yaml.load(TEMPLATE.read_text(), Loader=_Loader)["Resources"].values()
    inputs = [r["Properties"]["TableInput"] for r in resources if r["Type"] == "AWS::Glue::Table"]
    return {table["Name"]: table for table in inputs}


def test_each_feed_has_a_table_and_so_has_the_record_itself():
    assert set(_tables()) == {*FIELDS, "market_data"}


def test_the_raw_table_has_the_envelopes_fields():
    """The JSON reader of Hive passes over what no column names, without a word."""
    head = ("shardId-0", "1", "key", 0)
    lines = [json.loads(encode_raw_line(*head, data)) for data in (b"1", b"\n1")]
    columns = [column["Name"] for column in _tables()["market_data"]["StorageDescriptor"]["Columns"]]

    assert columns == list(dict.fromkeys(name for line in lines for name in line))


def test_the_raw_table_is_partitioned_as_raw_keys_are():
    table = _tables()["market_data"]
    folders = raw_key("trade", 0, "shardId-0", ["1"]).split("/")[1:-1]

    assert [key["Name"] for key in table["PartitionKeys"]] == [folder.split("=")[0] for folder in folders]
    assert table["StorageDescriptor"]["Location"].endswith(f"/{RAW_PREFIX}")


@pytest.mark.parametrize("feed", FIELDS)
def test_the_table_has_the_columns_that_the_job_writes(feed):
    """A column that differs in type makes every query over the table fail; a missing one hides data."""
    columns = [(column["Name"], column["Type"]) for column in _tables()[feed]["StorageDescriptor"]["Columns"]]

    assert columns == parquet_columns(feed)


@pytest.mark.parametrize("feed", FIELDS)
def test_the_table_lies_where_the_job_writes(feed):
    table = _tables()[feed]

    assert table["StorageDescriptor"]["Location"].endswith(f"/parquet/feed={feed}/")
    assert [key["Name"] for key in table["PartitionKeys"]] == ["date", "hour"]
