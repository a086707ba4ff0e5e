"""Protects a stack's data from operator mistakes: termination protection and a stack policy.

Termination protection denies `delete-stack`. A stack policy denies updates: without one every update is allowed, with
one only what it allows. It does not cover the deletion of the whole stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import json
from collections.abc import Collection

from harness.deploy.cli import AwsCli
from harness.deploy.stack import TEMPLATE, DeployError
from harness.render.errors import UnreadableTemplate
from harness.render.source import Source

STACK_POLICY = TEMPLATE.with_name("stack-policy.json")
#: Deletion policies under which CloudFormation keeps the resource.
RETAINED = frozenset({"Retain", "RetainExceptOnCreate"})


def retained(source: Source) -> list[str]:
    """Logical ids of the resources that outlive their stack, in the template's order.

    Raises UnreadableTemplate if that is undecidable.
    """
    found = []
    for name, resource in source.template["Resources"].items():
        policy = resource.get("DeletionPolicy", "")
        line = source.line(("Resources", name, "DeletionPolicy"))
        if name.isdecimal():
            raise UnreadableTemplate(f"{source.path}:{line}: {name} is a number and no logical id")
        if not isinstance(policy, str):
            raise UnreadableTemplate(f"{source.path}:{line}: the DeletionPolicy of {name} is not a text")
        if policy in RETAINED:
            found.append(name)
    return found


def stack_policy(source: Source, without: Collection[str] = ()) -> str:
    """A stack policy that denies replacing or deleting retained resources, except those in `without`."""
    names = retained(source)
    if unknown := sorted(set(without) - set(names)):
        raise DeployError(f"the template retains no {', '.join(unknown)}; it retains {', '.join(names)}")
    protected = [f"LogicalResourceId/{name}" for name in names if name not in without]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["Update:Replace", "Update:Delete"], "Resource": protected}
    return json.dumps({"Statement": [allow, deny] if protected else [allow]}, indent=2) + "\n"


def protect(aws: AwsCli, stack_name: str, policy: str) -> None:
    """Enable termination protection and set the stack policy. Idempotent."""
    aws.run(
        "cloudformation", "update-termination-protection",
        "--stack-name", stack_name, "--enable-termination-protection",
    )  # fmt: skip
    aws.run("cloudformation", "set-stack-policy", "--stack-name", stack_name, "--stack-policy-body", policy)
