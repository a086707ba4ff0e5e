"""The job's column declarations, without Spark; other tests compare the tables and the contract with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from json_to_parquet.transforms import row_expressions, with_comments
from pipeline_store.columns import FIELDS, PARTITION_KEYS, POSITION, columns, line_schema, parquet_columns

GLUE_SOURCE = Path(__file__).parents[2] / "glue_src"


@pytest.mark.parametrize("feed", FIELDS)
def test_no_column_is_named_twice(feed):
    names = [name for name, _ in parquet_columns(feed)]

    assert len(set(names)) == len(names)
    assert set(POSITION) <= set(names)


@pytest.mark.parametrize("feed", FIELDS)
def test_spark_writes_the_columns_that_are_declared(spark, feed):
    """Tables come from the declarations, files from the expressions: both must match."""
    lines = spark.createDataFrame([], line_schema(feed)).selectExpr("*", "'' AS raw_key")

    rows = lines.selectExpr(*row_expressions(feed))

    assert rows.dtypes == parquet_columns(feed)


@pytest.mark.parametrize("feed", FIELDS)
def test_spark_writes_what_each_column_means(spark, tmp_path, feed):
    lines = spark.createDataFrame([], line_schema(feed)).selectExpr("*", "'' AS raw_key")
    rows = lines.selectExpr(*row_expressions(feed), "'' AS date", "'' AS hour", "0 AS bucket")

    with_comments(rows, feed).write.parquet(str(tmp_path / "rows"))

    written = spark.read.parquet(str(tmp_path / "rows")).schema
    comments = {field.name: field.metadata.get("comment") for field in written}
    assert comments == {each.name: each.comment for each in (*columns(feed), *PARTITION_KEYS)} | {"bucket": None}


def test_the_columns_can_be_read_where_there_is_no_spark():
    """Code that declares the tables imports the job, and must not need Spark."""
    program = "import json_to_parquet.job, sys; assert 'pyspark' not in sys.modules"

    subprocess.run([sys.executable, "-c", program], cwd=GLUE_SOURCE, check=True)
