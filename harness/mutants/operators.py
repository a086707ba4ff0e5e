"""The ways in which a template goes wrong. Each takes a template and yields every mutation of its kind that makes sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness.checks.stack import items
from harness.mutants import places
from harness.mutants.mutation import ABSENT, Mutation, changed, get
from harness.render.source import Place

Template = Mapping[str, Any]
Operator = Callable[[Template], Iterator[Mutation]]
OPERATORS: dict[str, Operator] = {}

NO_VALUE = {"Ref": "AWS::NoValue"}
ADMINISTRATOR = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}

#: Keys whose property switches something on or says who is told: removed by the operators named for that.
_DESTINATIONS = frozenset(
    {
        "AlarmActions", "DeadLetterConfig", "DestinationConfig", "LoggingConfig", "LoggingConfiguration",
        "NotificationConfiguration", "RedrivePolicy", "ReplicationConfiguration", "Subscription", "Targets",
        "Actions", "ResultConfiguration", "MetricsConfig", "Predicate",
    }
)  # fmt: skip
_RETENTIONS = frozenset(
    {
        "Days", "DaysAfterInitiation", "ExpirationInDays", "MessageRetentionPeriod", "NoncurrentDays", "RetentionInDays",
        "RetentionPeriodHours", "TransitionInDays",
    }
)  # fmt: skip
#: Values that are too short, and ones that are just too short. 604800 s is what the queue before a dead letter keeps.
_SHORTER = {"MessageRetentionPeriod": (60,), "RetentionInDays": (1, 30), "RetentionPeriodHours": (24, 120)}
_ALARM = "AWS::CloudWatch::Alarm"


def operator(function: Operator) -> Operator:
    """Register an operator under its function's name."""
    OPERATORS[function.__name__] = function
    return function


def all_mutations(template: Template) -> Iterator[Mutation]:
    """What every operator makes of a template."""
    for make in OPERATORS.values():
        yield from make(template)


def _set(name: str, template: Template, resource: str, place: Place, value: Any, change: str) -> Mutation:
    return Mutation(name, resource, place, change, changed(template, place, value))


def _type(template: Template, resource: str) -> str:
    return str(template["Resources"][resource]["Type"])


@operator
def remove_property(template: Template) -> Iterator[Mutation]:
    """A property that matters is not there."""
    for resource, place, key, _ in places.properties(template):
        if key in _DESTINATIONS or key in _RETENTIONS or key == "Tags" or _type(template, resource) == _ALARM:
            continue
        yield _set("remove_property", template, resource, place, ABSENT, "removed")


@operator
def remove_tag(template: Template) -> Iterator[Mutation]:
    """A resource does not say what it belongs to, or how confidential it is."""
    for resource, place, key, value in places.properties(template):
        if key != "Tags":
            continue
        kept: Any = ABSENT
        for index, tag in enumerate(value if isinstance(value, list) else []):
            if tag.get("Key") in ("Environment", "DataClassification"):
                yield _set("remove_tag", template, resource, (*place, index), ABSENT, f"without {tag['Key']}")
        if isinstance(value, dict):
            yield _set("remove_tag", template, resource, place, kept, "removed")


@operator
def remove_attribute(template: Template) -> Iterator[Mutation]:
    """What happens to a resource with its stack is not said, or is the worst."""
    for resource, body in template["Resources"].items():
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            if key in body:
                place = ("Resources", resource, key)
                yield _set("remove_attribute", template, resource, place, ABSENT, "removed")
                if body[key] != "Delete":
                    yield _set("remove_attribute", template, resource, place, "Delete", "Delete")


_OPPOSITES = {
    "Enabled": "Disabled", "Disabled": "Enabled", "ENABLED": "DISABLED", "enabled": "disabled", "true": "false",
    "false": "true", "PAY_PER_REQUEST": "PROVISIONED", "PROVISIONED": "ON_DEMAND", "LOG": "DELETE_FROM_DATABASE",
}  # fmt: skip


@operator
def falsify(template: Template) -> Iterator[Mutation]:
    """A switch stands the other way."""
    for resource, place, _, value in places.properties(template):
        if isinstance(value, bool):
            yield _set("falsify", template, resource, place, not value, f"{str(not value).lower()}")
        elif isinstance(value, str) and value in _OPPOSITES:
            yield _set("falsify", template, resource, place, _OPPOSITES[value], _OPPOSITES[value])
        elif isinstance(value, dict) and "Fn::If" in value and value["Fn::If"][1:] == [True, False]:
            yield _set("falsify", template, resource, (*place, "Fn::If", 1), False, "false")
        elif isinstance(value, dict) and value.get("--enable-metrics") == "true":
            yield _set("falsify", template, resource, (*place, "--enable-metrics"), "false", "false")


#: Key -> weaker values to put in its place. A key of ours becomes the service's own, or a stranger's.
_FOREIGN_KEY = "arn:aws:kms:us-east-1:999999999999:key/00000000-0000-4000-8000-999999999999"
_KEYS = ("KMSMasterKeyID", "KmsMasterKeyId", "KMSMasterKeyId", "KmsKeyId", "KmsKeyArn", "KeyId", "ReplicaKmsKeyID", "KmsKey")
_WEAKER: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(_KEYS, ("alias/aws/service", _FOREIGN_KEY)),
    "Architectures": (["arm64"],),
    "BatchSize": (1, 100),
    "CloudWatchEncryptionMode": ("DISABLED",),
    "CompatibleArchitectures": (["arm64"],),
    "CompatibleRuntimes": (["python3.9"],),
    "ComparisonOperator": ("LessThanThreshold", "GreaterThanUpperThreshold"),
    "EncryptionOption": ("SSE_S3",),
    "EncryptionType": ("NONE",),
    "EvaluationPeriods": (100,),
    "GlueVersion": ("3.0",),
    "JobBookmarksEncryptionMode": ("DISABLED",),
    "--job-bookmark-option": ("job-bookmark-enable",),
    "MaxConcurrentRuns": (5,),
    "MaximumConcurrency": (1000,),
    "MaximumRecordAgeInSeconds": (3600,),
    "MaximumRetryAttempts": (-1,),
    "MetricName": ("NoSuchMetric",),
    "Mode": ("GOVERNANCE",),
    "Namespace": ("AWS/Nothing",),
    "ObjectOwnership": ("ObjectWriter",),
    "ParallelizationFactor": (10,),
    "Period": (86400,),
    "ReservedConcurrentExecutions": (1,),
    "Runtime": ("python3.9",),
    "S3EncryptionMode": ("DISABLED", "SSE-S3"),
    "SSEAlgorithm": ("AES256", "none"),
    "SSEType": ("AES256",),
    "Schedule": ("rate(1 hour)",),
    "ShardCount": (0,),
    "StartingPosition": ("LATEST",),
    "Statistic": ("Minimum",),
    "StorageClass": ("DEEP_ARCHIVE",),
    "Threshold": (1_000_000_000,),
    "Timeout": (3,),
    "TreatMissingData": ("ignore",),
    "VisibilityTimeout": (30,),
    "maxReceiveCount": (1,),
}
#: Only the alarms' values are worth trying on alarms, or there would be nothing but alarms.
_LARGE = 1000
_ALARM_KEYS = ("ComparisonOperator", "EvaluationPeriods", "MetricName", "Namespace", "Period", "Statistic", "Threshold")


@operator
def weaken_value(template: Template) -> Iterator[Mutation]:
    """A value is of the kind that is wanted, and too weak."""
    for resource, place, key, value in places.properties(template):
        if _type(template, resource) == _ALARM:
            continue
        for weaker in _WEAKER.get(key, ()):
            if weaker != value:
                yield _set("weaken_value", template, resource, place, weaker, str(weaker))


@operator
def blunt_alarm(template: Template) -> Iterator[Mutation]:
    """An alarm that cannot go off any more, or not in time."""
    for resource, place, key, value in places.properties(template):
        if _type(template, resource) == _ALARM and key in _ALARM_KEYS:
            weaker = _WEAKER[key][0]
            if key == "ComparisonOperator" and value == "LessThanThreshold":
                weaker = "GreaterThanThreshold"
            yield _set("blunt_alarm", template, resource, place, weaker, str(weaker))
            if key == "Threshold" and isinstance(value, int) and value >= _LARGE:
                yield _set("blunt_alarm", template, resource, place, 10 * value, "ten times as much")
        elif _type(template, resource) == _ALARM and key in ("TreatMissingData", "AlarmDescription"):
            yield _set("blunt_alarm", template, resource, place, ABSENT, "removed")
        elif key == "Dimensions":
            at = (*place, 0, "Value")
            yield _set("blunt_alarm", template, resource, at, "somebody-else", "somebody else's")


@operator
def shorten_retention(template: Template) -> Iterator[Mutation]:
    """Something is kept for a shorter time, or for ever."""
    for resource, place, key, value in places.properties(template):
        if key in _RETENTIONS:
            if key not in ("DaysAfterInitiation", "TransitionInDays") and value != 1:
                for shorter in _SHORTER.get(key, (1,)):
                    yield _set("shorten_retention", template, resource, place, shorter, str(shorter))
            if key in ("TransitionInDays", "NoncurrentDays", "DaysAfterInitiation"):
                yield _set("shorten_retention", template, resource, place, 3650, "3650")
            yield _set("shorten_retention", template, resource, place, ABSENT, "removed")
    for resource, body in template["Resources"].items():
        dead_letters = get(template, ("Resources", resource, "Properties", "RedrivePolicy", "deadLetterTargetArn"))
        if isinstance(dead_letters, dict) and "Fn::GetAtt" in dead_letters:
            target = dead_letters["Fn::GetAtt"][0]
            place = ("Resources", target, "Properties", "MessageRetentionPeriod")
            own = get(template, ("Resources", resource, "Properties", "MessageRetentionPeriod"))
            yield _set("shorten_retention", template, target, place, own, f"no longer than {resource}'s")
        if body["Type"] == "AWS::S3::Bucket":
            rules = ("Resources", resource, "Properties", "LifecycleConfiguration", "Rules")
            present = get(template, rules)
            if isinstance(present, list):
                expire = {"Id": "ExpireAll", "Status": "Enabled", "ExpirationInDays": 1}
                forget = {"Id": "Forget", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 365}}
                for extra in (expire, forget):
                    place = (*rules, len(present))
                    yield _set("shorten_retention", template, resource, place, extra, f"with {extra['Id']}")


@operator
def remove_entry(template: Template) -> Iterator[Mutation]:
    """A list has an entry less: a lifecycle rule, a switch's argument, a notification, a way out of a security group."""
    for resource, place, key, value in places.properties(template):
        if key in ("Tags", "Dimensions", "AlarmActions", "Columns") or not isinstance(value, list):
            continue
        for index in range(len(value)):
            yield _set("remove_entry", template, resource, (*place, index), ABSENT, "entry removed")


@operator
def remove_statement(template: Template) -> Iterator[Mutation]:
    """A policy does not say something that it has to say."""
    for resource, place, statement in places.statements(template):
        if _type(template, resource) == "AWS::IAM::Role" and not _used_by_a_service(template, resource, statement):
            continue
        # A statement behind a condition goes with its condition.
        whole = place[: place.index("Fn::If")] if "Fn::If" in place else place
        name = statement.get("Sid", place[-1])
        yield _set("remove_statement", template, resource, whole, ABSENT, f"without {name}")


def _used_by_a_service(template: Template, resource: str, statement: dict[str, Any]) -> bool:
    """Whether a role's statement is a refusal, or a grant that a service uses and not our code.

    What the code lacks is noticed by the pipeline, which runs under the role; the emulated services do not ask
    (harness/emulator/needs.py says for which they do).
    """
    if statement["Effect"] == "Deny" or "Principal" in statement:
        return True
    trusted = get(template, ("Resources", resource, "Properties", "AssumeRolePolicyDocument", "Statement", 0))
    if isinstance(trusted, dict) and "s3.amazonaws.com" in items(trusted.get("Principal", {}).get("Service")):
        return not str(items(statement["Action"])[0]).startswith("kms:")
    return statement.get("Sid") in _SERVICES_STATEMENTS


_SERVICES_STATEMENTS = frozenset(
    {
        "FindNetworkInterfaces", "HaveNetworkInterfaces", "KeepFailedAsynchronousEvents", "ListForOnFailureDestination",
        "ReadScript", "ReadStream", "ReceiveNotifications", "StoreRawObjects", "WriteOwnLog",
    }
)  # fmt: skip


@operator
def widen_action(template: Template) -> Iterator[Mutation]:
    """A grant of more than is needed: a service's every action, or one action too many."""
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow":
            continue
        actions = items(statement["Action"])
        service = str(actions[0]).split(":")[0]
        if actions != [f"{service}:*"]:
            yield _set("widen_action", template, resource, (*place, "Action"), f"{service}:*", f"{service}:*")
        # A key's policy is about its key alone, where kms:* is everything.
        if _type(template, resource) not in ("AWS::EC2::VPCEndpoint", "AWS::KMS::Key"):
            yield _set("widen_action", template, resource, (*place, "Action"), "*", "*")


@operator
def add_action(template: Template) -> Iterator[Mutation]:
    """A grant with one dangerous action beside those that are needed."""
    dangerous = {
        "s3": ("s3:DeleteObjectVersion", "s3:PutBucketPolicy"), "dynamodb": ("dynamodb:DeleteTable",),
        "kms": ("kms:CreateGrant", "kms:ScheduleKeyDeletion"), "sqs": ("sqs:PurgeQueue",),
        "logs": ("logs:DeleteLogGroup",), "kinesis": ("kinesis:DeleteStream",), "glue": ("glue:DeleteTable",),
        "ec2": ("ec2:AuthorizeSecurityGroupIngress",), "sns": ("sns:SetTopicAttributes",),
    }  # fmt: skip
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow" or _type(template, resource) == "AWS::EC2::VPCEndpoint":
            continue
        actions = items(statement["Action"])
        service = str(actions[0]).split(":")[0]
        described = f"{service}:Describe*"
        for action in (*dangerous.get(service, ()), *([described] if _type(template, resource) == "AWS::IAM::Role" else [])):
            if f"{service}:*" not in actions:
                yield _set("add_action", template, resource, (*place, "Action"), [*actions, action], f"and {action}")


@operator
def widen_resource(template: Template) -> Iterator[Mutation]:
    """A grant on more than is needed: everything, or everything in a bucket, or somebody else's."""
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Allow" or "Resource" not in statement or statement["Resource"] == "*":
            continue
        yield _set("widen_resource", template, resource, (*place, "Resource"), "*", "*")
        if _type(template, resource) in ("AWS::EC2::VPCEndpoint", "AWS::KMS::Key"):
            continue
        listed = isinstance(statement["Resource"], list)
        for index, each in enumerate(items(statement["Resource"])):
            at = (*place, "Resource", index) if listed else (*place, "Resource")
            text = each.get("Fn::Sub") if isinstance(each, dict) else None
            if isinstance(text, str) and text.endswith("/*") and "Bucket.Arn}/" in text and text.count("/") > 1:
                whole = {"Fn::Sub": f"{text.split('/')[0]}/*"}
                yield _set("widen_resource", template, resource, at, whole, whole["Fn::Sub"])
        if _type(template, resource) == "AWS::IAM::Role":
            service = str(items(statement["Action"])[0]).split(":")[0]
            foreign = {
                "s3": "arn:aws:s3:::somebody-else/*", "dynamodb": "arn:aws:dynamodb:us-east-1:999999999999:table/other",
                "sqs": "arn:aws:sqs:us-east-1:999999999999:other", "kms": _FOREIGN_KEY,
                "kinesis": "arn:aws:kinesis:us-east-1:999999999999:stream/other",
                "logs": "arn:aws:logs:us-east-1:123456789012:log-group:other:*",
            }.get(service)  # fmt: skip
            if foreign:
                yield _set("widen_resource", template, resource, (*place, "Resource"), foreign, foreign)


@operator
def widen_principal(template: Template) -> Iterator[Mutation]:
    """A grant to everybody, or to an account nobody knows."""
    for resource, place, statement in places.statements(template):
        if "Principal" not in statement or statement["Effect"] != "Allow" or statement["Principal"] == "*":
            continue
        at = (*place, "Principal")
        yield _set("widen_principal", template, resource, at, "*", "*")
        stranger = {"AWS": "arn:aws:iam::999999999999:root"}
        yield _set("widen_principal", template, resource, at, stranger, "another account")
        if "Service" in statement["Principal"]:
            both = {"Service": [*items(statement["Principal"]["Service"]), "ec2.amazonaws.com"]}
            yield _set("widen_principal", template, resource, at, both, "and ec2.amazonaws.com")


@operator
def narrow_denial(template: Template) -> Iterator[Mutation]:
    """A refusal that misses somebody, or something."""
    for resource, place, statement in places.statements(template):
        if statement["Effect"] != "Deny":
            continue
        if statement.get("Principal") == "*":
            somebody = {"AWS": "arn:aws:iam::123456789012:root"}
            yield _set("narrow_denial", template, resource, (*place, "Principal"), somebody, "only to this account")
        listed = items(statement.get("Resource"))
        if len(listed) > 1:
            for index in range(len(listed)):
                yield _set("narrow_denial", template, resource, (*place, "Resource", index), ABSENT, "resource removed")
        actions = items(statement["Action"])
        for index in range(len(actions) if len(actions) > 1 else 0):
            yield _set("narrow_denial", template, resource, (*place, "Action", index), ABSENT, f"without {actions[index]}")
        if actions in (["s3:*"], ["sqs:*"], ["ec2:*"]):
            one = {"s3:*": "s3:GetObject", "sqs:*": "sqs:SendMessage", "ec2:*": "ec2:CreateNetworkInterface"}[actions[0]]
            yield _set("narrow_denial", template, resource, (*place, "Action"), one, one)
        for test in statement.get("Condition", {}):
            extra = {**statement["Condition"], "StringNotEquals": {"aws:PrincipalAccount": "999999999999"}}
            if test != "StringNotEquals":
                yield _set("narrow_denial", template, resource, (*place, "Condition"), extra, "unless it is an account")
                break


@operator
def drop_condition(template: Template) -> Iterator[Mutation]:
    """A grant or a refusal without its condition, or without a part of it."""
    for resource, place, statement in places.statements(template):
        conditions = statement.get("Condition")
        if not conditions:
            continue
        yield _set("drop_condition", template, resource, (*place, "Condition"), ABSENT, "removed")
        parts = [(test, key) for test, keys in conditions.items() for key in keys]
        for test, key in parts if len(parts) > 1 else []:
            whole = len(conditions[test]) == 1
            at = (*place, "Condition", test) if whole else (*place, "Condition", test, key)
            yield _set("drop_condition", template, resource, at, ABSENT, f"without {key}")


@operator
def falsify_condition(template: Template) -> Iterator[Mutation]:
    """A condition that is met by somebody else."""
    for resource, place, statement in places.statements(template):
        for test, keys in statement.get("Condition", {}).items():
            for key, value in keys.items():
                at = (*place, "Condition", test, key)
                if isinstance(value, bool):
                    yield _set("falsify_condition", template, resource, at, not value, str(not value).lower())
                elif statement["Effect"] == "Allow" and test != "ArnEquals":
                    yield _set("falsify_condition", template, resource, at, "*", "*")
                else:
                    yield _set("falsify_condition", template, resource, at, "other", "other")


@operator
def invert_effect(template: Template) -> Iterator[Mutation]:
    """Allow for Deny, and Deny for Allow."""
    for resource, place, statement in places.statements(template):
        if _type(template, resource) == "AWS::IAM::Role" and not _used_by_a_service(template, resource, statement):
            continue
        effect = "Deny" if statement["Effect"] == "Allow" else "Allow"
        yield _set("invert_effect", template, resource, (*place, "Effect"), effect, effect)


@operator
def open_network(template: Template) -> Iterator[Mutation]:
    """More addresses, ports and protocols; fewer walls."""
    for resource, body in template["Resources"].items():
        place: Place = ("Resources", resource, "Properties")
        for direction in ("SecurityGroupIngress", "SecurityGroupEgress"):
            for index, rule in enumerate(body.get("Properties", {}).get(direction, [])):
                at = (*place, direction, index)
                if "CidrIp" in rule:
                    for cidr in ("0.0.0.0/0", "10.0.0.0/8", "203.0.113.0/24"):
                        yield _set("open_network", template, resource, (*at, "CidrIp"), cidr, cidr)
                    world = {**{key: value for key, value in rule.items() if key != "CidrIp"}, "CidrIpv6": "::/0"}
                    yield _set("open_network", template, resource, at, world, "::/0")
                else:
                    world = {key: value for key, value in rule.items() if key != "DestinationPrefixListId"}
                    yield _set("open_network", template, resource, at, {**world, "CidrIp": "0.0.0.0/0"}, "0.0.0.0/0")
                yield _set("open_network", template, resource, (*at, "FromPort"), 0, "from port 0")
                yield _set("open_network", template, resource, (*at, "ToPort"), 65535, "to port 65535")
                yield _set("open_network", template, resource, (*at, "IpProtocol"), "-1", "any protocol")
            if direction in body.get("Properties", {}):
                count = len(body["Properties"][direction])
                https = {"Description": "One more", "FromPort": 443, "IpProtocol": "tcp", "ToPort": 443}
                for key, cidr in (("CidrIp", "0.0.0.0/0"), ("CidrIp", "203.0.113.0/24"), ("CidrIpv6", "::/0")):
                    at = (*place, direction, count)
                    yield _set("open_network", template, resource, at, {**https, key: cidr}, f"and {cidr}")
                for index in range(count):
                    at = (*place, direction, index, "Description")
                    yield _set("open_network", template, resource, at, ABSENT, "does not say why")
        if "SubnetIds" in body.get("Properties", {}):
            one = [{"Fn::Select": [0, body["Properties"]["SubnetIds"]]}]
            yield _set("open_network", template, resource, (*place, "SubnetIds"), one, "one subnet")
        if "SubnetIds" in body.get("Properties", {}).get("VpcConfig", {}):
            one = [{"Fn::Select": [0, body["Properties"]["VpcConfig"]["SubnetIds"]]}]
            yield _set("open_network", template, resource, (*place, "VpcConfig", "SubnetIds"), one, "one subnet")


@operator
def detach_destination(template: Template) -> Iterator[Mutation]:
    """Whoever should hear of it, or keep it, is not told."""
    for resource, place, key, value in places.properties(template):
        if key in _DESTINATIONS:
            yield _set("detach_destination", template, resource, place, ABSENT, "removed")
            if isinstance(value, list):
                yield _set("detach_destination", template, resource, place, [], "nobody")
        elif key == "AlarmDescription":
            at = (*place[:-1], "ActionsEnabled")
            yield _set("detach_destination", template, resource, at, False, "false")
        elif key == "AlarmActions" and isinstance(value, list):
            foreign = "arn:aws:sns:us-east-1:999999999999:other"
            yield _set("detach_destination", template, resource, (*place, len(value)), foreign, f"and {foreign}")


#: Types whose resources do something for others, and can go without CloudFormation noticing.
GUARDING = (
    "AWS::CloudWatch::Alarm", "AWS::EC2::SecurityGroup", "AWS::Events::Rule", "AWS::Glue::SecurityConfiguration",
    "AWS::Glue::Trigger", "AWS::Logs::LogGroup", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy",
    "AWS::Lambda::EventSourceMapping", "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::Glue::Table",
)  # fmt: skip


@operator
def delete_resource(template: Template) -> Iterator[Mutation]:
    """A resource that guards, watches or starts another is not there."""
    for resource, body in template["Resources"].items():
        if body["Type"] in GUARDING:
            yield _set("delete_resource", template, resource, ("Resources", resource), ABSENT, "deleted")


@operator
def hide_behind_if(template: Template) -> Iterator[Mutation]:
    """What is wrong is so in some scenarios only."""
    condition = _some_condition(template)
    if not condition:
        return
    for resource, body in template["Resources"].items():
        for index, policy in enumerate(body.get("Properties", {}).get("Policies", [])):
            place = ("Resources", resource, "Properties", "Policies", index, "PolicyDocument", "Statement")
            count = len(policy["PolicyDocument"]["Statement"])
            hidden = {"Fn::If": [condition, ADMINISTRATOR, NO_VALUE]}
            yield _set("hide_behind_if", template, resource, (*place, count), hidden, f"an administrator if {condition}")
        if body["Type"] in (*GUARDING[:2], "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy") and "Condition" not in body:
            place = ("Resources", resource, "Condition")
            yield _set("hide_behind_if", template, resource, place, condition, f"only if {condition}")
    for resource, place, statement in places.statements(template):
        if "Principal" in statement and "Fn::If" not in place and _type(template, resource) != "AWS::EC2::VPCEndpoint":
            hidden = {"Fn::If": [condition, statement["Principal"], NO_VALUE]}
            at = (*place, "Principal")
            yield _set("hide_behind_if", template, resource, at, hidden, f"a principal only if {condition}")
    for resource, place, key, value in places.properties(template, depth=1):
        if key in _HIDDEN and _type(template, resource) != _ALARM:
            hidden = {"Fn::If": [condition, value, NO_VALUE]}
            yield _set("hide_behind_if", template, resource, place, hidden, f"only if {condition}")


#: What is worth hiding: encryption, protection, what is kept and who is told.
_HIDDEN = frozenset(
    {
        "BucketEncryption", "DeadLetterConfig", "EnableKeyRotation", "KmsKeyArn", "KmsKeyId", "KmsMasterKeyId",
        "LoggingConfiguration", "ObjectLockConfiguration", "PointInTimeRecoverySpecification", "PolicyDocument",
        "PublicAccessBlockConfiguration", "RedrivePolicy", "ReplicationConfiguration", "RetentionInDays",
        "SSESpecification", "SecurityConfiguration", "SecurityGroupEgress", "StreamEncryption", "VersioningConfiguration",
        "VpcConfig", "DestinationConfig", "LoggingConfig", "OwnershipControls", "Subscription", "Targets",
    }
)  # fmt: skip


def _some_condition(template: Template) -> str:
    """A condition that holds in some scenarios and not in others, and that has to do with none of the hidden."""
    conditions = template.get("Conditions", {})
    return "HasAlertQueue" if "HasAlertQueue" in conditions else next(iter(conditions), "")


_STATED = {
    "AWS::Athena::WorkGroup": (),
    "AWS::IAM::Role": (
        (("Properties", "ManagedPolicyArns"), ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        (("Properties", "ManagedPolicyArns"), ["arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"]),
    ),
    "AWS::KMS::Key": (
        (("Properties", "Enabled"), False),
        (("Properties", "KeySpec"), "RSA_2048"),
        (("Properties", "PendingWindowInDays"), 7),
    ),
    "AWS::Kinesis::Stream": ((("Properties", "ShardCount"), 0),),
    "AWS::S3::Bucket": ((("Properties", "AccessControl"), "PublicRead"),),
}


@operator
def add_property(template: Template) -> Iterator[Mutation]:
    """A property that is better left out."""
    for resource, body in template["Resources"].items():
        for (section, key), value in _STATED.get(body["Type"], ()):
            if key not in body[section]:
                yield _set("add_property", template, resource, ("Resources", resource, section, key), value, f"{value}")
        notifications = ("Resources", resource, "Properties", "NotificationConfiguration")
        if get(template, notifications) is not ABSENT:
            functions = [name for name, each in template["Resources"].items() if each["Type"] == "AWS::Lambda::Function"]
            for name in functions:
                target = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": [name, "Arn"]}}
                place = (*notifications, "LambdaConfigurations")
                yield _set("add_property", template, resource, place, [target], f"to {name} directly")


@operator
def add_statement(template: Template) -> Iterator[Mutation]:
    """A policy says one thing too many, or one that nobody can be held to."""
    for resource, body in template["Resources"].items():
        for key in ("PolicyDocument", "KeyPolicy"):
            place = ("Resources", resource, "Properties", key, "Statement")
            present = get(template, place)
            if not isinstance(present, list) or body["Type"] == "AWS::EC2::VPCEndpoint":
                continue
            action = str(items(present[0].get("Action", "s3:*"))[0]).split(":")[0]
            everybody = {"Effect": "Allow", "Principal": "*", "Action": f"{action}:*", "Resource": "*"}
            nobody = {"Effect": "Deny", "Action": f"{action}:Tag*", "Resource": "*"}
            at = (*place, len(present))
            yield _set("add_statement", template, resource, at, everybody, "everything to everybody")
            yield _set("add_statement", template, resource, at, nobody, "without a principal")


@operator
def add_resource(template: Template) -> Iterator[Mutation]:
    """Something beside the pipeline that gets round its rules."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    version = "2012-10-17"
    tags = [{"Key": "Environment", "Value": {"Ref": "Environment"}}]
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": version, "Statement": [trust]}, "Tags": tags},
    }
    yield _set("add_resource", template, "UnusedRole", ("Resources", "UnusedRole"), role, "a role that nothing uses")
    dead = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmActions": [], "AlarmDescription": "Watches nothing", "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1, "MetricName": "Errors", "Namespace": "AWS/Lambda", "Period": 300,
            "Statistic": "Sum", "Threshold": 0, "TreatMissingData": "notBreaching",
        },
    }  # fmt: skip
    topics = [name for name, body in template["Resources"].items() if body["Type"] == "AWS::SNS::Topic"]
    if topics:
        alarm = changed(dead, ("Properties", "AlarmActions"), [{"Ref": topics[0]}])
        yield _set("add_resource", template, "DeadAlarm", ("Resources", "DeadAlarm"), alarm, "an alarm without dimensions")
    for name, body in template["Resources"].items():
        if body["Type"] == "AWS::IAM::Role":
            statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            policy = {
                "Type": "AWS::IAM::Policy",
                "Properties": {
                    "PolicyName": "Everything",
                    "PolicyDocument": {"Version": version, "Statement": [statement]},
                    "Roles": [{"Ref": name}],
                },
            }
            added = f"{name}Policy"
            yield _set("add_resource", template, added, ("Resources", added), policy, f"a policy for {name}")
        elif body["Type"] == "AWS::Lambda::Function":
            permission = {
                "Type": "AWS::Lambda::Permission",
                "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": name}, "Principal": "*"},
            }
            url = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": {"Ref": name}}}
            for suffix, resource in (("Permission", permission), ("Url", url)):
                added = f"{name}{suffix}"
                yield _set("add_resource", template, added, ("Resources", added), resource, f"for {name}")


@operator
def old_policy_language(template: Template) -> Iterator[Mutation]:
    """A policy in the language of 2008, which takes variables for text, or in none."""
    for resource, place in places.documents(template):
        at = (*place, "Version")
        yield _set("old_policy_language", template, resource, at, "2008-10-17", "2008-10-17")
        yield _set("old_policy_language", template, resource, at, ABSENT, "removed")


@operator
def loosen_parameter(template: Template) -> Iterator[Mutation]:
    """A parameter takes anything, or does not say what it decides; an output does not say who reads it."""
    for name, parameter in template.get("Parameters", {}).items():
        for key in ("AllowedPattern", "AllowedValues", "ConstraintDescription", "Description"):
            if key in parameter:
                yield _set("loosen_parameter", template, name, ("Parameters", name, key), ABSENT, "removed")
        if "MinValue" in parameter:
            free = {key: value for key, value in parameter.items() if key not in ("MinValue", "MaxValue")}
            yield _set("loosen_parameter", template, name, ("Parameters", name), free, "without bounds")
    unused = {"Type": "String", "Default": "", "Description": "Decides nothing at all", "AllowedPattern": "^[a-z]*$"}
    unused["ConstraintDescription"] = "must be lower-case letters."
    yield _set("loosen_parameter", template, "Unused", ("Parameters", "Unused"), unused, "one that nothing uses")
    for name, output in template.get("Outputs", {}).items():
        if "Description" in output:
            yield _set("loosen_parameter", template, name, ("Outputs", name, "Description"), ABSENT, "removed")
        if "Export" in output:
            place = ("Outputs", name, "Export", "Name")
            yield _set("loosen_parameter", template, name, place, f"pipeline-{name}", "not named for its stack")


@operator
def swap_references(template: Template) -> Iterator[Mutation]:
    """A place names another resource of the same type: copied, and not changed."""
    types = {name: body["Type"] for name, body in template["Resources"].items()}
    for resource, place, name, value in places.resource_references(template, frozenset(types)):
        others = [other for other, type_ in types.items() if type_ == types[name] and other not in (name, resource)]
        if others and types[name] in _SWAPPED:
            other = others[0]
            key, argument = next(iter(value.items()))
            swapped = {key: other} if key == "Ref" else {key: [other, argument[1]]}
            yield _set("swap_references", template, resource, place, swapped, f"{other} for {name}")


_SWAPPED = frozenset(
    {
        "AWS::DynamoDB::Table", "AWS::EC2::SecurityGroup", "AWS::IAM::Role", "AWS::Lambda::Function",
        "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SQS::Queue",
    }
)  # fmt: skip


@operator
def swap_parameters(template: Template) -> Iterator[Mutation]:
    """A place takes the value of another parameter of the same type: copied, and not changed."""
    parameters = {name: each["Type"] for name, each in template.get("Parameters", {}).items()}
    used = list(places.references(template, frozenset(parameters)))
    for resource, place, name in used:
        others = [
            other
            for where, _, other in used
            if where == resource and other != name and parameters[other] == parameters[name]
        ]
        for other in dict.fromkeys(others):
            yield _set("swap_parameters", template, resource, place, {"Ref": other}, f"{other} for {name}")
        if not others:
            same = [other for other, type_ in parameters.items() if type_ == parameters[name] and other != name]
            if same and parameters[name] != "String":
                yield _set("swap_parameters", template, resource, place, {"Ref": same[0]}, f"{same[0]} for {name}")
