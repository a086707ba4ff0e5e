"""The quarantine in S3, with moto: evidence for requests and responses, none for permissions."""

import boto3
import pytest

from harness.quarantine.command import main
from market_data.envelope import pack
from tests.unit.pipeline_store.emulated_aws import RAW, emulated_aws, refuse
from tests.unit.quarantine.stored import complaint, line, put, rejected, undecodable


@pytest.fixture
def aws(monkeypatch):
    with emulated_aws(monkeypatch) as account:
        yield account


def _put(aws, key, *lines):
    aws.s3.put_object(Bucket=RAW, Key=key, Body=pack(lines))


def test_a_bucket_reads_like_a_folder(aws, tmp_path, capsys):
    contents = {
        undecodable(1): [line(1)],
        rejected(2, 3): [line(2, b"{}", "missing_field"), line(3, b"\xff", "bad_value")],
    }
    for key, lines in contents.items():
        _put(aws, key, *lines)
        put(tmp_path, key, lines)
    _put(aws, "market-data/not-quarantined.json.gz", b"of no interest")

    assert main([f"s3://{RAW}"]) == 0
    from_bucket = capsys.readouterr().out
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == from_bucket
    assert "missing_field" in from_bucket


def test_all_pages_are_read(aws, monkeypatch, capsys):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    for seq in range(5):
        _put(aws, undecodable(seq), line(seq, b"record %d" % seq))
    assert len(aws.keys(RAW)) == 2  # without asking for more

    assert main([f"s3://{RAW}", "--raw"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == [f"record {seq}" for seq in range(5)]


def test_a_prefix_narrows_it_down(aws, capsys):
    _put(aws, undecodable(1), line(1, b"by the consumer"))
    _put(aws, rejected(2), line(2, b"by the validator"))

    assert main([f"s3://{RAW}/quarantine/data_validation/", "--raw"]) == 0
    assert capsys.readouterr().out == "by the validator\n"


def test_an_empty_bucket_is_read_and_said_to_be_empty(aws, capsys):
    aws.s3.put_object(Bucket=RAW, Key="quarantine/", Body=b"")  # a folder, as S3's console makes one
    aws.s3.put_object(Bucket=RAW, Key="quarantine/notes.txt", Body=b"")

    assert main([f"s3://{RAW}"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"s3://{RAW}/quarantine/: nothing is quarantined"
    assert said[1].startswith("skipped")
    assert said[1].endswith(": 1")


@pytest.mark.parametrize(("bucket", "what"), [("nobody-has-it", "NoSuchBucket"), ("no name", "Invalid bucket name")])
def test_a_bucket_that_is_not_there_is_named(aws, capsys, bucket, what):
    assert main([f"s3://{bucket}"]) == 1
    said = complaint(capsys)
    assert said.startswith(f"quarantine: s3://{bucket}/quarantine/: ")
    assert what in said


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
def test_access_denied_names_what_was_asked_for(aws, capsys, operation):
    _put(aws, undecodable(1), line(1))
    refuse(f"s3.{operation}", 403, "AccessDenied", "not authorized")

    assert main([f"s3://{RAW}"]) == 1
    asked_for = {"ListObjectsV2": "quarantine/", "GetObject": undecodable(1)}[operation]
    said = complaint(capsys)
    assert said.startswith(f"quarantine: s3://{RAW}/{asked_for}: ")
    assert "AccessDenied" in said


def test_a_damaged_object_is_named(aws, capsys):
    aws.s3.put_object(Bucket=RAW, Key=undecodable(1), Body=pack([line(1)])[:-9])

    assert main([f"s3://{RAW}"]) == 1
    assert complaint(capsys) == f"quarantine: s3://{RAW}/{undecodable(1)}: the gzip data ends too early\n"


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        pytest.param({"AWS_ENDPOINT_URL": "nonsense"}, "Invalid endpoint: nonsense", id="no-address"),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}, "Could not connect", id="nobody-there"
        ),
        pytest.param({"AWS_PROFILE": "nobody"}, "profile (nobody) could not be found", id="no-profile"),
    ],
)
def test_variables_that_lead_nowhere_are_one_line(monkeypatch, capsys, variables, what):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert main(["s3://raw"]) == 1
    assert what in complaint(capsys)
