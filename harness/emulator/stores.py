"""Data stores: their KMS keys and resource policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.emulator.policies import Document, Role


@dataclass(frozen=True)
class Key:
    """A customer managed KMS key and its policy."""

    arn: str
    policy: Document


@dataclass(frozen=True)
class Store:
    """A bucket, queue, stream, table or topic, with its KMS key and resource policy."""

    service: str
    name: str
    arn: str
    key: Key | None
    policy: Document | None = None
    bucket_key: bool = False

    @property
    def readers(self) -> list[tuple[Role, str]]:
        """(role, object pattern) for each account that may read by the bucket policy; the role is an admin there."""
        return [
            (_whole(account), pattern)
            for statement in _list(self.policy.get("Statement", []) if self.policy else [])
            if statement["Effect"] == "Allow" and "s3:GetObject" in _list(statement.get("Action", []))
            for account in _accounts(statement.get("Principal", {}))
            for pattern in _list(statement["Resource"])
        ]

    @property
    def organization(self) -> str:
        """The organization id in the policy; empty if there is none."""
        for statement in _list(self.policy.get("Statement", []) if self.policy else []):
            for condition in statement.get("Condition", {}).values():
                if found := condition.get("aws:PrincipalOrgID"):
                    return str(_list(found)[0])
        return ""


def _list(value: Any) -> list[Any]:
    """A list: a policy may write a single item without brackets."""
    return value if isinstance(value, list) else [value]


def _accounts(principal: Any) -> list[str]:
    """The account ids that a statement's principals name, directly or in an ARN."""
    named = _list(principal.get("AWS", [])) if isinstance(principal, Mapping) else []
    return [name.split(":")[4] if name.startswith("arn:") else name for name in named if name != "*"]


def _whole(account: str) -> Role:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return Role(f"account {account}", f"arn:aws:iam::{account}:role/reader", {}, (everything,))
