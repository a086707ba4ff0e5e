"""Downloads the results, so that they outlive the emulated AWS, and reads positions from them."""

import gzip
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet

from harness.pipeline.accounting import Position
from harness.pipeline.standing import Trade, standing
from market_data.envelope import QuarantinedRecord, decode_quarantine_line


def download(s3: Any, bucket: str, prefix: str, folder: Path) -> list[Path]:
    """Copy every object below `prefix` into `folder`, which is emptied first; return the files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            target = folder / entry["Key"].removeprefix(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, entry["Key"], str(target))
            files.append(target)
    return files


def parquet_positions(folder: Path) -> Iterator[Position]:
    """Yield the stream position of every row below `folder`."""
    for path in sorted(folder.rglob("*.parquet")):
        table = pyarrow.parquet.ParquetFile(path).read(columns=["shard_id", "sequence_number"])
        # One string per shard, not one per row.
        shards = map(sys.intern, table["shard_id"].to_pylist())
        yield from zip(shards, table["sequence_number"].to_pylist(), strict=True)


def trades(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (exchange, symbol, price, volume as exact text) of every trade below `folder` that stands."""
    amendments = [trade for trade in _trades(folder) if trade.references is not None]
    for trade in standing(amendments, _trades(folder)):
        yield trade.exchange, trade.symbol, trade.price_text, trade.volume_text


def _trades(folder: Path) -> Iterator[Trade]:
    for path in sorted((folder / "feed=trade").rglob("*.parquet")):
        table = pyarrow.parquet.ParquetFile(path).read(columns=list(Trade._fields))
        yield from map(Trade._make, zip(*(table[column].to_pylist() for column in Trade._fields), strict=True))


def quarantined(folder: Path) -> Iterator[QuarantinedRecord]:
    """Yield every quarantined record below `folder`, with its bytes and the reason."""
    for path in sorted(folder.rglob("*.json.gz")):
        with gzip.open(path, "rb") as lines:
            yield from map(decode_quarantine_line, lines)
