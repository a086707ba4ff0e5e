"""Who asks, and whom a statement names. Role sessions are principals of their own, as AWS documents them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from harness.access.conditions import Place
from harness.access.refused import Refused
from harness.render.resources import items

_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?([0-9]{12})(?::root)?")
_IDENTITY = re.compile(r"arn:[\w-]+:(iam::[0-9]{12}:(role|user)/|sts::[0-9]{12}:assumed-role/[^/]+/)[^*?]+")
#: The principal's account. https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
_OF_KMS = "kms:calleraccount"
ACCOUNT_KEYS = ("aws:principalaccount", _OF_KMS)
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class Principal(NamedTuple):
    """A session of a role, a user, an AWS service (`service` is its name), or anybody without credentials."""

    #: The role's or user's ARN, which `aws:PrincipalArn` is too.
    arn: str = ""
    session: str = "session"
    service: str = ""
    #: A permissions boundary limits it.
    bounded: bool = False
    #: It has no rights but those that policies of resources give.
    powerless: bool = False

    @property
    def account(self) -> str:
        """Its account; empty for a service and for anybody."""
        return self.arn.split(":")[4] if self.arn else ""

    @property
    def is_role(self) -> bool:
        """Whether it is a session of a role."""
        return ":role/" in self.arn

    @property
    def session_arn(self) -> str:
        """The ARN of its session, which has the role's name without its path; empty if it is none of a role's."""
        if not self.is_role:
            return ""
        partition, name = self.arn.split(":")[1], self.arn.rpartition("/")[2]
        return f"arn:{partition}:sts::{self.account}:assumed-role/{name}/{self.session}"

    def context(self, may_have: Callable[[str], bool]) -> dict[str, tuple[str, ...]]:
        """The condition keys that follow from who it is, of those that a request may have. Its organization does not.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
        """
        by_service = (str(bool(self.service)).lower(),)
        found = {"aws:principalisawsservice": by_service, "aws:principalaccount": (), "aws:principalarn": ()}
        found |= {"aws:principalservicename": (), "aws:principaltype": ("Anonymous",), "aws:username": ()}
        found |= {_OF_KMS: ()}
        if self.service:
            return found | {"aws:principalservicename": (self.service,), "aws:principaltype": ()}
        if not self.arn:
            return found | {"aws:principalaccount": ("anonymous",)}
        name = () if self.is_role else (self.arn.rpartition("/")[2],)
        kind = "AssumedRole" if self.is_role else "User"
        found |= {"aws:principalaccount": (self.account,), "aws:principalarn": (self.arn,)}
        found |= {_OF_KMS: (self.account,)} if may_have(_OF_KMS) else {}
        return found | {"aws:principaltype": (kind,), "aws:username": name}

    def __str__(self) -> str:
        return self.service or self.arn or "anybody"


class Grade(IntEnum):
    """How a statement names a principal, which decides what else limits an Allow within the account."""

    NOT = 0
    #: By its account, which delegates: the principal's own policies must allow as well.
    ACCOUNT = 1
    #: By its role: only a permissions boundary limits it.
    ROLE = 2
    #: Itself: nothing but a Deny limits it.
    ITSELF = 3


@dataclass(frozen=True)
class Named:
    """A statement's Principal, or its NotPrincipal if `excepted`."""

    place: Place
    everyone: bool = False
    accounts: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    excepted: bool = False

    def grade(self, principal: Principal) -> Grade:
        """How it names a principal. Raises Refused where AWS's documentation leaves it open."""
        if self.excepted:
            return self._besides(principal)
        if self.everyone or principal.service in self.services or principal.session_arn in self.arns:
            return Grade.ITSELF
        if principal.arn in self.arns:
            return Grade.ROLE if principal.is_role else Grade.ITSELF
        return Grade.ACCOUNT if principal.account in self.accounts else Grade.NOT

    def _besides(self, principal: Principal) -> Grade:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""
        if principal.bounded or not (principal.arn or principal.service):
            return Grade.ITSELF
        if principal.service:
            return Grade.NOT if principal.service in self.services else Grade.ITSELF
        named = [principal.account in self.accounts, principal.arn in self.arns]
        named += [principal.session_arn in self.arns] * principal.is_role
        if any(named) and not all(named):
            raise Refused(self.place, f"whether {principal} is denied depends on what else NotPrincipal names")
        return Grade.NOT if all(named) else Grade.ITSELF


def named(stated: Any, place: Place, *, excepted: bool) -> Named:
    """Reads a Principal or NotPrincipal. Raises Refused for what identifies nobody by ARN, account or service."""
    if stated == "*":
        stated = {"AWS": "*"}
    if not isinstance(stated, dict) or not stated:
        raise Refused(place, "there is no principal")
    found: dict[str, set[str]] = {"everyone": set(), "accounts": set(), "arns": set(), "services": set()}
    for kind, one in _each(stated):
        account = _ACCOUNT.fullmatch(one)
        if kind == "AWS" and one == "*":
            found["everyone"].add(one)
        elif kind == "AWS" and account:
            found["accounts"].add(account[1])
        elif kind == "AWS" and _IDENTITY.fullmatch(one):
            found["arns"].add(one)
        elif kind == "Service" and _SERVICE.fullmatch(one):
            found["services"].add(one)
        else:
            raise Refused(place, f"the principal {kind} {one} is not evaluated")
    if excepted and found["everyone"]:
        raise Refused(place, "NotPrincipal names everyone")
    sets = {name: frozenset(each) for name, each in found.items() if name != "everyone"}
    return Named(place, bool(found["everyone"]), **sets, excepted=excepted)


def _each(stated: dict[str, Any]) -> Iterator[tuple[str, str]]:
    return ((kind, str(one)) for kind, several in stated.items() for one in items(several))
