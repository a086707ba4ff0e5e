"""Checks for the original template's defects. Each yields one description per defect found."""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from harness.packaging import build
from tests.defects.reading import (
    Template,
    alarms_on,
    bucket_policies,
    key_statements,
    many,
    properties,
    references,
    resources,
    role_statements,
    service_of,
    statements,
    walk,
)

ARCHIVED_PREFIXES = {"market-data/", "quarantine/", "aws/lambda/"}
STATEFUL = ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::DynamoDB::Table")
#: Services that send no aws:SourceArn when they use a key; with a condition on it, they could deliver nothing.
SOURCELESS = {"events.amazonaws.com"}
#: What `tox -e package` builds, as the template sees it.
SCRIPT = f"../{build.PACKAGE_FOLDER / build.SCRIPT}"


def a_statement_is_conditional_as_a_whole(template: Template) -> Iterator[str]:
    """D3: an optional Principal leaves a malformed policy."""
    for name, resource in template["Resources"].items():
        for value in walk(resource.get("Properties", {})):
            if not isinstance(value, dict) or not {"Effect", "Principal"} <= value.keys():
                continue
            needed = {key: each for key, each in value.items() if key != "Condition"}
            if any(isinstance(each, dict) and "Fn::If" in each for each in walk(needed)):
                yield f"{name}: part of a statement is conditional: {value.get('Sid')}"


def schedules_are_cron(template: Template) -> Iterator[str]:
    """D4: Glue accepts only cron expressions."""
    for name, trigger in resources(template, "AWS::Glue::Trigger", "AWS::Glue::Crawler").items():
        schedule = trigger["Properties"].get("Schedule")
        if isinstance(schedule, dict) and "ScheduleExpression" in schedule:
            schedule = schedule["ScheduleExpression"]
        if isinstance(schedule, dict):
            parameter = template["Parameters"][schedule["Ref"]]
            if not parameter["AllowedPattern"].startswith(r"^cron\("):
                yield f"{name}: {schedule['Ref']} may be anything"
        elif schedule is not None and not schedule.startswith("cron("):
            yield f"{name}: {schedule}"


def parameters_are_checked(template: Template) -> Iterator[str]:
    """D5: invalid parameters must be rejected before anything is created."""
    for name, parameter in template["Parameters"].items():
        checked = parameter.keys() & {"AllowedValues", "AllowedPattern", "MinValue"}
        # Not lists: CloudFormation applies a pattern to list entries of some types only.
        if parameter["Type"] in ("String", "Number") and not checked:
            yield f"{name} takes anything"
        if checked and "ConstraintDescription" not in parameter:
            yield f"{name} does not say what is wrong"
        if "Description" not in parameter:
            yield f"{name} does not say what it decides"


def raw_is_replicated_to_the_archive(template: Template) -> Iterator[str]:
    """D10: nothing writes to the archive."""
    rules = [
        rule
        for bucket in ("FailedBatchesBucket", "RawDataBucket")
        for rule in properties(template, bucket).get("ReplicationConfiguration", {}).get("Rules", [])
    ]
    archive = {"Fn::GetAtt": ["ArchivedDataBucket", "Arn"]}
    active = {
        r["Filter"]["Prefix"] for r in rules if r["Status"] == "Enabled" and r["Destination"]["Bucket"] == archive
    }
    yield from (f"{prefix} is not archived" for prefix in sorted(ARCHIVED_PREFIXES - active))


def the_job_is_started_and_may_run(template: Template) -> Iterator[str]:
    """D11: a job without a trigger, a script, or permission to read it."""
    job = {"Ref": "JsonToParquetJob"}
    starting = [
        trigger["Properties"]
        for trigger in resources(template, "AWS::Glue::Trigger").values()
        if job in [action.get("JobName") for action in trigger["Properties"]["Actions"]]
    ]
    if not any(trigger["Type"] == "SCHEDULED" and trigger.get("StartOnCreation") for trigger in starting):
        yield "no schedule starts the job"
    script = properties(template, "JsonToParquetJob")["Command"]["ScriptLocation"]
    if script != SCRIPT:
        yield f"there is no script {script}"
    role = template["Resources"]["GlueJobRole"]
    readable = [r for s in role_statements(role) if "s3:GetObject" in many(s["Action"]) for r in many(s["Resource"])]
    if not any("ArtifactBucketName" in references(resource) for resource in readable):
        yield "the job's role may not read its script"
    writable = [
        r for s in role_statements(role) if "logs:PutLogEvents" in many(s["Action"]) for r in many(s["Resource"])
    ]
    prefix = properties(template, "JsonToParquetJob")["DefaultArguments"]["--custom-logGroup-prefix"]["Fn::Sub"]
    if prefix not in json.dumps(writable):
        yield "the job's role may not write its log"


def alarms_reach_their_topics(template: Template) -> Iterator[str]:
    """D12: CloudWatch may not use the topics' key, so no alarm is delivered."""
    granted = {
        action
        for statement in key_statements(template)
        if service_of(statement) == "cloudwatch.amazonaws.com" and statement["Effect"] == "Allow"
        for action in many(statement["Action"])
    }
    if not {"kms:Decrypt", "kms:GenerateDataKey*"} <= granted:
        yield "CloudWatch may not use the topics' key"
    open_topics = {
        topic
        for policy in resources(template, "AWS::SNS::TopicPolicy").values()
        for statement in statements(policy["Properties"]["PolicyDocument"])
        if service_of(statement) == "cloudwatch.amazonaws.com"
        for topic in references(statement["Resource"])
    }
    for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        targets = references(alarm["Properties"].get("AlarmActions", []))
        if not targets or alarm["Properties"].get("ActionsEnabled") is False:
            yield f"{name} tells nobody"
        yield from (f"{name} may not publish to {topic}" for topic in sorted(targets - open_topics))


def every_failure_is_reported_at_once(template: Template) -> Iterator[str]:
    """D13: alarms that miss the first loss; functions, queues and jobs without an alarm."""

    def fires_at(first: int, alarm: dict[str, object]) -> bool:
        stated = (alarm["ComparisonOperator"], alarm["Threshold"])
        at_first = stated in (("GreaterThanOrEqualToThreshold", first), ("GreaterThanThreshold", first - 1))
        return at_first and alarm["EvaluationPeriods"] == 1

    fires_at_one = partial(fires_at, 1)
    # S3 sends a test message to a queue before the first real one.
    notified = {
        target
        for bucket in resources(template, "AWS::S3::Bucket").values()
        for target in references(bucket["Properties"].get("NotificationConfiguration", {}))
    }

    for name in resources(template, "AWS::Lambda::Function"):
        if not any(map(fires_at_one, alarms_on(template, "Errors", {"Ref": name}))):
            yield f"{name}: the first error is silent"
    for name in resources(template, "AWS::SQS::Queue"):
        dimension = {"Fn::GetAtt": [name, "QueueName"]}
        redrives = "RedrivePolicy" in properties(template, name)
        waiting = alarms_on(template, "ApproximateNumberOfMessagesVisible", dimension)
        # A work queue may hold messages; a dead-letter queue may not.
        if not redrives and not any(map(partial(fires_at, 2 if name in notified else 1), waiting)):
            yield f"{name}: the first message is silent"
        if redrives and not alarms_on(template, "ApproximateAgeOfOldestMessage", dimension):
            yield f"{name}: that nothing takes messages out is silent"
    notified_runs = [
        references(rule["Properties"]["EventPattern"])
        for rule in resources(template, "AWS::Events::Rule").values()
        if rule["Properties"].get("Targets") and "FAILED" in json.dumps(rule["Properties"]["EventPattern"])
    ]
    for name in resources(template, "AWS::Glue::Job", "AWS::Glue::Crawler"):
        if not any(name in each for each in notified_runs):
            yield f"{name}: a failed run is silent"


_KNOWN_METRICS: dict[str, list[set[str]]] = {
    "AWS/DynamoDB": [{"TableName"}],
    "AWS/Events": [{"RuleName"}],
    "AWS/Kinesis": [{"StreamName"}],
    "AWS/Lambda": [{"FunctionName"}, {"EventSourceMappingUUID"}],
    "AWS/S3": [{"BucketName", "StorageType"}, {"DestinationBucket", "RuleId", "SourceBucket"}],
    "AWS/SQS": [{"QueueName"}],
    "FinancialPipeline": [{"service"}],
    "Glue": [{"JobName", "JobRunId", "Type"}],
}


def the_dashboards_lines_name_metrics(template: Template) -> Iterator[str]:
    """D14: dashboard lines without dimensions show nothing."""
    body = properties(template, "PipelineDashboard")["DashboardBody"]["Fn::Sub"]
    for widget in json.loads(body)["widgets"]:
        for metric in widget["properties"]["metrics"]:
            namespace, name, *dimensions = [part for part in metric if isinstance(part, str)]
            options = [part for part in metric if not isinstance(part, str)]
            if "." in (namespace, name) or not dimensions:
                yield f"{widget['properties']['title']}: {metric} names no metric"
            elif set(dimensions[::2]) not in _KNOWN_METRICS.get(namespace, []):
                yield f"{widget['properties']['title']}: {namespace} has no metrics by {dimensions[::2]}"
            if any("dimensions" in option for option in options):
                yield f"{widget['properties']['title']}: `dimensions` is no rendering option"


def reads_are_not_conditioned_on_an_upload_header(template: Template) -> Iterator[str]:
    """D15: only PutObject requests have the header, so every reader is denied."""
    for name, resource in template["Resources"].items():
        for value in walk(resource.get("Properties", {})):
            if not (isinstance(value, dict) and value.get("Effect") == "Allow"):
                continue
            if "s3:x-amz-server-side-encryption" in json.dumps(value.get("Condition", {})):
                yield f"{name}: {value.get('Sid')} is allowed to nobody"


def the_functions_reach_aws_privately(template: Template) -> Iterator[str]:
    """D16: gateways without routes, functions outside the VPC, missing endpoints."""
    for name in resources(template, "AWS::Lambda::Function"):
        network = properties(template, name).get("VpcConfig", {})
        if not network.get("SubnetIds") or not network.get("SecurityGroupIds"):
            yield f"{name} is outside the VPC"
    services = set()
    for name, endpoint in resources(template, "AWS::EC2::VPCEndpoint").items():
        given = endpoint["Properties"]
        services.add(given["ServiceName"]["Fn::Sub"].rpartition(".")[2])
        if given["VpcEndpointType"] == "Gateway" and not given.get("RouteTableIds"):
            yield f"{name} has no route tables"
    wanted = {"s3", "dynamodb", "sqs", "kms", "sns", "logs", "sts", "kinesis-streams", "glue"}
    yield from (f"no endpoint for {service}" for service in sorted(wanted - services))
    if "GatewaysNeedRoutes" not in template.get("Rules", {}):
        yield "gateways may be made without routes"


def processed_data_stays_readable(template: Template) -> Iterator[str]:
    """D17: Athena skips objects in Glacier, except in Instant Retrieval."""
    for rule in properties(template, "ProcessedDataBucket")["LifecycleConfiguration"]["Rules"]:
        for transition in rule.get("Transitions", []):
            if transition["StorageClass"] in ("GLACIER", "DEEP_ARCHIVE"):
                yield f"{rule['Id']}: {transition['StorageClass']} cannot be queried"


def a_failed_batch_is_kept(template: Template) -> Iterator[str]:
    """D18: one bad record fails its batch, and the batch is dropped."""
    mapping = properties(template, "KinesisEventSourceMapping")
    if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
        yield "the batch fails as a whole"
    if not mapping.get("BisectBatchOnFunctionError"):
        yield "a crashing batch is not divided"
    destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    if not references(destination) & resources(template, "AWS::S3::Bucket").keys():
        yield "a batch that is given up is not kept: only S3 keeps the records"


def no_record_is_skipped_for_its_age(template: Template) -> Iterator[str]:
    """D19: records older than an hour, or older than the mapping, are dropped."""
    mapping = properties(template, "KinesisEventSourceMapping")
    age, kept = mapping.get("MaximumRecordAgeInSeconds", -1), properties(template, "MarketDataStream")
    if not 24 * 3600 <= age < kept["RetentionPeriodHours"] * 3600:
        yield f"records are given up after {age} s, and kept for {kept['RetentionPeriodHours']} hours"
    if mapping["StartingPosition"] != "TRIM_HORIZON":
        yield f"{mapping['StartingPosition']} skips what arrived before the mapping was ready"


def objects_wait_in_a_queue(template: Template) -> Iterator[str]:
    """D21: throttled asynchronous events age out and are lost."""
    for name in resources(template, "AWS::S3::Bucket"):
        if "LambdaConfigurations" in properties(template, name).get("NotificationConfiguration", {}):
            yield f"{name} invokes a function directly"


def what_is_kept_outlives_the_stack(template: Template) -> Iterator[str]:
    """D23: deleting the stack destroys the key, and with it every retained bucket."""
    for name, resource in resources(template, *STATEFUL).items():
        if resource.get("DeletionPolicy") not in ("Retain", "RetainExceptOnCreate"):
            yield f"{name} is deleted with the stack"
        if resource.get("UpdateReplacePolicy") != "Retain":
            yield f"{name} is deleted when it is replaced"


def the_record_is_kept_for_good(template: Template) -> Iterator[str]:
    """D24: versions expire in a store that must keep records for years; nothing is write-once."""
    for name in ("RawDataBucket", "ArchivedDataBucket"):
        for rule in properties(template, name)["LifecycleConfiguration"]["Rules"]:
            if rule.keys() & {"ExpirationInDays", "NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"}:
                yield f"{name}: {rule['Id']} deletes records"
    archive = properties(template, "ArchivedDataBucket")
    retention = archive.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
    if archive.get("ObjectLockEnabled") is not True or not {"Days", "Mode"} <= retention.keys():
        yield "the archive is not write-once"
    denied = [a for s in bucket_policies(template, "RawDataBucket") if s["Effect"] == "Deny" for a in many(s["Action"])]
    if "s3:DeleteObjectVersion" not in denied:
        yield "versions of raw objects can be deleted"


def each_function_has_its_own_role(template: Template) -> Iterator[str]:
    """D25: one role for all, with grants that nothing uses and without some that are needed."""
    roles = [json.dumps(f["Properties"]["Role"]) for f in resources(template, "AWS::Lambda::Function").values()]
    if len(set(roles)) != len(roles):
        yield "functions share a role"
    consumer = {a for s in role_statements(template["Resources"]["KinesisConsumerRole"]) for a in many(s["Action"])}
    for action in ("kinesis:ListShards", "kinesis:DescribeStreamSummary"):
        if action not in consumer:
            yield f"the consumer's role lacks {action}"
    unused = {"s3:DeleteObject", "dynamodb:Query", "kinesis:ListStreams"}
    for name in ("KinesisConsumerRole", "DataValidationRole"):
        granted = {a for s in role_statements(template["Resources"][name]) for a in many(s["Action"])}
        yield from (f"{name}: nothing uses {action}" for action in sorted(granted & unused))


def nobody_may_publish_any_metric(template: Template) -> Iterator[str]:
    """D26: embedded metrics need no permission; PutMetricData must be limited to a namespace."""
    for name, role in resources(template, "AWS::IAM::Role").items():
        for statement in role_statements(role):
            if "cloudwatch:PutMetricData" not in many(statement["Action"]):
                continue
            if "cloudwatch:namespace" not in json.dumps(statement.get("Condition", {})):
                yield f"{name} may publish any metric"


def uploads_are_refused_by_the_bucket(template: Template) -> Iterator[str]:
    """D27: a Deny in a role binds only that role, and blocks uploads that rely on the bucket's default."""
    headers = ("s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id")
    for name, role in resources(template, "AWS::IAM::Role").items():
        if any(headers[0] in json.dumps(statement.get("Condition", {})) for statement in role_statements(role)):
            yield f"{name} is the only one bound"
    for bucket in ("RawDataBucket", "ProcessedDataBucket", "ArchivedDataBucket"):
        for header in headers:
            if not any(
                statement["Effect"] == "Deny"
                and statement["Principal"] == "*"
                and header in statement.get("Condition", {}).get("StringNotEquals", {})
                and statement["Condition"].get("Null", {}).get(header) is False
                for statement in bucket_policies(template, bucket)
            ):
                yield f"{bucket} does not look at {header}"


def no_policy_is_somebody_elses(template: Template) -> Iterator[str]:
    """D28: AWS-managed policies grant far beyond this pipeline."""
    for name, role in resources(template, "AWS::IAM::Role").items():
        if role["Properties"].get("ManagedPolicyArns"):
            yield f"{name} has managed policies"


def services_use_the_key_for_this_account_only(template: Template) -> Iterator[str]:
    """D29: confused deputy; no key rotation."""
    for statement in key_statements(template):
        service = service_of(statement)
        conditioned = re.search(
            r"aws:Source(?:Account|Arn)|kms:EncryptionContext", json.dumps(statement.get("Condition", {}))
        )
        if service and service not in SOURCELESS and not conditioned:
            yield f"{service} may use the key for anybody"
    if properties(template, "DataEncryptionKey").get("EnableKeyRotation") is not True:
        yield "the key is never rotated"


def access_is_restricted(template: Template) -> Iterator[str]:
    """D30: plain HTTP, no access logs, no versions, ingress from a /8 network, open egress."""
    for name in resources(template, "AWS::S3::Bucket"):
        if not any(
            s["Effect"] == "Deny"
            and s["Action"] == "s3:*"
            and str(s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
            for s in bucket_policies(template, name)
        ):
            yield f"{name} takes plain HTTP"
        given = properties(template, name)
        if given.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{name} keeps no versions"
        if "LoggingConfiguration" not in given and name != "AccessLogBucket":
            yield f"{name} logs no access"
    for name in resources(template, "AWS::EC2::SecurityGroup"):
        group = properties(template, name)
        rules = group.get("SecurityGroupIngress", []) + group.get("SecurityGroupEgress", [])
        if "SecurityGroupEgress" not in group:
            yield f"{name} lets everything out"
        # A conditional rule is judged as if its condition held.
        for rule in _in_any_case(rules):
            if isinstance(rule.get("CidrIp"), str) and not rule["CidrIp"].endswith("/32"):
                yield f"{name} names the network {rule['CidrIp']} itself"
            if rule["IpProtocol"] != "tcp" or rule.get("FromPort") != 443 or rule.get("ToPort") != 443:
                yield f"{name} lets more through than HTTPS"


def _in_any_case(listed: list[Any]) -> Iterator[Any]:
    """All entries of a list, under any condition."""
    for each in listed:
        if "Fn::If" in each:
            yield from _in_any_case(each["Fn::If"][1:])
        elif "Ref" not in each:
            yield each


def every_role_is_assumed(template: Template) -> Iterator[str]:
    """D31: a role for a service that is not used."""
    used = references([{k: v for k, v in r.items() if k != "Type"} for r in template["Resources"].values()])
    yield from (f"nothing assumes {name}" for name in resources(template, "AWS::IAM::Role") if name not in used)
