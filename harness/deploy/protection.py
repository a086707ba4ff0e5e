"""What keeps a stack's data from a mistake of ours: termination protection, and a stack policy.

Termination protection refuses `delete-stack`. A stack policy refuses updates: without one every update is allowed, and
with one nothing is that it does not allow. It says nothing about the deletion of the whole stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from harness.deploy.cli import AwsCli
from harness.deploy.stack import TEMPLATE, DeployError

STACK_POLICY = TEMPLATE.with_name("stack-policy.json")
#: What CloudFormation leaves behind when it deletes the resource.
RETAINED = frozenset({"Retain", "RetainExceptOnCreate"})


class UnreadableTemplateError(DeployError):
    """The text is no template, so nobody knows what it retains."""


def retained(template_text: str) -> list[str]:
    """Logical ids of the resources that outlive their stack, in the template's order."""
    return [name for name, each in _resources(template_text).items() if each.get("DeletionPolicy") in RETAINED]


def _resources(template_text: str) -> dict[str, dict[str, Any]]:
    try:
        template = yaml_parse(template_text)
    # Besides what is no YAML: a short form (!GetAtt) with something odd in it, and lists in lists in lists.
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise UnreadableTemplateError(f"the template is not YAML: {' '.join(str(error).split())}") from error
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict) or not resources:
        raise UnreadableTemplateError("the template has no Resources")
    for name, each in resources.items():
        if not isinstance(name, str) or not isinstance(each, dict):
            raise UnreadableTemplateError(f"Resources.{name} is not a resource")
        if not isinstance(each.get("DeletionPolicy", ""), str):
            raise UnreadableTemplateError(f"Resources.{name}.DeletionPolicy is not a text")
    return resources


def stack_policy(template_text: str, without: Collection[str] = ()) -> str:
    """A stack policy that refuses to replace or to remove what is retained; `without` are let through."""
    names = retained(template_text)
    if unknown := sorted(set(without) - set(names)):
        raise DeployError(f"the template retains no {', '.join(unknown)}; it retains {', '.join(names)}")
    protected = [f"LogicalResourceId/{name}" for name in names if name not in without]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["Update:Replace", "Update:Delete"], "Resource": protected}
    return json.dumps({"Statement": [allow, deny] if protected else [allow]}, indent=2) + "\n"


def protect(aws: AwsCli, stack_name: str, policy: str) -> None:
    """Switch termination protection on and set the stack policy. Doing it again changes nothing."""
    aws.run(
        "cloudformation", "update-termination-protection",
        "--stack-name", stack_name, "--enable-termination-protection",
    )  # fmt: skip
    aws.run("cloudformation", "set-stack-policy", "--stack-name", stack_name, "--stack-policy-body", policy)
