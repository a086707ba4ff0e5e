"""CKV_FDP_5  role_policy_names_its_actions

Why       A wildcard grants what nobody thought of, and whatever AWS adds to the service next year. When a
          function is taken over, the list of its actions is the list of what can be lost.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy

Cases     PASS  each action by name; a single action; a Deny of everything; a role without policies; a
                managed policy with named actions; a role without properties
          FAIL  every action; every action of a service; every action that begins alike; a question
                mark; everything but some actions; no action; an empty list of actions; an action that
                is no text; a bad statement beside a good one; a bad policy beside a good one; a
                misspelt effect; policies as text; a policy without a document; a document without
                statements; a statement as text; a policy without properties; an inline policy with
                every action
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from _statements import GrantCheck, Statement


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
