"""What is wrong in some scenarios only."""

from collections.abc import Iterator
from typing import Any

from harness.mutants import places
from harness.mutants.operators.properties import WEAKER
from harness.mutants.operators.registry import ALARM, ENDPOINT, NO_VALUE, Edit, Template, operator, type_of
from harness.render.source import Place

ADMINISTRATOR = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}


@operator
def hide_behind_if(template: Template) -> Iterator[Edit]:
    """What is wrong is so in some scenarios only."""
    condition = some_condition(template)
    if not condition:
        return
    hide = f"only if {condition}"
    for resource, body in template["Resources"].items():
        at: Place
        for index, policy in enumerate(body.get("Properties", {}).get("Policies", [])):
            statements = ("Properties", "Policies", index, "PolicyDocument", "Statement")
            at = ("Resources", resource, *statements, len(policy["PolicyDocument"]["Statement"]))
            hidden: Any = {"Fn::If": [condition, ADMINISTRATOR, NO_VALUE]}
            yield Edit(resource, at, hidden, f"an administrator if {condition}")
        if body["Type"] in _GUARDS and "Condition" not in body:
            at = ("Resources", resource, "Condition")
            yield Edit(resource, at, condition, hide)
    for resource, place, statement in places.statements(template):
        if "Principal" in statement and "Fn::If" not in place and type_of(template, resource) != ENDPOINT:
            hidden = {"Fn::If": [condition, statement["Principal"], NO_VALUE]}
            at = (*place, "Principal")
            yield Edit(resource, at, hidden, f"a principal {hide}")
    for resource, place, key, value in places.properties(template, depth=1):
        if key in _HIDDEN and type_of(template, resource) != ALARM:
            hidden = {"Fn::If": [condition, value, NO_VALUE]}
            yield Edit(resource, place, hidden, hide)
    for resource, place, key, value in places.properties(template):
        for weaker in WEAKER.get(key, ()):
            if weaker != value and not _is_conditional(value):
                hidden = {"Fn::If": [condition, value, weaker]}
                yield Edit(resource, place, hidden, f"{weaker} unless {condition}")


#: What can be hidden whole.
_GUARDS = (ALARM, "AWS::EC2::SecurityGroup", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")
#: What is worth hiding: encryption, protection, what is kept and who is told.
_HIDDEN = frozenset(
    {
        "BucketEncryption", "BytesScannedCutoffPerQuery", "DeadLetterConfig",
        "EnableKeyRotation", "KmsKeyArn", "KmsKeyId", "KmsMasterKeyId",
        "LoggingConfiguration", "ObjectLockConfiguration", "PointInTimeRecoverySpecification", "PolicyDocument",
        "PublicAccessBlockConfiguration", "RedrivePolicy", "ReplicationConfiguration", "RetentionInDays",
        "SSESpecification", "SecurityConfiguration", "SecurityGroupEgress", "StreamEncryption",
        "VersioningConfiguration", "VpcConfig", "DestinationConfig", "LoggingConfig", "OwnershipControls",
        "Subscription", "Targets",
    }
)  # fmt: skip


def _is_conditional(value: Any) -> bool:
    return isinstance(value, dict) and "Fn::If" in value


def some_condition(template: Template) -> str:
    """A condition that holds in some scenarios and not in others, and that has to do with none of the hidden."""
    conditions = template.get("Conditions", {})
    return "HasAlertQueue" if "HasAlertQueue" in conditions else next(iter(conditions), "")
