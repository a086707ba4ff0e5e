"""The volume-weighted average price by the plain columns, as users of each engine write it. No tests.

Each takes the folder of a feed's Parquet and returns the average by symbol, without symbols of no volume.
"""

import json
import subprocess
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.compute
import pyarrow.dataset

from harness.pipeline.collect import trades
from harness.pipeline.glue import spark_python
from harness.pipeline.vwap import vwap_by_symbol

_SPARK = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
spark.read.parquet(sys.argv[1]).createOrReplaceTempView("trade")
rows = spark.sql("SELECT symbol, sum(price * volume) / sum(volume) AS average FROM trade GROUP BY symbol").collect()
print(json.dumps({row.symbol: row.average for row in rows if row.average is not None}))
"""


def exact(parquet: Path) -> dict[str, Decimal]:
    """From the texts, in decimals."""
    return {each.symbol: each.turnover / each.volume for each in vwap_by_symbol(trades(parquet)) if each.volume}


def in_duckdb(folder: Path) -> dict[str, float]:
    rows = duckdb.sql(
        f"SELECT symbol, sum(price * volume) / sum(volume) FROM read_parquet('{folder}/**/*.parquet') GROUP BY symbol"
        " HAVING sum(volume) <> 0"
    ).fetchall()
    return dict(rows)


def in_polars(folder: Path) -> dict[str, float]:
    average = (polars.col("price") * polars.col("volume")).sum() / polars.col("volume").sum()
    frame = polars.scan_parquet(f"{folder}/**/*.parquet").group_by("symbol").agg(average.alias("average")).collect()
    return dict(frame.filter(polars.col("average").is_finite()).iter_rows())


def in_pandas(folder: Path) -> dict[str, float]:
    frame = pandas.read_parquet(folder, columns=["symbol", "price", "volume"])
    frame["turnover"] = frame.price * frame.volume
    sums = frame.groupby("symbol")[["turnover", "volume"]].sum()
    found: Mapping[str, float] = (sums.turnover / sums.volume)[sums.volume != 0].to_dict()
    return dict(found)


def in_pyarrow(folder: Path) -> dict[str, float]:
    table = pyarrow.dataset.dataset(folder, format="parquet").to_table(["symbol", "price", "volume"])
    table = table.append_column("turnover", pyarrow.compute.multiply(table["price"], table["volume"]))
    sums = table.group_by("symbol").aggregate([("turnover", "sum"), ("volume", "sum")]).to_pylist()
    return {each["symbol"]: each["turnover_sum"] / each["volume_sum"] for each in sums if each["volume_sum"]}


def in_spark(folder: Path) -> dict[str, float]:
    ran = subprocess.run([spark_python(), "-c", _SPARK, folder], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


Engine = Callable[[Path], dict[str, float]]
QUICK: tuple[Engine, ...] = (in_duckdb, in_polars, in_pandas, in_pyarrow)


def assert_prices_agree(parquet: Path, engines: tuple[Engine, ...] = QUICK) -> None:
    """Each engine's average of each symbol is the exact one, to a billionth."""
    wanted = exact(parquet)
    assert wanted
    for engine in engines:
        found = engine(parquet / "feed=trade")
        assert found.keys() == wanted.keys(), engine.__name__
        wrong = {
            symbol: (found[symbol], average)
            for symbol, average in wanted.items()
            if abs(Decimal(found[symbol]) - average) > abs(average) / 10**9
        }
        assert not wrong, engine.__name__
