"""CKV_FDP_10  role_has_no_managed_policies

Why       A policy that AWS manages grants more than one step needs, and AWS changes it without asking: what
          was reviewed is not what is in force. A policy made outside the template can be changed there,
          by somebody who never sees the pipeline.
Targets   AWS::IAM::Role
"""

from collections.abc import Iterator
from typing import Any

from rules.checkov._base import Check, properties
from rules.lib.iam import ROLE


class RoleHasNoManagedPolicies(Check):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_10",
            "role_has_no_managed_policies",
            "Ensure that a role has no managed policies.",
            "write what the role needs into its Policies and remove ManagedPolicyArns.",
            [ROLE],
        )

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Policies from elsewhere."""
        body = properties(conf)
        if "ManagedPolicyArns" in body and body["ManagedPolicyArns"] != []:
            yield "Properties/ManagedPolicyArns", "the role has policies that are not in the template."


check = RoleHasNoManagedPolicies()
