"""The gate on the original template: a relevant rule finds each of its defects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from harness.gate import command
from harness.gate.engines import cfn_lint
from harness.gate.engines.outcome import Engine
from harness.gate.judge import judge
from harness.gate.rule_set import RuleSet
from harness.gate.verdicts import Finding, Report
from harness.render.source import read
from tests.shared import REFERENCE, needed

TEMPLATE = REFERENCE / "original-template.yaml"
DEFECTS = REFERENCE / "original-defects.md"


@dataclass(frozen=True)
class Seen:
    """A part of a defect, in a few words, and the rule (a slug, or another engine's id) that finds it."""

    part: str
    rule: str
    resources: tuple[str, ...]
    #: Identifies the rule's finding about this defect: a part of its path or message.
    says: str = ""
    #: A scenario that the finding is in.
    scenario: str = ""


def _seen(part: str, rule: str, *resources: str, says: str = "", scenario: str = "") -> Seen:
    return Seen(part, rule, resources, says, scenario)


BUCKETS = ("RawDataBucket", "ProcessedDataBucket", "ArchivedDataBucket")
FUNCTIONS = ("DataValidationFunction", "KinesisConsumerFunction")
TOPICS = ("PipelineAlertTopic", "DataQualityAlertTopic")

SEEN: dict[str, tuple[Seen, ...]] = {
    "D1": (
        _seen("nothing can be built first", "E3004", "RawDataBucket", "DataValidationFunction", "LambdaExecutionRole"),
    ),
    "D2": (_seen("python3.9", "function_runtime_is_current", *FUNCTIONS),),
    "D3": (
        # With a consumer there is a principal, so the defect shows only without one.
        _seen(
            "no consumer leaves an empty principal",
            "statement_names_a_principal",
            "DataEncryptionKey",
            says="KeyPolicy.Statement[2]",
            scenario="production",
        ),
    ),
    "D4": (
        _seen(
            "rate(1 hour) is no schedule of Glue's",
            "schedule_is_a_cron_expression",
            "RawDataCrawler",
            "ProcessedDataCrawler",
        ),
    ),
    "D5": (
        _seen(
            "the consumer's account may be any text",
            "parameter_is_validated",
            "DataConsumerAccountId",
            says="accepts any value",
        ),
    ),
    "D10": (_seen("nothing goes to the archive", "record_is_copied_to_a_write_once_archive", "RawDataBucket"),),
    "D11": (
        _seen("no trigger", "glue_job_is_started_on_schedule", "JsonToParquetJob"),
        _seen(
            "the role may not read the scripts",
            "glue_script_is_readable",
            "JsonToParquetJob",
            says="do not let it read",
        ),
        _seen("its temp dir", "glue_job_may_write_its_own_files", "JsonToParquetJob", says="--TempDir"),
        _seen("its log path", "glue_job_may_write_its_own_files", "JsonToParquetJob", says="--spark-event-logs-path"),
    ),
    "D12": (
        _seen("CloudWatch may not use the key", "alarm_topic_key_is_open_to_cloudwatch", *TOPICS, says="kms:Decrypt"),
    ),
    "D13": (
        _seen(
            "the first lost message is silent",
            "dead_letter_is_alarmed_at_once",
            "ValidationDeadLetterQueue",
            says="DLQMessageAlarm",
        ),
        _seen(
            "the consumer has no alarm",
            "function_errors_are_alarmed_at_once",
            "KinesisConsumerFunction",
            says="no alarm",
        ),
        _seen("the job has no alarm", "glue_failure_notifies_a_topic", "JsonToParquetJob", says="FAILED"),
    ),
    "D14": (
        _seen(
            "no dimensions: Kinesis",
            "dashboard_line_shows_data",
            "PipelineDashboard",
            says="IncomingRecords is published by",
        ),
        # The second line of this graph, [".", "."], repeats the first, so it is empty too.
        _seen(
            "no dimensions: Lambda", "dashboard_line_shows_data", "PipelineDashboard", says="Duration is published by"
        ),
        _seen("`dimensions` is no option", "dashboard_line_shows_data", "PipelineDashboard", says="dimensions of"),
        _seen("no StorageType", "dashboard_line_shows_data", "PipelineDashboard", says="BucketName and StorageType"),
    ),
    "D15": (
        _seen(
            "a read request has no encryption header along",
            "external_account_reads_parquet_only",
            "ProcessedDataBucketPolicy",
            says="a read request carries no s3:x-amz-server-side-encryption",
        ),
    ),
    # Not found: services without any endpoint. The rules judge existing endpoints.
    "D16": (
        _seen("gateways without routes", "gateway_endpoint_is_routed", "S3VPCEndpoint", "DynamoDBVPCEndpoint"),
        _seen("functions outside the VPC", "function_runs_in_the_vpc", *FUNCTIONS, says="outside the VPC"),
    ),
    "D17": (_seen("queries skip GLACIER", "queried_data_stays_readable", "ProcessedDataBucket", says="GLACIER"),),
    "D18": (
        _seen("no on-failure destination", "stream_mapping_keeps_failed_batches", "KinesisEventSourceMapping"),
        _seen("no partial response", "mapping_reports_partial_failures", "KinesisEventSourceMapping"),
    ),
    "D19": (
        _seen("an hour", "stream_mapping_hands_over_before_records_expire", "KinesisEventSourceMapping"),
        _seen("LATEST", "stream_mapping_starts_at_the_oldest_record", "KinesisEventSourceMapping"),
    ),
    # Marked as the code's, but two of its causes are in the template.
    "D21": (
        _seen("the bucket invokes", "bucket_notifies_queues_only", "RawDataBucket", says="LambdaConfigurations"),
        _seen(
            "each shard's records in tenths",
            "stream_mapping_fills_its_batches",
            "KinesisEventSourceMapping",
            says="ParallelizationFactor",
        ),
    ),
    "D23": (
        _seen("the key", "key_outlives_the_stack", "DataEncryptionKey", says="deleted with the stack"),
        _seen("the stream", "stream_outlives_the_stack", "MarketDataStream", says="deleted with the stack"),
        _seen(
            "the tables",
            "table_outlives_the_stack",
            "ProcessingJobTable",
            "DataLineageTable",
            says="deleted with the stack",
        ),
        # It has a DeletionPolicy but no UpdateReplacePolicy.
        _seen("the scripts", "bucket_outlives_the_stack", "GlueScriptsBucket", says="an update replaces it"),
    ),
    "D24": (
        _seen("old versions expire", "record_never_expires", "RawDataBucket", says="NoncurrentVersionExpirationInDays"),
        _seen("nothing is write-once", "record_is_copied_to_a_write_once_archive", *BUCKETS),
    ),
    # Of its unused grants, GetItem and UpdateItem are what the functions of this project call.
    "D25": (
        _seen("one role for both", "function_has_a_role_of_its_own", *FUNCTIONS),
        _seen(
            "what only the other one uses: the stream",
            "function_role_acts_on_what_the_function_uses",
            "DataValidationFunction",
            says="MarketDataStream",
        ),
        _seen(
            "what only the other one uses: the queue",
            "function_role_acts_on_what_the_function_uses",
            "KinesisConsumerFunction",
            says="ValidationDeadLetterQueue",
        ),
        *(
            _seen(f"unused: {action}", "role_is_granted_what_its_work_calls", "LambdaExecutionRole", says=action)
            for action in (
                "s3:DeleteObject",
                "dynamodb:Query",
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "kinesis:ListStreams",
            )
        ),
        _seen("AWSLambdaVPCAccessExecutionRole", "role_has_no_managed_policies", "LambdaExecutionRole"),
        _seen(
            "what it lacks",
            "mapping_may_read_its_source",
            "KinesisEventSourceMapping",
            says="do not allow kinesis:DescribeStreamSummary, kinesis:ListShards",
        ),
    ),
    "D26": (_seen("metrics of any name", "metrics_are_published_to_one_namespace", "LambdaExecutionRole"),),
    "D27": (
        _seen(
            "nobody else is bound",
            "data_bucket_refuses_other_algorithms",
            *BUCKETS,
            says="may choose an algorithm other than",
        ),
        _seen(
            "nobody else is bound to the key",
            "data_bucket_refuses_other_keys",
            *BUCKETS,
            says="may name a key other than",
        ),
        _seen(
            "the role's own uploads are refused",
            "data_bucket_refuses_other_algorithms",
            *BUCKETS,
            says="LambdaExecutionRole",
        ),
    ),
    "D28": (_seen("AWSGlueServiceRole", "role_has_no_managed_policies", "GlueServiceRole"),),
    "D29": (
        _seen(
            "any account's",
            "key_policy_limits_services_to_this_account",
            "DataEncryptionKey",
            says="KeyPolicy.Statement[1]",
        ),
        _seen("never rotated", "key_rotates_every_year", "DataEncryptionKey"),
    ),
    "D30": (
        _seen("plain HTTP", "bucket_refuses_plain_http", *BUCKETS, "GlueScriptsBucket"),
        _seen("no access logs", "data_bucket_logs_access", *BUCKETS, "GlueScriptsBucket"),
        _seen("no versions of scripts", "bucket_keeps_versions", "GlueScriptsBucket"),
        _seen("10.0.0.0/8 comes in", "security_group_admits_no_more_than_a_vpc", "VPCEndpointSecurityGroup"),
        _seen("everything goes out", "security_group_states_its_egress", "VPCEndpointSecurityGroup"),
    ),
    "D31": (_seen("for Kinesis Analytics, which is not there", "role_is_used", "KinesisAnalyticsRole"),),
}
EACH = [
    pytest.param(seen, resource, id=f"{defect}-{seen.part}-{resource}")
    for defect, parts in SEEN.items()
    for seen in parts
    for resource in seen.resources
]


@pytest.fixture(scope="session")
def report(rule_set: RuleSet, engines: Sequence[Engine]) -> Report:
    """The report of `tox -e gate -- original-template.yaml`: all engines, no waivers (they are for our template)."""
    with pytest.MonkeyPatch.context() as patch:
        # As the command has it, with processes for cfn-lint.
        patch.setattr(cfn_lint, "WORTH_PROCESSES", 6)
        return judge(read(needed(TEMPLATE)), rule_set, engines)


def test_the_gate_refuses_the_original(report: Report) -> None:
    assert report.exit_code == command.FINDINGS


@pytest.mark.parametrize(("seen", "resource"), EACH)
def test_a_rule_sees_the_defect(report: Report, seen: Seen, resource: str) -> None:
    found = [each for each in report.findings if seen.rule in (each.rule, each.slug) and each.resource == resource]

    assert any(_is_about(each, seen) for each in found), found


def test_every_defect_of_the_template_is_listed() -> None:
    rows = re.findall(r"^\| (D\d+) \| (\w+) \|", needed(DEFECTS).read_text(), re.MULTILINE)
    ours = [defect for defect, where in rows if where in ("template", "both")]

    assert len(rows) == 31
    assert [defect for defect in SEEN if defect != "D21"] == ours


def _is_about(finding: Finding, seen: Seen) -> bool:
    return seen.says in f"{finding.path} {finding.message}" and (
        not seen.scenario or seen.scenario in finding.scenarios
    )
