"""ACC-026  role_keeps_its_policies_in_itself

Why       Whoever asks what a program may do reads its role, and so does every rule about roles. A policy that is
          declared elsewhere and attached to the role grants what nobody reads there, and one for a principal outside
          the template grants access to somebody unknown.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

from harness.render.resources import items
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.roles import ROLE

#: What hangs policies onto roles, and where it names them.
POLICIES = {"AWS::IAM::ManagedPolicy": "Roles", "AWS::IAM::Policy": "Roles", "AWS::IAM::RolePolicy": "RoleName"}


def subjects(stack: Stack) -> list[str]:
    """All roles, and policies that belong to no role of the template."""
    return [*stack.of(ROLE), *(name for name, each in stack.of(*POLICIES).items() if not _is_of_a_role(stack, each))]


def problems(stack: Stack, subject: str) -> Problems:
    """Policies that are attached to the role from outside, or to a principal outside the template."""
    resource = stack.resources[subject]
    if resource.type != ROLE:
        yield Problem(
            "it grants permissions to a principal outside this template.",
            "remove it; grant permissions where the principal is declared.",
        )
        return
    for name, policy in stack.of(*POLICIES).items():
        if _names(policy, resource):
            yield Problem(
                f"{name} grants the role permissions that are not in its own Policies.",
                f"move what {name} grants into the role's Policies.",
            )


def _is_of_a_role(stack: Stack, policy: Resource) -> bool:
    return any(_names(policy, role) for role in stack.of(ROLE).values())


def _names(policy: Resource, role: Resource) -> bool:
    return any(each in (role.ref, role.arn) for each in items(policy.properties.get(POLICIES[policy.type])))
