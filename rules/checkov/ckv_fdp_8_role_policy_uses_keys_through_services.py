"""CKV_FDP_8  role_policy_uses_keys_through_services

Why       A role that may call KMS directly can decrypt any ciphertext that it obtains, from any
          store, past bucket and table policies. With kms:ViaService, the key opens only what the
          store already allows.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

import re
from collections.abc import Iterator
from typing import Any

from rules.checkov._base import GrantCheck
from rules.lib.iam import Statement

_OPERATORS = ("StringEquals", "StringEqualsIgnoreCase", "StringLike")
#: A region may be a pattern: one template is deployed to several.
_SERVICE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9*?-]+\.amazonaws\.com(\.cn)?")


class RolePolicyUsesKeysThroughServices(GrantCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_8",
            "role_policy_uses_keys_through_services",
            "Ensure that a role uses keys only through the services that store its data.",
            "add the condition StringEquals kms:ViaService with those services, such as s3.<region>.amazonaws.com.",
        )

    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """Uses of a key that KMS would serve without a service in between."""
        if not statement.touches("kms:*"):
            return
        services = [each for operator in _OPERATORS for each in statement.condition(operator, "kms:ViaService")]
        if not services or not all(_SERVICE.fullmatch(str(each)) for each in services):
            yield "the key can be used directly, without S3 or another service in between."


check = RolePolicyUsesKeysThroughServices()
