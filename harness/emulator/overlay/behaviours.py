"""Differences between MiniStack and AWS that would hide data loss or its cause, and the overlay's fixes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from harness.emulator.overlay.behaviours_cloudformation import (
    import_streams,
    keep_metric_math,
    refuse_regions_that_a_map_does_not_have,
    see_conditions_as_changes,
    split_texts_in_conditions,
)
from harness.emulator.overlay.behaviours_dynamodb import LEADING_KEYS, tell_policies_the_leading_key
from harness.emulator.overlay.behaviours_s3 import (
    NAMED_KEY,
    tell_policies_the_key_that_an_upload_names,
    use_the_aws_managed_key,
)


@dataclass(frozen=True)
class Behaviour:
    """One difference: the service, what the overlay changes, and the function that installs the change."""

    where: str
    what: str
    install: Callable[[], None]


def _redeliver_failed_kinesis_batches() -> None:
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function

    @wraps(execute)
    def execute_function(function: dict[str, Any], event: Any) -> dict[str, Any]:
        result: dict[str, Any] = execute(function, event)
        if _from_kinesis(event) and _names_failures(result.get("body")):
            # MiniStack reads `batchItemFailures` for queues only, and would skip these records for ever.
            return {**result, "error": True}
        return result

    lambda_svc._execute_function = execute_function


def _from_kinesis(event: Any) -> bool:
    records = event.get("Records") if isinstance(event, dict) else None
    first = records[0] if isinstance(records, list) and records else None
    return isinstance(first, dict) and first.get("eventSource") == "aws:kinesis"


def _names_failures(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("batchItemFailures"))


def _log_how_an_invocation_failed() -> None:
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function_warm

    @wraps(execute)
    def execute_function_warm(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = execute(function, event, request_id)
        if result.get("error"):
            body = result.get("body") or {}
            message = " ".join(str(body.get("errorMessage")).split())
            line = f"[ERROR] {body.get('errorType')}: {message}"
            return {**result, "log": "\n".join(filter(None, (result.get("log"), line)))}
        return result

    lambda_svc._execute_function_warm = execute_function_warm


def _name_the_resource_of_a_denial() -> None:
    from ministack.core import iam_actions

    respond = iam_actions.access_denied_response

    @wraps(respond)
    def access_denied_response(service: str, action: str, principal: str, request_id: str, **details: Any) -> Any:
        decided_by_identity = not (details.get("message") or details.get("error_code"))
        if decided_by_identity and not details.get("resource_policy_arn"):
            message = iam_actions.identity_denial_message(
                action, principal, details.get("resource_arn", "*"), details.get("explicit_deny", False)
            )
            details["message"] = message
        return respond(service, action, principal, request_id, **details)

    iam_actions.access_denied_response = access_denied_response


def _lock_replicas() -> None:
    from ministack.services import s3

    replicate = s3._maybe_replicate

    @wraps(replicate)
    def maybe_replicate(bucket: str, key: str, stored: dict[str, Any], *rest: Any) -> None:
        replicate(bucket, key, stored, *rest)
        if replica := stored.get("_replica"):
            archive, version, account = replica
            with s3._in_account(account):
                s3._apply_object_lock_from_headers(archive, key, {}, version)

    s3._maybe_replicate = maybe_replicate


def _ask_for_every_version_of_a_batch() -> None:
    from ministack.core import iam_actions

    checks_of = iam_actions.s3_additional_checks

    @wraps(checks_of)
    def additional_checks(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> list[tuple[str, str]]:
        checks: list[tuple[str, str]] = checks_of(method, path, headers, body, query)
        if method == "POST" and "delete" in query:
            targets = iam_actions._s3_batch_delete_targets(path.strip("/").partition("/")[0], body)
            checks = [*(("s3:DeleteObjectVersion", arn) for arn, version in targets[:1] if version), *checks]
        return checks

    iam_actions.s3_additional_checks = additional_checks


def _bring_a_services_source_account() -> None:
    from ministack.core import iam_evaluator

    evaluate = iam_evaluator.evaluate_trust_policy

    @wraps(evaluate)
    def evaluate_trust_policy(document: Any, caller: str, context: Any) -> bool:
        if caller.endswith(":root"):
            source = {**context.service_context, "aws:sourceaccount": context.principal_account}
            context = replace(context, service_context=source)
        allowed: bool = evaluate(document, caller, context)
        return allowed

    iam_evaluator.evaluate_trust_policy = evaluate_trust_policy


def _serve_on_one_port_only() -> None:
    from ministack import app

    # With TLS it also takes port 443 where it can, which two emulators on one machine cannot share.
    app._port_is_bindable = lambda _host, _port: False


#: Kinesis keeps records for at least a day, so none can expire during a run.
EXPIRY_LOOK_SECONDS = 60.0


def _look_for_expired_records_rarely() -> None:
    from ministack.services import kinesis

    expire = kinesis._expire_records
    looked: dict[str, float] = {}

    @wraps(expire)
    def expire_records(stream: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - looked.get(stream["StreamARN"], -EXPIRY_LOOK_SECONDS) >= EXPIRY_LOOK_SECONDS:
            looked[stream["StreamARN"]] = now
            expire(stream)

    kinesis._expire_records = expire_records


BEHAVIOURS = (
    Behaviour(
        "Lambda event source mapping, Kinesis",
        "If a response lists `batchItemFailures`, the whole batch is retried; MiniStack would move on. AWS resumes"
        " at the lowest sequence number listed.",
        _redeliver_failed_kinesis_batches,
    ),
    Behaviour(
        "Lambda, logs",
        "A failed invocation logs a line `[ERROR] type: message`, even if the function could not be imported.",
        _log_how_an_invocation_failed,
    ),
    Behaviour("IAM, `AccessDenied`", "The message names the resource, as on AWS.", _name_the_resource_of_a_denial),
    Behaviour(
        "Kinesis, retention",
        "Expired records are removed once a minute; MiniStack would scan the whole stream at every call.",
        _look_for_expired_records_rarely,
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
    Behaviour(
        "S3, replication",
        "A replica gets the default retention of its bucket; MiniStack would not lock it.",
        _lock_replicas,
    ),
    Behaviour(
        "IAM, `s3:PutObject`",
        f"Policies can test `s3:{NAMED_KEY}`, the KMS key of an upload, for every part of it.",
        tell_policies_the_key_that_an_upload_names,
    ),
    Behaviour(
        "IAM, DynamoDB",
        f"Policies can test `{LEADING_KEYS}`, the partition key of the item that a request names; MiniStack never sets"
        " it, and a test for all values of an absent key is true.",
        tell_policies_the_leading_key,
    ),
    Behaviour(
        "S3, uploads",
        "An upload with `aws:kms` and no key uses the AWS managed key aws/s3; MiniStack would reject it as invalid.",
        use_the_aws_managed_key,
    ),
    Behaviour(
        "IAM, `s3:DeleteObjectVersion`",
        "Checked for every version in a batch deletion; MiniStack would skip the first.",
        _ask_for_every_version_of_a_batch,
    ),
    Behaviour(
        "STS, `AssumeRole`",
        "The root user, which can assume service roles here, sends `aws:SourceAccount` as the service would.",
        _bring_a_services_source_account,
    ),
    Behaviour(
        "CloudFormation, change sets",
        "A resource that a condition adds or removes is a change, even if only a parameter has changed.",
        see_conditions_as_changes,
    ),
    Behaviour(
        "CloudFormation, conditions",
        "A condition can contain `Fn::Select` with `Fn::Split`.",
        split_texts_in_conditions,
    ),
    Behaviour(
        "CloudFormation, change sets",
        "A Region that is missing from a mapping fails validation, before any resource is created.",
        refuse_regions_that_a_map_does_not_have,
    ),
    Behaviour("CloudFormation, import", "A Kinesis stream can be imported.", import_streams),
    Behaviour(
        "CloudFormation, alarms",
        "Alarms on metric math are stored and described, but not evaluated; MiniStack would reject them.",
        keep_metric_math,
    ),
    Behaviour("Listener", "Listens on one loopback port only, never on 443 too.", _serve_on_one_port_only),
)
