"""Denials and crashes in the functions' logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness.emulator.denials import Crash, Denial, FunctionLogs, denials_in, findings_in

SESSION = "arn:aws:sts::000000000000:assumed-role/consumer-role/consumer"
PUT = (
    "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject operation: "
    f"User: {SESSION} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::raw/a/b.gz "
    "because no identity-based policy allows the s3:PutObject action"
)

MESSAGES = [
    pytest.param(PUT, "s3:PutObject", "arn:aws:s3:::raw/a/b.gz", id="s3"),
    pytest.param(
        "An error occurred (AccessDeniedException) when calling the UpdateItem operation: "
        f"User: {SESSION} is not authorized to perform: dynamodb:UpdateItem on resource: "
        "arn:aws:dynamodb:us-east-1:000000000000:table/jobs with an explicit deny in an identity-based policy",
        "dynamodb:UpdateItem",
        "arn:aws:dynamodb:us-east-1:000000000000:table/jobs",
        id="dynamodb, explicit deny",
    ),
    pytest.param(
        "An error occurred (AccessDenied) when calling the SendMessage operation: "
        f"User: {SESSION} is not authorized to perform: sqs:SendMessage because no identity-based policy allows it",
        "sqs:SendMessage",
        None,
        id="no resource named",
    ),
    pytest.param(
        '{"level":"ERROR","exception":"... User: ' + SESSION + " is not authorized to perform: kms:GenerateDataKey on "
        'resource: \\"arn:aws:kms:us-east-1:000000000000:key/1\\" because ..."}',
        "kms:GenerateDataKey",
        "arn:aws:kms:us-east-1:000000000000:key/1",
        id="inside a JSON log line",
    ),
    pytest.param(
        "java.nio.file.AccessDeniedException: s3a://processed/x: delete on s3a://processed/x: "
        f"com.amazonaws.services.s3.model.AmazonS3Exception: User: {SESSION} is not authorized to perform: "
        "s3:DeleteObject on resource: arn:aws:s3:::processed/x because no identity-based policy allows the "
        "s3:DeleteObject action (Service: Amazon S3; Status Code: 403)",
        "s3:DeleteObject",
        "arn:aws:s3:::processed/x",
        id="Spark",
    ),
]


@pytest.mark.parametrize(("message", "action", "resource"), MESSAGES)
def test_a_denial_names_role_action_and_resource(message: str, action: str, resource: str | None) -> None:
    assert list(denials_in(message, "consumer")) == [Denial("consumer-role", action, resource, "consumer", message)]


@pytest.mark.parametrize(
    ("operation", "action"),
    [("HeadObject", "s3:GetObject"), ("HeadBucket", "s3:ListBucket"), ("GetObject", "s3:GetObject")],
)
def test_a_denial_without_a_body_is_reported_by_its_operation(operation: str, action: str) -> None:
    """S3's response to HEAD has no body, so it names neither principal nor action; the same on AWS."""
    message = f"An error occurred (403) when calling the {operation} operation: Forbidden"
    (denial,) = denials_in(message, "validator")

    assert (denial.role, denial.action) == ("", action)


def test_a_denial_is_not_also_a_crash() -> None:
    """The denial is the cause; reporting the resulting crash would hide it."""
    assert all(isinstance(f, Denial) for f in findings_in(f"[ERROR] Runtime.HandlerError: {PUT}", "consumer"))


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        pytest.param(
            "[ERROR] Runtime.HandlerError: division by zero", "Runtime.HandlerError: division by zero", id="raised"
        ),
        pytest.param(
            "[ERROR] RuntimeError: Worker init failed: no x", "RuntimeError: Worker init failed: no x", id="import"
        ),
        pytest.param(
            "2026-11-22T22:00:00Z 1-2 Task timed out after 3.00 seconds",
            "Task timed out after 3.00 seconds",
            id="timeout",
        ),
        pytest.param(
            "[ERROR] Sandbox.Timedout: Task timed out after 3.00 seconds",
            "Task timed out after 3.00 seconds",
            id="timeout, told twice",
        ),
    ],
)
def test_an_invocation_that_failed_is_a_crash(message: str, summary: str) -> None:
    assert list(findings_in(message, "validator")) == [Crash("validator", summary)]


@pytest.mark.parametrize(
    "message",
    [
        "START RequestId: 1 Version: $LATEST",
        '{"level":"ERROR","message":"1 record refused: price_not_positive"}',
        '{"level":"WARNING","message":"will be delivered again [ERROR] in a sentence"}',
        "Traceback (most recent call last):",
    ],
)
def test_a_function_that_logs_an_error_it_handled_has_not_failed(message: str) -> None:
    assert list(findings_in(message, "validator")) == []


class Logs:
    """A small CloudWatch Logs that, like MiniStack, truncates long responses without a token."""

    def __init__(self, page: int = 10_000) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.page = page

    def write(self, group: str, timestamp: int, message: str, stream: str = "s") -> None:
        event = {"logStreamName": stream, "timestamp": timestamp, "message": message}
        self.events.setdefault(group, []).append(event)

    def get_paginator(self, operation: str) -> Logs:
        assert operation == "describe_log_groups"
        return self

    def paginate(self, **_parameters: str) -> Iterator[dict[str, Any]]:
        yield {"logGroups": [{"logGroupName": name} for name in self.events]}

    def filter_log_events(self, **parameters: Any) -> dict[str, Any]:
        chosen = [e for e in self.events[parameters["logGroupName"]] if e["timestamp"] >= parameters["startTime"]]
        return {"events": sorted(chosen, key=lambda e: e["timestamp"])[: self.page]}


class Functions:
    """A small Lambda: one role for all functions."""

    def get_function_configuration(self, **_parameters: str) -> dict[str, str]:
        return {"Role": "arn:aws:iam::000000000000:role/the-role"}


GROUP = "/aws/lambda/consumer"


def test_each_finding_is_reported_once() -> None:
    """The pipeline polls: a denial that every retry repeats is reported once."""
    logs = Logs()
    reader = FunctionLogs(logs, Functions())
    logs.write(GROUP, 1, PUT)
    logs.write(GROUP, 1, PUT)

    assert [d.action for d in reader.read().denials] == ["s3:PutObject"]
    logs.write(GROUP, 2, PUT)
    assert not reader.read()


def test_an_event_that_appears_late_is_still_read() -> None:
    """Workers write concurrently; a later line may become visible before an earlier one."""
    logs = Logs()
    reader = FunctionLogs(logs, Functions())
    logs.write(GROUP, 5_000, "[ERROR] ValueError: one")
    assert [c.summary for c in reader.read().crashes] == ["ValueError: one"]
    logs.write(GROUP, 4_000, "[ERROR] ValueError: two")

    assert [c.summary for c in reader.read().crashes] == ["ValueError: two"]


def test_an_answer_that_was_cut_short_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """10,000 lines are about two hundred invocations; the failed one may be in the rest."""
    monkeypatch.setattr("harness.emulator.denials._PAGE", 3)
    logs = Logs(page=3)
    reader = FunctionLogs(logs, Functions())
    for moment in range(8):
        logs.write(GROUP, moment, f"[ERROR] ValueError: {moment}")

    assert [c.summary for c in reader.read().crashes] == [f"ValueError: {moment}" for moment in range(8)]


def test_a_denial_that_names_nobody_gets_the_functions_role() -> None:
    logs = Logs()
    logs.write(GROUP, 1, "An error occurred (403) when calling the HeadObject operation: Forbidden")
    (denial,) = FunctionLogs(logs, Functions()).read().denials

    assert (denial.role, denial.action, denial.function) == ("the-role", "s3:GetObject", "consumer")
