"""CKV_FDP_5  role_policy_names_its_actions

Why       A wildcard grants what nobody thought of, and whatever AWS adds to the service next year.
          When a function is compromised, its list of actions is the list of what can be lost.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

from collections.abc import Iterator
from typing import Any

from rules.checkov._base import GrantCheck
from rules.lib.iam import Statement


class RolePolicyNamesItsActions(GrantCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_5",
            "role_policy_names_its_actions",
            "Ensure that a role's policy names each action it allows.",
            "list the actions in Action, without * or ?, and use no NotAction.",
        )

    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """Actions that are not names."""
        if "NotAction" in statement.body:
            yield "NotAction grants everything it does not list."
        elif not statement.items("Action"):
            yield "no action is named."
        for action in statement.items("Action"):
            if not isinstance(action, str) or set(action) & set("*?"):
                yield f"{action} is not the name of an action."


check = RolePolicyNamesItsActions()
