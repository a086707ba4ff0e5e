"""ACC-024  statement_names_a_principal

Why       AWS rejects a policy whose principal is empty or an incomplete ARN, and the whole deployment fails. That
          happens where a parameter is left empty that its author always set: a stack without a reader's account.
Targets   AWS::IAM::Role, AWS::KMS::Key, AWS::S3::BucketPolicy, AWS::SNS::TopicPolicy, AWS::SQS::QueuePolicy,
          AWS::EC2::VPCEndpoint
"""

import re
from typing import Any

from harness.render.resources import items
from rules.lib import Problem, Problems, Stack
from rules.lib.iam import ROLE, policy_statements, trust_statements
from rules.lib.principals import account_of

#: Where a type keeps the policy that says who may.
DOCUMENTS = {
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}

#: Without one, AWS writes one, or none is needed; whether there has to be one is said by other rules.
MAY_HAVE_NONE = ("AWS::EC2::VPCEndpoint", "AWS::KMS::Key")

SERVICE = r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?"


def subjects(stack: Stack) -> list[str]:
    """Resources with a policy that names principals; other rules judge an endpoint or a key without one."""
    return [
        name
        for name, each in stack.of(*DOCUMENTS).items()
        if each.type not in MAY_HAVE_NONE or DOCUMENTS[each.type] in each.properties
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """Statements without a principal, or with one that is none."""
    resource = stack.resources[subject]
    read = trust_statements if resource.type == ROLE else policy_statements
    for statement in read(resource, required=True):
        # Naming all but somebody is another rule's concern.
        if "NotPrincipal" in statement.body:
            continue
        if not _names_somebody(statement.body.get("Principal")):
            yield Problem(
                "a statement's Principal is empty, or is not an account, an ARN with an account, or a service: AWS "
                "rejects the policy.",
                "name a Principal; where it depends on a parameter, make the whole statement depend on it, with Fn::If"
                " around the statement.",
                statement.path,
            )


def _names_somebody(principal: Any) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict) or not principal:
        return False
    return all(items(named) and all(_is_one(kind, each) for each in items(named)) for kind, named in principal.items())


def _is_one(kind: str, name: Any) -> bool:
    if not isinstance(name, str) or not name:
        return False
    if kind == "AWS":
        return name == "*" or (bool(account_of(name)) and not name.endswith(":"))
    if kind == "Service":
        return bool(re.fullmatch(SERVICE, name))
    # A canonical user's id does not show whose it is, so no rule could tell a stranger's.
    return kind == "Federated"
