"""The thirty-one defects of the original template: how each is reintroduced, and what catches it."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.defects import checks
from tests.defects.reading import Template, changed, properties

Check = Callable[[Template], Iterator[str]]


@dataclass(frozen=True)
class InTemplate:
    """A change of the template, caught by a check of this folder or a cfn-lint rule."""

    reintroduce: Callable[[Template], Template]
    check: Check | None = None
    #: An expression for the rule's id: the runtime's is a warning before AWS's date and an error after it.
    lint: str | None = None


@dataclass(frozen=True)
class InCode:
    """A change of a file's text, caught by a test."""

    file: str
    old: str
    new: str
    test: str


Case = InTemplate | InCode


def _set(*path: str | int, to: object) -> Callable[[Template], Template]:
    return lambda template: changed(template, "Resources", *path, to=to)


def _without(*path: str | int) -> Callable[[Template], Template]:
    return lambda template: changed(template, "Resources", *path, to=None)


def _statement(resource: str, sid: str, **changes: object) -> Callable[[Template], Template]:
    """Change the resource's statement with this Sid; None removes the key."""

    def reintroduce(template: Template) -> Template:
        result = copy.deepcopy(template)
        (found,) = [
            value
            for value in checks.walk(result["Resources"][resource])
            if isinstance(value, dict) and value.get("Sid") == sid
        ]
        for name, value in changes.items():
            if value is None:
                found.pop(name)
            else:
                found[name] = value
        return result

    return reintroduce


def _without_statement(resource: str, sid: str) -> Callable[[Template], Template]:
    """Make the statement ineffective."""
    return _statement(resource, sid, Effect="Allow", Action="s3:GetBucketTagging", Principal={"AWS": "0" * 12})


def _conditional_principal(template: Template) -> Template:
    principal = {"AWS": {"Fn::If": ["HasDataConsumer", {"Ref": "DataConsumerAccountId"}, {"Ref": "AWS::NoValue"}]}}
    return _statement("DataEncryptionKey", "LetAlarmsPublish", Principal=principal)(template)


def _role_denies_uploads(template: Template) -> Template:
    result = copy.deepcopy(template)
    properties(result, "KinesisConsumerRole")["Policies"][0]["PolicyDocument"]["Statement"].append(
        {
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
        }
    )
    return result


def _role_may(role: str, action: str) -> Callable[[Template], Template]:
    def reintroduce(template: Template) -> Template:
        result = copy.deepcopy(template)
        properties(result, role)["Policies"][0]["PolicyDocument"]["Statement"].append(
            {"Effect": "Allow", "Action": action, "Resource": "*"}
        )
        return result

    return reintroduce


def _dashboard(old: str, new: str) -> Callable[[Template], Template]:
    def reintroduce(template: Template) -> Template:
        body = properties(template, "PipelineDashboard")["DashboardBody"]["Fn::Sub"]
        assert old in body
        return _set("PipelineDashboard", "Properties", "DashboardBody", "Fn::Sub", to=body.replace(old, new, 1))(
            template
        )

    return reintroduce


def _direct_notification(template: Template) -> Template:
    direct = [{"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["DataValidationFunction", "Arn"]}}]
    path = ("RawDataBucket", "Properties", "NotificationConfiguration", "LambdaConfigurations")
    return _set(*path, to=direct)(template)


def _role_for_nobody(template: Template) -> Template:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
    return _set("KinesisAnalyticsRole", to=role)(template)


_MAPPING = ("KinesisEventSourceMapping", "Properties")
_NO_ENCRYPTION_CHECK = {"Action": "s3:PutObject", "Condition": {"StringNotEquals": {}}}
_BACK_DOOR = [{"CidrIp": "10.0.0.0/8", "FromPort": 443, "IpProtocol": "tcp", "ToPort": 443}]
_EXPIRE = [{"Id": "DeleteOldVersions", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 365}}]

DEFECTS: dict[str, tuple[Case, ...]] = {
    "D1": (InTemplate(_direct_notification, lint="E3004"),),
    "D2": (InTemplate(_set("DataValidationFunction", "Properties", "Runtime", to="python3.9"), lint="[EW]253[13]"),),
    "D3": (InTemplate(_conditional_principal, checks.a_statement_is_conditional_as_a_whole),),
    "D4": (
        InTemplate(
            _set("RawDataCrawler", "Properties", "Schedule", to={"ScheduleExpression": "rate(1 hour)"}),
            checks.schedules_are_cron,
        ),
        InTemplate(
            _set("ParquetScheduleTrigger", "Properties", "Schedule", to="rate(1 hour)"), checks.schedules_are_cron
        ),
    ),
    "D5": (
        InTemplate(
            lambda template: changed(template, "Parameters", "DataConsumerAccountId", "AllowedPattern", to=None),
            checks.parameters_are_checked,
        ),
    ),
    "D6": (
        InCode(
            "lambda_src/data_validation/events.py",
            "key=unquote_plus(record.s3.object.key)",
            "key=record.s3.object.key",
            "tests/unit/data_validation/test_validation_events.py::test_keys_are_decoded",
        ),
    ),
    "D7": (
        InCode(
            "lambda_src/market_data/parsing.py",
            "    return read_common(raw) or parse_exactly(raw, allow_nonpositive)",
            "    record = read_common(raw) or parse_exactly(raw, allow_nonpositive)\n"
            '    if not hasattr(record, "price"):\n'
            '        raise RejectedRecord(Reason.MISSING_FIELD, "price")\n'
            "    return record",
            "tests/unit/market_data/test_contract_accepts.py::test_each_feed_has_its_type",
        ),
        InCode(
            "lambda_src/data_validation/verdicts.py",
            "for line in unpack(BytesIO(body), MAX_RAW_BYTES):",
            "for line in [next(unpack(BytesIO(body)))]:",
            "tests/unit/data_validation/test_validation_core.py::test_each_record_ends_in_exactly_one_of_two_objects",
        ),
    ),
    "D8": (
        InCode(
            "lambda_src/market_data/rules.py",
            "    if type(value) is not Numeral and type(value) is not str:",
            '    value = "1" if value is True else value\n'
            "    if type(value) is not Numeral and type(value) is not str:",
            "tests/unit/market_data/test_contract_refuses.py::test_a_price_is_refused",
        ),
        InCode(
            "lambda_src/market_data/jsontext.py",
            "    raise RejectedRecord(Reason.NON_FINITE_NUMBER, name)",
            "    return None",
            "tests/unit/market_data/test_contract_refuses.py",
        ),
        InCode(
            "lambda_src/market_data/rules.py",
            "    to_nanoseconds(text)\n",
            "",
            "tests/unit/market_data/test_contract_refuses.py::test_a_time_is_refused",
        ),
    ),
    "D9": (
        InCode(
            "lambda_src/data_validation/core.py",
            'return f"s3://{self.store.bucket}/{self.key}"',
            'return f"s3://{self.store.bucket}/processed/{self.key}"',
            "tests/unit/data_validation/test_validation_core.py::test_lineage_goes_from_each_object_to_the_raw_one",
        ),
    ),
    "D10": (
        InTemplate(
            _without("RawDataBucket", "Properties", "ReplicationConfiguration"), checks.raw_is_replicated_to_the_archive
        ),
    ),
    "D11": (
        InTemplate(
            _set("ParquetScheduleTrigger", "Properties", "Actions", to=[{"CrawlerName": {"Ref": "RawDataCrawler"}}]),
            checks.the_job_is_started_and_may_run,
        ),
        InTemplate(
            _set("JsonToParquetJob", "Properties", "Command", "ScriptLocation", to="../build/package/gone.py"),
            checks.the_job_is_started_and_may_run,
        ),
        InTemplate(
            _statement("GlueJobRole", "ReadScript", Resource="arn:aws:s3:::elsewhere/*"),
            checks.the_job_is_started_and_may_run,
        ),
        InTemplate(
            _statement("GlueJobRole", "WriteOwnLog", Action="logs:DescribeLogStreams"),
            checks.the_job_is_started_and_may_run,
        ),
    ),
    "D12": (
        InTemplate(
            _statement("DataEncryptionKey", "LetAlarmsPublish", Principal={"Service": "backup.amazonaws.com"}),
            checks.alarms_reach_their_topics,
        ),
    ),
    "D13": (
        InTemplate(
            _set("DLQMessageAlarm", "Properties", "ComparisonOperator", to="GreaterThanThreshold"),
            checks.every_failure_is_reported_at_once,
        ),
        InTemplate(_without("ConsumerErrorAlarm"), checks.every_failure_is_reported_at_once),
        InTemplate(_without("GlueFailureRule"), checks.every_failure_is_reported_at_once),
    ),
    "D14": (
        InTemplate(_dashboard('"StreamName", "${MarketDataStream}", ', ""), checks.the_dashboards_lines_name_metrics),
        InTemplate(
            _dashboard('"BucketName", "${RawDataBucket}", "StorageType", "StandardStorage", {', '{"dimensions": {}, '),
            checks.the_dashboards_lines_name_metrics,
        ),
        InTemplate(_dashboard('"AWS/Lambda", "Duration"', '".", "."'), checks.the_dashboards_lines_name_metrics),
        InTemplate(_dashboard('"StorageType", "StandardStorage", ', ""), checks.the_dashboards_lines_name_metrics),
    ),
    "D15": (
        InTemplate(
            _statement(
                "ProcessedDataBucketPolicy",
                "LetDataConsumerReadParquet",
                Condition={"StringEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
            ),
            checks.reads_are_not_conditioned_on_an_upload_header,
        ),
    ),
    "D16": (
        InTemplate(
            _set("S3VPCEndpoint", "Properties", "RouteTableIds", to=[]), checks.the_functions_reach_aws_privately
        ),
        InTemplate(
            _without("DataValidationFunction", "Properties", "VpcConfig"), checks.the_functions_reach_aws_privately
        ),
        InTemplate(_without("SQSVPCEndpoint"), checks.the_functions_reach_aws_privately),
    ),
    "D17": (
        InTemplate(
            lambda template: _set(
                "ProcessedDataBucket",
                "Properties",
                "LifecycleConfiguration",
                "Rules",
                1,
                "Transitions",
                to=[{"StorageClass": "GLACIER", "TransitionInDays": 90}],
            )(template),
            checks.processed_data_stays_readable,
        ),
    ),
    "D18": (
        InTemplate(_without(*_MAPPING, "DestinationConfig"), checks.a_failed_batch_is_kept),
        InTemplate(_without(*_MAPPING, "FunctionResponseTypes"), checks.a_failed_batch_is_kept),
        InCode(
            "lambda_src/kinesis_consumer/core.py",
            "        except RejectedRecord as error:\n            feed = None",
            "        except RejectedRecord as error:\n            raise\n            feed = None",
            "tests/unit/kinesis_consumer/test_consumer_core.py::"
            "test_one_bad_record_is_set_aside_while_the_rest_goes_through",
        ),
    ),
    "D19": (
        InTemplate(_set(*_MAPPING, "MaximumRecordAgeInSeconds", to=3600), checks.no_record_is_skipped_for_its_age),
        InTemplate(_set(*_MAPPING, "MaximumRecordAgeInSeconds", to=-1), checks.no_record_is_skipped_for_its_age),
        InTemplate(_set(*_MAPPING, "StartingPosition", to="LATEST"), checks.no_record_is_skipped_for_its_age),
    ),
    "D20": (
        InCode(
            "lambda_src/kinesis_consumer/core.py",
            "hour_of(self.first_arrival_ms)",
            "datetime.now().replace(minute=0, second=0, microsecond=0)",
            "tests/unit/kinesis_consumer/test_consumer_core.py::test_a_batch_is_split_by_arrival_hour",
        ),
        InCode(
            "lambda_src/pipeline_store/keys.py",
            '        digest = hashlib.sha256("\\n".join(ordered).encode()).hexdigest()[:16]',
            "        import os\n\n        digest = os.urandom(8).hex()",
            "tests/unit/kinesis_consumer/test_consumer_core.py::test_a_batch_delivered_twice_is_stored_once",
        ),
    ),
    "D21": (
        InCode(
            "lambda_src/kinesis_consumer/core.py",
            "group = groups.setdefault((record.shard, hour_of(record.arrival_ms), feed), [])",
            "group = groups.setdefault((record.shard, hour_of(record.arrival_ms), feed, record.sequence), [])",
            "tests/unit/kinesis_consumer/test_consumer_core.py::test_the_calls_for_a_batch_do_not_depend_on_its_size",
        ),
        InTemplate(_direct_notification, checks.objects_wait_in_a_queue),
    ),
    "D22": (
        InCode(
            "lambda_src/data_validation/core.py",
            '                "quarantine_key": rejected_key(raw.job.raw_key, self.rules),\n',
            "",
            "tests/unit/data_validation/test_validation_core.py::"
            "test_refused_records_are_kept_with_their_reason_and_bytes",
        ),
    ),
    "D23": tuple(
        InTemplate(_without(name, "DeletionPolicy"), checks.what_is_kept_outlives_the_stack)
        for name in ("DataEncryptionKey", "MarketDataStream", "ProcessingJobTable", "DataLineageTable", "RawDataBucket")
    ),
    "D24": (
        InTemplate(
            _set("RawDataBucket", "Properties", "LifecycleConfiguration", "Rules", to=_EXPIRE),
            checks.the_record_is_kept_for_good,
        ),
        InTemplate(
            _without("ArchivedDataBucket", "Properties", "ObjectLockConfiguration"), checks.the_record_is_kept_for_good
        ),
    ),
    "D25": (
        InTemplate(
            _set("DataValidationFunction", "Properties", "Role", to={"Fn::GetAtt": ["KinesisConsumerRole", "Arn"]}),
            checks.each_function_has_its_own_role,
        ),
        InTemplate(_role_may("DataValidationRole", "s3:DeleteObject"), checks.each_function_has_its_own_role),
        InTemplate(
            _statement("KinesisConsumerRole", "ReadStream", Action=["kinesis:GetRecords", "kinesis:ListStreams"]),
            checks.each_function_has_its_own_role,
        ),
    ),
    "D26": (
        InTemplate(_role_may("KinesisConsumerRole", "cloudwatch:PutMetricData"), checks.nobody_may_publish_any_metric),
        InTemplate(
            _statement("GlueJobRole", "PublishJobMetrics", Condition=None), checks.nobody_may_publish_any_metric
        ),
    ),
    "D27": (
        InTemplate(_role_denies_uploads, checks.uploads_are_refused_by_the_bucket),
        InTemplate(
            _statement("RawDataBucketPolicy", "DenyOtherEncryption", **_NO_ENCRYPTION_CHECK),
            checks.uploads_are_refused_by_the_bucket,
        ),
    ),
    "D28": (
        InTemplate(
            _set(
                "GlueJobRole",
                "Properties",
                "ManagedPolicyArns",
                to=["arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"],
            ),
            checks.no_policy_is_somebody_elses,
        ),
    ),
    "D29": (
        InTemplate(
            _statement("DataEncryptionKey", "LetS3NotifyQueues", Condition=None),
            checks.services_use_the_key_for_this_account_only,
        ),
        InTemplate(
            _set("DataEncryptionKey", "Properties", "EnableKeyRotation", to=False),
            checks.services_use_the_key_for_this_account_only,
        ),
    ),
    "D30": (
        InTemplate(_without_statement("AccessLogBucketPolicy", "DenyPlainHttp"), checks.access_is_restricted),
        InTemplate(_without("RawDataBucket", "Properties", "LoggingConfiguration"), checks.access_is_restricted),
        InTemplate(_without("RawDataBucket", "Properties", "VersioningConfiguration"), checks.access_is_restricted),
        InTemplate(
            _set("VPCEndpointSecurityGroup", "Properties", "SecurityGroupIngress", to=_BACK_DOOR),
            checks.access_is_restricted,
        ),
        InTemplate(_without("FunctionSecurityGroup", "Properties", "SecurityGroupEgress"), checks.access_is_restricted),
    ),
    "D31": (InTemplate(_role_for_nobody, checks.every_role_is_assumed),),
}
