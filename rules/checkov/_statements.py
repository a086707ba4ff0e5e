"""Reading the policies of one rendered resource, and the checks that judge them by the statement.

No policy of the project lives here. Checkov imports this file with the others; it registers nothing.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck
from checkov.common.models.enums import CheckCategories, CheckResult

#: What holds policies of roles. All but the role itself hold a single document.
ROLE = "AWS::IAM::Role"
ROLE_POLICIES = (ROLE, "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")

_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+")


class Unreadable(Exception):
    """A policy does not have the form of one. `path` leads to what is missing or odd; the message says it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Statement:
    """One statement of a policy; `path` leads to it from its resource, in Checkov's notation."""

    path: str
    body: dict[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it grants. Only a plain Deny does not, so that a misspelt Effect hides nothing."""
        return self.body.get("Effect") != "Deny"

    def items(self, key: str) -> list[Any]:
        """What stands at a key, as a list: nothing, one, or several."""
        return items(self.body.get(key))

    def grants(self, action: str) -> bool:
        """Whether it grants an action, or for one with wildcards, any that fits. IAM ignores case in actions."""
        action = action.lower()
        if "NotAction" in self.body:
            return not any(fnmatchcase(action, str(each).lower()) for each in self.items("NotAction"))
        return any(overlap(action, str(each).lower()) for each in self.items("Action"))

    def granted(self, actions: Iterable[str]) -> list[str]:
        """Those of some actions that it grants."""
        return [each for each in actions if self.grants(each)]

    def condition(self, operator: str, key: str) -> list[Any]:
        """The values that one operator compares a condition key with. Operators and keys ignore case."""
        found: list[Any] = []
        for name, tests in members(self.body.get("Condition")):
            if name.lower() == operator.lower():
                for tested, values in members(tests):
                    found += items(values) if tested.lower() == key.lower() else []
        return found


def properties(conf: dict[str, Any]) -> dict[str, Any]:
    """A resource's properties; empty where there are none, or where something else stands."""
    found = conf.get("Properties")
    return found if isinstance(found, dict) else {}


def at(value: Any, *steps: str) -> Any:
    """What some keys lead to; None where the way ends early."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def items(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """The keys and values of an object, without the line numbers that Checkov's YAML parser adds to each."""
    for key, each in value.items() if isinstance(value, dict) else ():
        if not str(key).startswith("__"):
            yield str(key), each


def is_name(value: Any) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def is_key_arn(value: Any) -> bool:
    """Whether it is the ARN of a KMS key. An alias is not: it can be pointed at another key."""
    return isinstance(value, str) and bool(_KEY_ARN.fullmatch(value))


@lru_cache(maxsize=10_000)
def overlap(one: str, other: str) -> bool:
    """Whether some text fits both of two patterns with `*` and `?`."""
    if not set(one + other) & set("*?"):
        return one == other
    seen, open_ = set(), [(0, 0)]
    while open_:
        place = open_.pop()
        if place in seen:
            continue
        seen.add(place)
        left, right = one[place[0] :], other[place[1] :]
        if not left.strip("*") and not right.strip("*"):
            return True
        if left[:1] == "*":
            open_.append((place[0] + 1, place[1]))
        if right[:1] == "*":
            open_.append((place[0], place[1] + 1))
        if left and right and (left[0] == right[0] or {left[0], right[0]} & {"*", "?"}):
            # A star stays where it is: it may take more.
            open_.append((place[0] + (left[0] != "*"), place[1] + (right[0] != "*")))
    return False


def statements(document: Any, path: str) -> Iterator[Statement]:
    """The statements of a policy document that stands at `path`. Raises Unreadable if it is not one."""
    if not isinstance(document, dict):
        raise Unreadable(path, "there is no policy document here")
    found = document.get("Statement")
    path = f"{path}/Statement"
    if not found or not isinstance(found, list | dict):
        raise Unreadable(path, "the policy has no statement")
    for index, body in enumerate(items(found)):
        place = f"{path}/[{index}]" if isinstance(found, list) else path
        if not isinstance(body, dict):
            raise Unreadable(place, "a statement is not an object")
        yield Statement(place, body)


def role_statements(conf: dict[str, Any]) -> Iterator[Statement]:
    """The statements of a role's own policies, or of a policy for roles. Raises Unreadable."""
    body = properties(conf)
    if conf.get("Type") != ROLE:
        yield from statements(body.get("PolicyDocument"), "Properties/PolicyDocument")
        return
    policies = body.get("Policies")
    if policies is not None and not isinstance(policies, list):
        raise Unreadable("Properties/Policies", "the role's policies are not a list")
    for index, policy in enumerate(policies or []):
        path = f"Properties/Policies/[{index}]/PolicyDocument"
        yield from statements(at(policy, "PolicyDocument"), path)


class Check(BaseResourceCheck):
    """A policy of this project: `problems` tells each place that is wrong, with a sentence; none is a pass."""

    def __init__(self, check_id: str, slug: str, sentence: str, fix: str, targets: Iterable[str]) -> None:
        super().__init__(
            name=f"{sentence} Fix: {fix}",
            id=check_id,
            categories=[self.category],
            supported_resources=list(targets),
            guideline=f"rules/checkov/{check_id.lower()}_{slug}.py",
        )

    category = CheckCategories.IAM

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Checkov's question. `evaluated_keys` is the first wrong place, `details` are the sentences."""
        try:
            found = list(self.problems(conf))
        except Unreadable as odd:
            found = [(odd.path, f"{odd}, so nobody can tell what it grants.")]
        self.evaluated_keys = [found[0][0] if found else "Properties"]
        self.details = [f"{path}: {sentence}" for path, sentence in found]
        return CheckResult.FAILED if found else CheckResult.PASSED

    @abstractmethod
    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The wrong places of a resource."""


class EncryptionCheck(Check):
    """A policy on how a resource encrypts."""

    category = CheckCategories.ENCRYPTION


class GrantCheck(Check):
    """Judges every statement by which a role's policies grant something."""

    def __init__(self, check_id: str, slug: str, sentence: str, fix: str) -> None:
        super().__init__(check_id, slug, sentence, fix, ROLE_POLICIES)

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What is wrong with each statement."""
        for statement in role_statements(conf):
            if statement.allows:
                for sentence in self.objections(statement, conf):
                    yield statement.path, sentence

    @abstractmethod
    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """What is wrong with one statement that grants, in sentences."""
