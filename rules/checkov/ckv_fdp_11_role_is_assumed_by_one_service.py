"""CKV_FDP_11  role_is_assumed_by_one_service

Why       A role that two services or a person can assume has the permissions of both, and the log
          no longer shows which of them read the data. With one service per role, every access to
          vendor data is accounted for.
Targets   AWS::IAM::Role
"""

import re
from collections.abc import Iterator
from typing import Any

from harness.render.resources import items
from rules.checkov._base import Check, as_resource, place
from rules.lib.iam import ROLE, trust_statements

_PLACE = "AssumeRolePolicyDocument"
_SERVICE = re.compile(r"[a-z][a-z0-9.-]*\.amazonaws\.com(\.cn)?")


class RoleIsAssumedByOneService(Check):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_11",
            "role_is_assumed_by_one_service",
            "Ensure that exactly one service may assume a role, and nobody else.",
            "leave one statement that allows sts:AssumeRole to one Principal.Service.",
            [ROLE],
        )

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Whoever may take the role beside its service."""
        path = f"Properties/{_PLACE}"
        services: set[str] = set()
        for statement in trust_statements(as_resource(conf), required=True):
            if not statement.allows:
                continue
            principal = statement.body.get("Principal")
            principals = principal if isinstance(principal, dict) else {}
            named = {str(each) for each in items(principals.get("Service"))}
            services |= named
            if list(principals) != ["Service"] or not all(_SERVICE.fullmatch(each) for each in named):
                yield place(statement.path), "a principal that is not a service may assume the role."
            if "NotPrincipal" in statement.body or "NotAction" in statement.body:
                yield (
                    place(statement.path),
                    "the trust policy uses NotPrincipal or NotAction instead of naming who may assume the role.",
                )
            elif [str(each).lower() for each in statement.items("Action")] != ["sts:assumerole"]:
                yield place(statement.path), "the trust policy grants an action other than sts:AssumeRole."
        if len(services) != 1:
            yield path, f"{len(services) or 'no'} services may assume the role."


check = RoleIsAssumedByOneService()
