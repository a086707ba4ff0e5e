"""Spark's part of the job, modelled: what it reads, counts and stages. tests/glue holds this to real Spark."""

import zlib
from collections import defaultdict
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_store.keys import parse_key

from . import lines
from .aws.s3 import S3
from .process import Calls
from .stream import Position


class SparkFailed(Exception):
    """For PySparkException."""


class Counted(NamedTuple):
    """What `count_staged` counts of a file."""

    rows: int
    positions: int
    lost: int
    #: The least raw key, shard and sequence number of those.
    lost_position: tuple[str, str, str] | None


def file_of(rows: dict[Position, str]) -> bytes:
    """A Parquet file of these positions, each with the key of its raw object."""
    return "".join(f"{shard} {seq} {key}\n" for (shard, seq), key in sorted(rows.items())).encode()


def rows_of(body: bytes) -> list[tuple[Position, str]]:
    """The rows of such a file."""
    split = (row.split(" ") for row in body.decode().splitlines())
    return [(Position(shard, seq), key) for shard, seq, key in split]


def stage(staging: Any, work: list[Any], s3: S3, bucket: str, calls: Calls) -> None:
    """For `Staging.stage`. Spark's own calls can fail, too."""
    staging._attempts += 1
    prefix = f"{staging._prefix}{staging._attempts}/"
    staging._bucket.make_folder(prefix)
    try:
        for each in work:
            rows = calls("spark:read", _read, staging, each, s3, bucket)
            calls("spark:write", _write, staging, each, s3, bucket, prefix, rows)
    except (ClientError, BotoCoreError) as error:
        raise SparkFailed(str(error)) from error


def _read(staging: Any, each: Any, s3: S3, bucket: str) -> dict[int, dict[Position, str]]:
    rows: dict[int, dict[Position, str]] = defaultdict(dict)
    each.read.clear()
    each.lines = 0
    for raw_key, key in sorted(each.objects.items()):
        body = s3.body(bucket, key)
        # Spark lists the folder and takes from it what is named, so it does not miss what is not there.
        if not body:
            continue
        try:
            found = lines.validated(body)
        except (ValueError, EOFError, KeyError, OSError) as error:
            raise SparkFailed(f"{error} ({key})") from error
        own = parse_key(raw_key).sequence_range
        for line in found:
            if not own.may_hold(*line.position):
                raise SparkFailed(f"a record of another object in a validated line of {raw_key}")
            kept = rows[zlib.crc32(line.symbol.encode()) % each.buckets]
            kept[line.position] = min(kept.get(line.position, raw_key), raw_key)
            each.read[raw_key] = each.read.get(raw_key, 0) + 1
            each.lines += 1
    return rows


def _write(staging: Any, each: Any, s3: S3, bucket: str, prefix: str, rows: dict[int, dict[Position, str]]) -> None:
    each.positions.clear()
    each.counted.clear()
    each.staged.clear()
    for number in range(each.buckets):
        now = rows.get(number, {})
        before: dict[Position, str] = {}
        if number in each.files:
            key = staging._target_prefix + each.partition.target + each.name(number)
            body = s3.body(bucket, key)
            if body is None:
                raise SparkFailed(f"no such file ({key})")
            before = dict(rows_of(body))
        if now:
            each.positions[number] = len(now)
            key = f"{prefix}{each.partition.target}bucket={number}/part.parquet"
            file = file_of(now)
            s3.write(bucket, key, file)
            each.staged[number].append((key, len(file)))
        if now or before:
            lost = [(raw_key, *position) for position, raw_key in before.items() if position not in now]
            each.counted[number] = Counted(len(now), len(now), len(lost), min(lost, default=None))
