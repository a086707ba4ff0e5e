"""What changed options and people leave in the bucket does not get into Parquet."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from json_to_parquet.errors import LockHeld, TransformFailed
from json_to_parquet.staging import Staging
from pipeline_store.keys import validated_key
from tests.glue.fakes import LATER, RULES, Lake, lines, nothing, stage_without_spark, write_object


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """A lake without Spark."""
    monkeypatch.setattr(Staging, "stage", stage_without_spark)
    return Lake(tmp_path, SimpleNamespace(conf=None), datetime(2026, 11, 22, 23, 5, tzinfo=UTC))


def stored(lake):
    """How often each sequence number is in Parquet."""
    return Counter(row.split()[1].decode() for file in lake.files().values() for row in file.splitlines())


@pytest.mark.parametrize("call", ["CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"])
def test_a_run_that_stalls_adds_no_files_beside_those_of_a_run_with_other_buckets(lake, call):
    """`ParquetBucketsPerPartition` was changed meanwhile. `If-None-Match` is of a key, and the other run has others."""
    lake.add("a", lines(1))

    def stall(now, key):
        if now == call:
            lake.s3.meanwhile = nothing
            lake.now += timedelta(hours=2)
            lake.run(buckets=1)

    lake.s3.meanwhile = stall
    with pytest.raises((LockHeld, TransformFailed)):
        lake.run(buckets=2)

    assert stored(lake) == {"1": 1}


def test_the_records_of_another_object_do_not_reach_parquet_under_this_key(lake):
    """Somebody has restored the wrong file. Its records are doubled, in a partition that never loses them again."""
    wrong, right = lake.add("a@1-1", lines(1)), lake.add("b@2-2", lines(2), hour=LATER)
    body = (lake.folder / validated_key(right, RULES)).read_bytes()
    (lake.folder / validated_key(wrong, RULES)).write_bytes(body)

    with pytest.raises(TransformFailed, match=r"a record of another object in a validated line of .*-1-1-"):
        lake.run(buckets=1)

    assert stored(lake) == {"2": 1}


def test_an_object_with_surplus_records_leaves_nothing_in_parquet_when_it_is_right_again(lake):
    """Or the right object "would lose 1 positions" for ever."""
    raw_key = lake.add("a", lines(1))
    path = lake.folder / validated_key(raw_key, RULES)
    right = path.read_bytes()
    write_object(path, lines(1, 99))
    with pytest.raises(TransformFailed, match="holds 2 records"):
        lake.run(buckets=1)
    path.write_bytes(right)

    assert lake.run(buckets=1)["rows_marked"] == 1
