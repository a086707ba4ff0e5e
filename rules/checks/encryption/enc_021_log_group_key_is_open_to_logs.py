"""ENC-021  log_group_key_is_open_to_logs

Why       CloudWatch Logs encrypts a log group itself, not with the permissions of whoever writes to it. If the key
          policy does not allow it, the log group cannot be created; if that is removed later, logs can be neither
          written nor read.
Targets   AWS::Logs::LogGroup, AWS::KMS::Key, AWS::KMS::Alias
"""

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.requests import Request, key_of, refused

GROUP = "AWS::Logs::LogGroup"
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
ACTIONS = (
    "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom", "kms:ReEncryptTo",
)  # fmt: skip


def subjects(stack: Stack) -> list[str]:
    """Log groups with a key of this template."""
    stack.of("AWS::KMS::Key", "AWS::KMS::Alias")
    return [name for name, group in stack.of(GROUP).items() if _key(stack, group) is not None]


def problems(stack: Stack, subject: str) -> Problems:
    """What CloudWatch Logs does with the key, and its policy does not allow."""
    group = stack.resources[subject]
    key = _key(stack, group)
    if key is None:
        return
    region, context = group.arn.split(":")[3], {"kms:encryptioncontext:aws:logs:arn": group.arn.removesuffix(":*")}
    service = f"logs.{region}.amazonaws.com"
    requests = [Request(service, action, key.arn, context) for action in ACTIONS]
    if missing := [each.action for each in refused(key, requests)]:
        yield Problem(
            f"{key.logical_id} does not let CloudWatch Logs encrypt the log group: {', '.join(missing)}.",
            f"allow {service} kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey* and kms:ReEncrypt* in the"
            " key's policy, with only the condition ArnLike kms:EncryptionContext:aws:logs:arn.",
            ("Properties", "KmsKeyId"),
        )


def _key(stack: Stack, group: Resource) -> Resource | None:
    return key_of(stack, group.properties.get("KmsKeyId"))
