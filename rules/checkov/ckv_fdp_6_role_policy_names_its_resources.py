"""CKV_FDP_6  role_policy_names_its_resources

Why       A grant on every table or bucket includes those of other teams in the account, and those
          that are created tomorrow. What a stolen role can reach has to end at the pipeline.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

import re
from collections.abc import Iterator
from typing import Any

from rules.checkov._base import GrantCheck
from rules.lib.iam import Statement

#: The kind in front of a resource's name: table/, stream/, log-group:, function: and so on.
_KIND = re.compile(r"[a-z][a-z-]*[:/]")
_ACCOUNT = re.compile(r"[0-9]{12}")


class RolePolicyNamesItsResources(GrantCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_6",
            "role_policy_names_its_resources",
            "Ensure that a role's policy names the resources it allows an action on.",
            "put the ARN of each resource in Resource; '*' is for actions that know no resources.",
        )

    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """Resources that are not names."""
        if "NotResource" in statement.body:
            yield "NotResource grants on everything it does not list."
            return
        resources = statement.items("Resource")
        if not resources:
            yield "no resource is named."
        for resource in resources:
            if resource == "*" and statement.knows_no_resource:
                continue
            if not _is_named(resource):
                yield f"{resource} does not name a resource."


def _is_named(resource: Any) -> bool:
    parts = resource.split(":", 5) if isinstance(resource, str) else []
    if len(parts) < 6 or parts[0] != "arn" or set(parts[1] + parts[2]) & set("*?"):
        return False
    service, region, account, name = parts[2:]
    if service == "s3":
        # A bucket's name is the first step. What lies below it is the concern of another policy.
        return not set(name.split("/")[0]) & set("*?") and bool(name)
    if service == "ec2" and not set(region) & set("*?") and _ACCOUNT.fullmatch(account):
        # The ids of network interfaces are not known before they are made.
        return True
    return _KIND.sub("", name, count=1)[:1] not in ("", "*", "?")


check = RolePolicyNamesItsResources()
