"""The tables that Athena sees have the columns that the Glue job writes."""

from pathlib import Path

import pytest
import yaml

from json_to_parquet import FIELDS, parquet_columns

TEMPLATE = Path(__file__).parents[2] / "template" / "financial-pipeline.yaml"


class _Loader(yaml.SafeLoader):
    """Reads the short form of the intrinsic functions as plain values."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: getattr(node, "value", None))


def _tables():
    resources = yaml.load(TEMPLATE.read_text(), Loader=_Loader)["Resources"].values()
    inputs = [r["Properties"]["TableInput"] for r in resources if r["Type"] == "AWS::Glue::Table"]
    return {table["Name"]: table for table in inputs}


def test_each_feed_has_a_table():
    assert set(_tables()) == set(FIELDS)


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
