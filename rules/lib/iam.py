"""Reading IAM policy documents: who is granted or refused what, on what, on which condition."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.render.resources import Resource, at, items

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Statement:
    """One statement; `path` leads to it inside its resource. Whatever the document leaves out is empty."""

    path: Path
    body: dict[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it grants; anything but the word Allow does not."""
        return self.body.get("Effect") == "Allow"

    @property
    def denies(self) -> bool:
        """Whether it refuses."""
        return self.body.get("Effect") == "Deny"

    @property
    def sid(self) -> str:
        """Its Sid, or empty."""
        return str(self.body.get("Sid", ""))

    @property
    def actions(self) -> list[str]:
        """Its actions, wildcards as they stand."""
        return [str(each) for each in items(self.body.get("Action"))]

    @property
    def resources(self) -> list[str]:
        """Its resources, wildcards as they stand."""
        return [str(each) for each in items(self.body.get("Resource"))]

    def principals(self, kind: str) -> list[str]:
        """Its principals of a kind (AWS, Service, Federated); a bare `*` is a principal of every kind."""
        principal = self.body.get("Principal")
        if principal == "*":
            return ["*"]
        return [str(each) for each in items(at(principal, kind))]

    def covers(self, action: str) -> bool:
        """Whether one of its actions is `action`, or a wildcard that includes it. IAM ignores case in actions."""
        return any(fnmatch.fnmatchcase(action.lower(), each.lower()) for each in self.actions)

    def reaches(self, arn: str) -> bool:
        """Whether one of its resources is `arn`, or a wildcard that includes it."""
        return any(fnmatch.fnmatchcase(arn, each) for each in self.resources)


def statements(document: Any, path: Path = ()) -> Iterator[Statement]:
    """The statements of a policy document, which stands at `path` of its resource."""
    for index, body in enumerate(items(at(document, "Statement"))):
        if isinstance(body, dict):
            yield Statement((*path, "Statement", index), body)


def role_statements(role: Resource) -> Iterator[Statement]:
    """The statements of an `AWS::IAM::Role`'s own policies."""
    for index, policy in enumerate(items(role.properties.get("Policies"))):
        yield from statements(at(policy, "PolicyDocument"), ("Properties", "Policies", index, "PolicyDocument"))


def trust_statements(role: Resource) -> Iterator[Statement]:
    """The statements that say who may assume an `AWS::IAM::Role`."""
    key = "AssumeRolePolicyDocument"
    yield from statements(role.properties.get(key), ("Properties", key))


def policy_statements(resource: Resource) -> Iterator[Statement]:
    """The statements of a resource policy: `PolicyDocument`, or `KeyPolicy` of a key."""
    key = "KeyPolicy" if resource.type == "AWS::KMS::Key" else "PolicyDocument"
    yield from statements(resource.properties.get(key), ("Properties", key))
