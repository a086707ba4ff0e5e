"""Reads records from objects: all, once each, one object at a time, with errors that name the damaged object."""

import errno
import io
import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.quarantine.errors import QuarantineError
from harness.quarantine.places import Bucket, Folder, StoredObject, place, stage_of
from harness.quarantine.reading import MAX_LINE_BYTES, Reading
from market_data.envelope import encode_raw_line, encode_validated_line, pack
from tests.unit.quarantine.stored import ARRIVAL, HOSTILE, SHARD, line, put, rejected, small_quarantine, undecodable


def _sequences(folder, *reasons):
    return [found.record.seq for found in Reading(Folder(folder), reasons)]


def _failure(folder):
    with pytest.raises(QuarantineError) as failed:
        list(Reading(Folder(folder)))
    return str(failed.value)


def test_every_record_is_found_with_its_stage_and_its_bytes(tmp_path):
    found = list(Reading(Folder(small_quarantine(tmp_path))))

    assert [(each.record.seq, each.stage, each.reason) for each in found] == [
        ("2", "data_validation", "bad_number"),
        ("3", "data_validation", "bad_number"),
        ("4", "data_validation", "missing_field"),
        ("1", "kinesis_consumer", "not_json"),
    ]
    assert [each.record.data for each in found] == [b'{"price":"1,2"}', b'{"price":"1,3"}', b"{}", b"{"]
    assert {each.arrival for each in found} == {"2026-11-22T22:04:46.123Z"}


def test_any_bytes_come_back_as_they_were(tmp_path):
    put(tmp_path, undecodable(0), [line(number, data) for number, data in enumerate(HOSTILE)])

    assert [found.record.data for found in Reading(Folder(tmp_path))] == HOSTILE


def test_only_the_reasons_asked_for(tmp_path):
    small_quarantine(tmp_path)

    assert _sequences(tmp_path, "bad_number") == ["2", "3"]
    assert _sequences(tmp_path, "missing_field", "not_json") == ["4", "1"]


def test_a_record_in_two_objects_is_one(tmp_path):
    """A redelivered batch may be cut differently, so objects overlap."""
    put(tmp_path, undecodable(1, 2), [line(1), line(2)])
    put(tmp_path, undecodable(2, 3), [line(2), line(3)])
    reading = Reading(Folder(tmp_path))

    assert [found.record.seq for found in reading] == ["1", "2", "3"]
    assert reading.repeated == 1


def test_a_position_is_a_shard_and_a_sequence_number(tmp_path):
    put(tmp_path, undecodable(1), [line(1), line(1, shard="shardId-000000000001"), line("01")])

    assert _sequences(tmp_path) == ["1", "1", "01"]


def test_a_record_refused_for_two_reasons_counts_for_the_first_whatever_is_asked_for(tmp_path):
    put(tmp_path, rejected(1, 2), [line(1, reason="bad_number")])
    put(tmp_path, rejected(1, 3), [line(1, reason="bad_value")])

    assert [found.reason for found in Reading(Folder(tmp_path))] == ["bad_number"]
    assert _sequences(tmp_path, "bad_value") == []


def test_one_object_is_open_at_a_time_and_none_before_it_is_needed():
    opened = []
    closed = []

    @contextmanager
    def opening(name):
        opened.append(name)
        yield io.BytesIO(pack([line(name)]))
        closed.append(name)

    class Three:
        others = 0

        def objects(self):
            for name in "123":
                assert opened == closed
                yield StoredObject(name, "stage", lambda name=name: opening(name))

    records = iter(Reading(Three()))
    next(records)
    assert (opened, closed) == (["1"], [])
    assert [found.record.seq for found in records] == ["2", "3"]
    assert closed == ["1", "2", "3"]


def test_what_is_not_named_like_an_object_of_ours_is_passed_over_and_counted(tmp_path):
    small_quarantine(tmp_path)
    put(tmp_path, "quarantine/README.txt", b"not ours")
    folder = Folder(tmp_path)

    assert len(list(Reading(folder))) == 4
    assert folder.others == 1


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(encode_raw_line(SHARD, "1", "key", ARRIVAL, b"{}"), id="raw-object"),
        pytest.param(encode_validated_line(SHARD, "1", ARRIVAL, [], b"{}"), id="validated-object"),
        pytest.param(b"\n", id="blank"),
        pytest.param(b"not json\x1b[31m\n", id="not-json"),
        pytest.param(b"null\n", id="no-object"),
        pytest.param(line(1)[:-9] + b"\n", id="cut-short"),
        pytest.param(line(1).replace(b'"v":1', b'"v":2'), id="other-version"),
        pytest.param(line(1).replace(b"not_json", b"\xff"), id="not-utf8"),
        pytest.param(line(1).replace(b'"ew=="', b'"ew="'), id="base64-damaged"),
        pytest.param(line(1).replace(b'"ew=="', b'"\xc3\xa9"'), id="base64-not-ascii"),
        pytest.param(line(1).replace(b"2026-11-22", b"yesterday "), id="no-time"),
        pytest.param(line(1).replace(b"123Z", b"123"), id="time-without-zone"),
        pytest.param(line(1).replace(b"2026-11-22T22:04:46.123Z", b"9999-12-31T23:59:59-23:00"), id="time-too-far"),
        pytest.param(b'{"x":' + b"[" * 100_000 + b"\n", id="nested-too-deep"),
    ],
)
def test_a_line_that_is_none_of_ours_is_named(tmp_path, foreign):
    path = put(tmp_path, undecodable(1, 2), [line(1), foreign])

    assert _failure(tmp_path).startswith(f"{path}, line 2: ")


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path):
    path = put(tmp_path, undecodable(1), [b"x" * (MAX_LINE_BYTES + 1_000)])

    assert _failure(tmp_path) == f"{path}, line 1: not a quarantine line: longer than 16,777,216 bytes"


def _truncated(body):
    return body[:-10]


def _flipped(body):
    return body[:-6] + bytes([body[-6] ^ 1]) + body[-5:]


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        pytest.param(_truncated, "ends too early", id="truncated"),
        pytest.param(_flipped, "damaged", id="checksum"),
        pytest.param(lambda body: body[:10] + b"\xff" * 20 + body[30:], "damaged", id="deflate"),
        pytest.param(lambda body: b"{}\n", "damaged", id="not-gzip"),
        pytest.param(lambda body: body + b"more", "damaged", id="more-behind-it"),
        pytest.param(lambda body: b"", "contains no record", id="no-bytes"),
        pytest.param(lambda body: pack([]), "contains no record", id="no-lines"),
    ],
)
def test_a_damaged_object_is_named(tmp_path, damage, what):
    small_quarantine(tmp_path)
    path = put(tmp_path, undecodable(8), damage(pack([line(8, os.urandom(500))])))

    message = _failure(tmp_path)
    assert message.startswith(f"{path}: ")
    assert what in message


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    path = put(tmp_path, undecodable(1), [line(1)])
    path.unlink()
    path.symlink_to("nowhere")

    assert _failure(tmp_path) == f"{path}: cannot be read: No such file or directory"


def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one(tmp_path, monkeypatch):
    """Simulated, because root can read every folder."""
    shut = str(put(tmp_path, undecodable(1), [line(1)]).parent)
    scandir = os.scandir

    def guarded(path):
        if path == shut:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)

    assert _failure(tmp_path) == f"{shut}: cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        (undecodable(1), "kinesis_consumer"),
        (rejected(1), "data_validation"),
        (rejected(1).removeprefix("quarantine/"), "data_validation"),
        (f"copies/data_validation/{undecodable(1)}", "kinesis_consumer"),
        (f"copies/data_validation/{undecodable(1).rpartition('/')[2]}", "unknown"),
        (Path(undecodable(1)).name, "unknown"),
        (f"not_{rejected(1).removeprefix('quarantine/')}", "unknown"),
    ],
)
def test_the_stage_is_what_the_key_says(path, stage):
    assert stage_of(path) == stage


@pytest.mark.parametrize(
    ("where", "bucket", "prefix"),
    [
        ("s3://raw", "raw", "quarantine/"),
        ("s3://raw/", "raw", "quarantine/"),
        ("s3://raw/quarantine/data_validation/", "raw", "quarantine/data_validation/"),
    ],
)
def test_a_bucket_is_named_with_or_without_a_prefix(where, bucket, prefix):
    named = place(where)

    assert isinstance(named, Bucket)
    assert (named.bucket, named.prefix) == (bucket, prefix)
