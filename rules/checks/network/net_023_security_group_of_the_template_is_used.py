"""NET-023  security_group_of_the_template_is_used

Why       Security groups add up: one more, from outside the template, that allows all egress makes the strict one
          worthless, and its owner can change it without a deployment.
Targets   AWS::Lambda::Function, AWS::EC2::VPCEndpoint, AWS::EC2::SecurityGroup
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Path
from rules.lib.networks import group_of

#: Where each names its groups.
NAMED: dict[str, Path] = {
    "AWS::EC2::VPCEndpoint": ("SecurityGroupIds",),
    "AWS::Lambda::Function": ("VpcConfig", "SecurityGroupIds"),
}


def subjects(stack: Stack) -> list[str]:
    """Functions and endpoints that name a group."""
    return [name for name, each in stack.of(*NAMED).items() if _groups(each)]


def problems(stack: Stack, subject: str) -> Problems:
    """Groups that the template does not declare."""
    resource = stack.resources[subject]
    for group in _groups(resource):
        if group_of(stack, group) is None:
            yield Problem(
                f"{group} is not a security group of this template, so what it allows is not judged.",
                "declare an AWS::EC2::SecurityGroup for it, or remove it.",
                ("Properties", *NAMED[resource.type]),
            )


def _groups(resource: Resource) -> list[str]:
    return [str(each) for each in items(at(resource.properties, *NAMED[resource.type]))]
