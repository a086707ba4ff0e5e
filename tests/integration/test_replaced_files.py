"""The job's conditional copy on the emulated S3: what the job's own tests assume of S3, it does."""

import pytest

from harness.emulator.process import Emulator
from json_to_parquet.bucket import Bucket, with_conditions
from json_to_parquet.errors import TransformFailed


def test_a_file_is_replaced_only_if_it_is_the_planned_one(fresh: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = fresh.client("s3")
    s3.create_bucket(Bucket="processed")
    for name in ("first", "second"):
        s3.put_object(Bucket="processed", Key=f"staging/{name}", Body=name.encode())
    monkeypatch.setattr("json_to_parquet.bucket._PART_BYTES", 5 * 2**20)
    large = bytes(range(256)) * (6 * 2**20 // 256)
    s3.put_object(Bucket="processed", Key="staging/large", Body=large)
    bucket = Bucket(with_conditions(s3), "processed")

    bucket.replace("parquet/x", None, "staging/first", 5)
    first = bucket.listed("parquet/")["parquet/x"].etag
    with pytest.raises(TransformFailed, match="PreconditionFailed"):
        bucket.replace("parquet/x", None, "staging/second", 6)
    bucket.replace("parquet/x", first, "staging/large", len(large))
    with pytest.raises(TransformFailed, match="PreconditionFailed"):
        bucket.replace("parquet/x", first, "staging/second", 6)

    answer = s3.get_object(Bucket="processed", Key="parquet/x")
    assert answer["Body"].read() == large
    assert answer["ContentType"] == "application/vnd.apache.parquet"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="processed")
    s3.delete_object(Bucket="processed", Key="parquet/x")
    with pytest.raises(TransformFailed, match="NoSuchKey"):
        bucket.replace("parquet/x", first, "staging/second", 6)
