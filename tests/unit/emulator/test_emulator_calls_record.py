"""Requests are generalised to classes that are the same in every run."""

import json

import pytest

from harness.emulator.calls_record import Called, as_csv, called, drift, generalised

RESOURCES = {
    "Role": "financial-validator-role-development",
    "RawDataBucket": "raw-000000000000",
    "RawArchive": "raw-000000000000-archive",
    "Jobs": "jobs-development",
    "Logs": "/aws/lambda/validator-development",
    "Validator": "validator-development",
    "Rejected": "https://localhost:4566/000000000000/rejected",
    "Alerts": "arn:aws:sns:us-east-1:000000000000:alerts",
    "Database": "market",
    "Key": "1b2c-3d",
}
NAMES = {
    physical.rsplit(":", 1)[-1] if "arn:" in physical else physical: logical for logical, physical in RESOURCES.items()
}
HERE = "us-east-1:000000000000"


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("*", "*"),
        ("arn:aws:s3:::raw-000000000000", "RawDataBucket"),
        ("arn:aws:s3:::raw-000000000000/market-data/feed=trade/a.gz", "RawDataBucket/market-data/*"),
        ("arn:aws:s3:::raw-000000000000/quarantine/validator/year=2026/a.gz", "RawDataBucket/quarantine/validator/*"),
        ("arn:aws:s3:::raw-000000000000/market-data", "RawDataBucket/*"),
        ("arn:aws:s3:::raw-000000000000-archive/x/y", "RawArchive/x/*"),
        ("arn:aws:s3:::artifacts/code.zip", "other s3/*"),
        (f"arn:aws:dynamodb:{HERE}:table/jobs-development", "Jobs"),
        (f"arn:aws:dynamodb:{HERE}:table/jobs-development/index/StatusIndex", "Jobs/index/StatusIndex"),
        (f"arn:aws:dynamodb:{HERE}:table/jobs", "other dynamodb"),
        (f"arn:aws:logs:{HERE}:log-group:/aws/lambda/validator-development:log-stream:2026/x", "Logs/*"),
        (f"arn:aws:lambda:{HERE}:function:validator-development", "Validator"),
        (f"arn:aws:sns:{HERE}:alerts", "Alerts"),
        (f"arn:aws:kms:{HERE}:key/1b2c-3d", "Key"),
        (f"arn:aws:glue:{HERE}:catalog", "glue:catalog"),
        (f"arn:aws:glue:{HERE}:database/market", "Database"),
        (f"arn:aws:glue:{HERE}:table/market/trade", "Database/trade"),
    ],
)
def test_a_resource_is_named_by_its_logical_id(arn, expected):
    assert generalised(arn, NAMES) == expected


def test_requests_of_one_class_are_one_line_and_only_of_the_stacks_roles(tmp_path):
    report = tmp_path / "report"
    bucket, queue = "arn:aws:s3:::raw-000000000000", f"arn:aws:sqs:{HERE}:rejected"
    requests = [
        (RESOURCES["Role"], "s3:PutObject", f"{bucket}/m/1", "s3:x-amz-acl"),
        (RESOURCES["Role"], "s3:PutObject", f"{bucket}/m/2", "s3:x-amz-acl"),
        (RESOURCES["Role"], "sqs:SendMessage", queue),
        ("somebody", "s3:PutObject", f"{bucket}/m/3"),
    ]
    report.write_text(
        "".join(
            json.dumps([f"arn:aws:sts::000000000000:assumed-role/{role}/session", *rest]) + "\n"
            for role, *rest in requests
        )
    )

    assert called(report, RESOURCES) == {
        Called("Role", "s3:PutObject", "RawDataBucket/m/*", "s3:x-amz-acl"),
        Called("Role", "sqs:SendMessage", "Rejected", ""),
    }


def test_the_drift_names_what_is_new_and_what_is_gone():
    one, other = Called("Role", "s3:GetObject", "Bucket", ""), Called("Role", "s3:PutObject", "Bucket", "")

    assert drift(as_csv([one]), as_csv([one])) == ""
    assert drift(as_csv([one]), as_csv([other])) == "new:  Role,s3:GetObject,Bucket,\ngone: Role,s3:PutObject,Bucket,"
