"""ACC-036  key_policy_leaves_grants_to_roles

Why       The account controls its key, so a role's permissions on it are in the role. A user or role that the key
          policy names directly can decrypt everything, and whoever reads its own policies finds nothing.
Targets   AWS::KMS::Key
"""

from collections.abc import Iterator

from harness.render.resources import items
from rules.lib import Problem, Problems, Stack
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import ACCOUNT, account_of


def subjects(stack: Stack) -> list[str]:
    """Keys with a policy."""
    return [name for name, key in stack.of("AWS::KMS::Key").items() if any(policy_statements(key))]


def problems(stack: Stack, subject: str) -> Problems:
    """Users, roles and identity providers that the policy names."""
    for statement in policy_statements(stack.resources[subject]):
        for who in _named(statement) if statement.allows else ():
            yield Problem(
                f"its policy lets {who} use the key, which no role shows.",
                "remove the statement; grant it in the policies of the role, through the services it uses.",
                statement.path,
            )


def _named(statement: Statement) -> Iterator[str]:
    principal = statement.body.get("Principal")
    for kind, named in principal.items() if isinstance(principal, dict) else ():
        for who in map(str, items(named)):
            of_ours = account_of(who) == ACCOUNT and who != ACCOUNT and not who.endswith(":root")
            if kind not in ("AWS", "Service") or (kind == "AWS" and of_ours):
                yield who
