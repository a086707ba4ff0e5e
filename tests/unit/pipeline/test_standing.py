"""Which trades an average price counts."""

import re
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from harness.pipeline.standing import Trade, standing
from tests.documents import blocks
from tests.shared import ROOT

PAGE = ROOT / "docs" / "data.md"
SCHEMA = pyarrow.schema(
    [(name, pyarrow.string()) for name in Trade._fields] + [(name, pyarrow.float64()) for name in ("price", "volume")]
)


def trade(at: int, trade_id: str | None = None, action: str | None = None, references: str | None = None) -> Trade:
    return Trade("XNYS", "IBM", "1", "1", trade_id, action, references, str(at), "shardId-000000000000")


CASES = [
    pytest.param([trade(1, "a"), trade(2, "b"), trade(3)], [1, 2, 3], id="nothing amended"),
    pytest.param([trade(1, "a"), trade(2, "a"), trade(3), trade(4)], [1, 2, 3, 4], id="a real feed repeats lines"),
    pytest.param([trade(1, "a"), trade(2, "b"), trade(3, "c", "cancel", "a")], [2], id="cancelled"),
    pytest.param([trade(1, "a"), trade(3, "c", "correct", "a")], [3], id="corrected"),
    pytest.param([trade(1, "a"), trade(3, "a", "correct", "a")], [3], id="corrected under its own id"),
    pytest.param([trade(9, "a"), trade(8, "c", "correct", "a")], [8], id="the correction came first"),
    pytest.param([trade(1, "a"), trade(9, "b", "correct", "a"), trade(10, "c", "correct", "a")], [10], id="twice"),
    pytest.param([trade(1, "a"), trade(2, "b", "correct", "a"), trade(3, None, "cancel", "a")], [], id="and then"),
    pytest.param([trade(1, "a"), trade(2, None, "cancel", "a"), trade(3, "b", "correct", "a")], [3], id="again"),
    pytest.param([trade(1, "a"), trade(2, "b", "new")], [1, 2], id="new says nothing"),
    pytest.param([trade(1), trade(3, "c", "cancel", "a")], [1], id="without an id nothing can be amended"),
]


@pytest.mark.parametrize(("sent", "stands"), CASES)
def test_the_last_word_on_a_trade_stands(sent: list[Trade], stands: list[int]) -> None:
    amendments = [each for each in sent if each.references is not None]

    assert [int(each.sequence_number) for each in standing(amendments, sent)] == stands


@pytest.mark.parametrize(("sent", "stands"), CASES)
def test_the_query_of_the_page_counts_the_same_trades(tmp_path: Path, sent: list[Trade], stands: list[int]) -> None:
    (query,) = (block for block in blocks(PAGE.read_text(), "sql") if "last_amendment" in block)
    # Powers of two, so that a sum tells which trades it is of.
    rows = [each._asdict() | {"price": 2.0 ** int(each.sequence_number), "volume": 1.0} for each in sent]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, SCHEMA), tmp_path / "trades.parquet")

    found = duckdb.sql(re.sub(r"'build/[^']*'", f"'{tmp_path / 'trades.parquet'}'", query)).fetchall()

    average = sum(2.0**number for number in stands) / len(stands) if stands else None
    assert found == ([("IBM", average)] if stands else [])


def test_an_id_is_its_instruments_own() -> None:
    """Venues number the trades of each instrument from one."""
    others = [trade(1, "a")._replace(symbol="MSFT"), trade(2, "a")._replace(exchange="XNAS")]

    assert list(standing([trade(3, None, "cancel", "a")], others)) == others
