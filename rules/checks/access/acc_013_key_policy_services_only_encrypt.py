"""ACC-013  key_policy_services_only_encrypt

Why       A service has to encrypt and decrypt with our key, and nothing else. If it could change the policy, hand the
          key on or schedule its deletion, a flaw in that service would reach seven years of record. A service that
          stores nothing of ours does not need the key at all.
Targets   AWS::KMS::Key
"""

import re

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import Statement, fits, policy_statements
from rules.lib.principals import services

ENCRYPTING = ("kms:decrypt", "kms:describekey", "kms:encrypt", "kms:generatedatakey*", "kms:reencrypt*")
#: Services that use a key by themselves and not with a caller's rights: they encrypt logs and trails, deliver them,
#: notify queues and publish to topics.
USERS = re.compile(r"(logs\.[a-z0-9-]+|delivery\.logs|s3|cloudtrail|cloudwatch|events|sns)\.amazonaws\.com(\.cn)?")


def subjects(stack: Stack) -> list[str]:
    """Keys whose policy grants a service."""
    keys = stack.of("AWS::KMS::Key").items()
    return [name for name, key in keys if any(_is_for_services(each) for each in policy_statements(key))]


def problems(stack: Stack, subject: str) -> Problems:
    """Actions beyond encrypting and decrypting, and services that have no use for the key."""
    for statement in policy_statements(stack.resources[subject]):
        if not _is_for_services(statement):
            continue
        useless = [each for each in services(statement) if not USERS.fullmatch(each)]
        if useless:
            yield Problem(
                f"{', '.join(useless)} may use the key, although no part of the pipeline needs it to.",
                "name only logs.<region>, delivery.logs, s3, cloudtrail, cloudwatch, events or sns.amazonaws.com as the"
                " Service.",
                statement.path,
            )
        beyond = [each for each in statement.actions if not any(fits(each.lower(), pattern) for pattern in ENCRYPTING)]
        if beyond:
            yield Problem(
                f"{', '.join(services(statement))} may do more with the key than encrypt and decrypt: "
                f"{', '.join(beyond)}.",
                "allow no more than kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey* and "
                "kms:ReEncrypt*.",
                statement.path,
            )


def _is_for_services(statement: Statement) -> bool:
    return statement.allows and bool(services(statement))
