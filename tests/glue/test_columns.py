"""The job's column declarations, without Spark; other tests compare the tables and the contract with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from json_to_parquet.columns import FIELDS, POSITION, line_schema, parquet_columns
from json_to_parquet.transforms import row_expressions

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


def test_the_columns_can_be_read_where_there_is_no_spark():
    """Code that declares the tables imports the job, and must not need Spark."""
    program = "import json_to_parquet.job, sys; assert 'pyspark' not in sys.modules"

    subprocess.run([sys.executable, "-c", program], cwd=GLUE_SOURCE, check=True)
