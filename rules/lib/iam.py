"""The one reader of IAM policies, for checks and Checkov policies: who may do what, on what, on which condition.

Checkov's environment has none of this project's libraries: import nothing here but the standard library and
`harness.render.resources`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.render.resources import Resource, at, items

Path = tuple[str | int, ...]
#: An operator and a condition key, both in lower case, because IAM ignores case in them.
Test = tuple[str, str]

ROLE = "AWS::IAM::Role"
#: What holds policies of roles. All but the role itself hold a single document.
ROLE_POLICIES = (ROLE, "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")
KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
#: Actions for which AWS knows no resource, so that the policy has to say '*'. Each was looked up in the service
#: authorization reference; a new one is added here after looking.
WITHOUT_RESOURCES = frozenset(
    {
        "cloudwatch:putmetricdata",
        "ec2:describenetworkinterfaces",
        "ec2:describesecuritygroups",
        "ec2:describesubnets",
        "ec2:describevpcs",
        "xray:puttelemetryrecords",
        "xray:puttracesegments",
    }
)
_NEGATED = {each: f"Not{each}" for each in ("Action", "Principal", "Resource")}
_ELEMENTS = {"Condition", "Effect", "Sid", *_NEGATED, *_NEGATED.values()}
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_OPERATOR = re.compile(
    "(forallvalues:|foranyvalue:)?("
    "arn(not)?(equals|like)|binaryequals|bool|(not)?ipaddress|string(not)?(equals(ignorecase)?|like)|"
    "(date|numeric)((not)?equals|(less|greater)than(equals)?)"
    ")(ifexists)?|null"
)


class Unreadable(Exception):
    """A policy that is not one to IAM, so that nobody can tell what it grants: a finding for whatever rule reads it.

    `path` leads to the place inside the resource `logical_id`, which is empty where Checkov asks. The message is a
    clause without a full stop.
    """

    def __init__(self, path: Path, message: str, logical_id: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.logical_id = logical_id


@dataclass(frozen=True)
class Statement:
    """One statement; `path` leads to it inside its resource. Its elements, and its condition's operators, are IAM's."""

    path: Path
    body: dict[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it grants."""
        return bool(self.body["Effect"] == "Allow")

    @property
    def denies(self) -> bool:
        """Whether it refuses."""
        return not self.allows

    @property
    def sid(self) -> str:
        """Its Sid, or empty."""
        return str(self.body.get("Sid", ""))

    @property
    def actions(self) -> list[str]:
        """Its actions, wildcards as they stand. With NotAction it is `*`, although some are left out."""
        return ["*"] if "NotAction" in self.body else self._texts("Action")

    @property
    def resources(self) -> list[str]:
        """Its resources, wildcards as they stand. With NotResource it is `*`, although some are left out."""
        return ["*"] if "NotResource" in self.body else self._texts("Resource")

    def items(self, key: str) -> list[Any]:
        """What stands at a key, as a list: nothing, one, or several."""
        return items(self.body.get(key))

    def principals(self, kind: str) -> list[str]:
        """Its principals of a kind (AWS, Service, Federated); a bare `*` is a principal of every kind."""
        principal = self.body.get("Principal")
        if principal == "*":
            return ["*"]
        return [str(each) for each in items(at(principal, kind))]

    def covers(self, action: str) -> bool:
        """Whether it is about an action, or about all that fit one with wildcards. IAM ignores case in actions."""
        action = action.lower()
        if "NotAction" in self.body:
            return not any(overlap(action, each.lower()) for each in self._texts("NotAction"))
        return any(fits(action, each.lower()) for each in self._texts("Action"))

    def reaches(self, arn: str) -> bool:
        """Whether it is about a resource, or about all that fit an ARN with wildcards."""
        if "NotResource" in self.body:
            return not any(overlap(arn, each) for each in self._texts("NotResource"))
        return any(fits(arn, each) for each in self._texts("Resource"))

    def concerns(self, arn: str) -> bool:
        """Whether it is about a resource, or for an ARN with wildcards, about any that fits."""
        if "NotResource" in self.body:
            return not any(fits(arn, each) for each in self._texts("NotResource"))
        return any(overlap(arn, each) for each in self._texts("Resource"))

    @property
    def knows_no_resource(self) -> bool:
        """Whether all its actions are such that '*' is the only resource that they take."""
        return {each.lower() for each in self.actions} <= WITHOUT_RESOURCES

    def touches(self, action: str) -> bool:
        """Whether it is about an action, or for one with wildcards, about any that fits."""
        action = action.lower()
        if "NotAction" in self.body:
            return not any(fits(action, each.lower()) for each in self._texts("NotAction"))
        return any(overlap(action, each.lower()) for each in self._texts("Action"))

    def touched(self, actions: Iterable[str]) -> list[str]:
        """Those of some actions that it is about."""
        return [each for each in actions if self.touches(each)]

    def tests(self) -> dict[Test, list[Any]]:
        """All tests of its Condition with the values as they stand."""
        found: dict[Test, list[Any]] = {}
        for operator, tests in self.body.get("Condition", {}).items():
            for key, values in tests.items():
                found[operator.lower(), key.lower()] = items(values)
        return found

    def condition(self, operator: str, key: str) -> list[Any]:
        """The values that an operator compares a condition key with, as they stand."""
        return self.tests().get((operator.lower(), key.lower()), [])

    def _texts(self, key: str) -> list[str]:
        return [str(each) for each in self.items(key)]


def statements(document: Any, path: Path = (), logical_id: str = "") -> list[Statement]:
    """The statements of a policy document, which stands at `path` of a resource. Raises Unreadable if one is not one.

    All are read before the first is given out: whoever is content with the first that grants does not miss that a later
    one may refuse.
    """
    if not isinstance(document, dict):
        raise Unreadable(path, "there is no policy document here", logical_id)
    found, path = document.get("Statement"), (*path, "Statement")
    if not found or not isinstance(found, list | dict):
        raise Unreadable(path, "the policy has no statement", logical_id)
    read = []
    for index, body in enumerate(items(found)):
        place = (*path, index) if isinstance(found, list) else path
        if problem := _problem(body):
            raise Unreadable(place, problem, logical_id)
        read.append(Statement(place, body))
    return read


def role_statements(resource: Resource) -> list[Statement]:
    """The statements of a role's own policies, or of a policy for roles. Raises Unreadable."""
    if resource.type != ROLE:
        return policy_statements(resource, required=True)
    return [*resource.once("role_statements", lambda: _role_statements(resource))]


def _role_statements(resource: Resource) -> list[Statement]:
    policies, path = resource.properties.get("Policies"), ("Properties", "Policies")
    if policies is not None and not isinstance(policies, list):
        raise Unreadable(path, "the role's policies are not a list", resource.logical_id)
    return [
        statement
        for index, policy in enumerate(policies or [])
        for statement in statements(at(policy, "PolicyDocument"), (*path, index, "PolicyDocument"), resource.logical_id)
    ]


def trust_statements(role: Resource, required: bool = False) -> list[Statement]:
    """The statements that say who may assume an `AWS::IAM::Role`. `required` is as for `policy_statements`."""
    return _of_property(role, "AssumeRolePolicyDocument", required)


def policy_statements(resource: Resource, required: bool = False) -> list[Statement]:
    """The statements of a policy: `PolicyDocument`, or `KeyPolicy` of a key.

    None if there is no such property: it grants nothing, and AWS has policies of its own for keys and endpoints.
    Raises Unreadable, with `required` also then.
    """
    return _of_property(resource, "KeyPolicy" if resource.type in KEYS else "PolicyDocument", required)


def fits(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern as IAM reads it: with `*` and `?`, and nothing else that is special.

    A text that is a pattern itself fits if all that it stands for does.
    """
    return bool(_compiled(pattern).fullmatch(text))


def arn_fits(arn: str, pattern: str) -> bool:
    """Whether an ARN fits as the Arn operators compare: each of its six parts by itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    parts, patterns = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) == 6 and all(map(fits, parts, patterns))


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


def _of_property(resource: Resource, key: str, required: bool) -> list[Statement]:
    if key not in resource.properties and not required:
        return []
    path = ("Properties", key)
    return [*resource.once(key, lambda: statements(resource.properties.get(key), path, resource.logical_id))]


@lru_cache(maxsize=10_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "[^*]"}.get(each) or re.escape(each) for each in pattern), re.DOTALL)


def _problem(body: Any) -> str:
    """Why a statement cannot be read, or empty."""
    if not isinstance(body, dict):
        return "a statement is not an object"
    if strange := [str(key) for key in body if key not in _ELEMENTS]:
        return f"a statement has {_shown(strange[0])}, which is no element of IAM's"
    # A list of both, and `allow`, are neither: IAM takes these two words as they stand.
    if body.get("Effect") not in ("Allow", "Deny"):
        return f"a statement's Effect is {_shown(body.get('Effect'))}, neither Allow nor Deny"
    for element, negated in _NEGATED.items():
        if {element, negated} <= set(body):
            return f"a statement has both {element} and {negated}"
    if not {"Action", "NotAction"} & set(body):
        return "a statement names no action"
    for key in ("Action", "NotAction", "Resource", "NotResource"):
        named = items(body.get(key))
        if key in body and not (named and all(isinstance(each, str) and each for each in named)):
            kind = key.removeprefix("Not").lower()
            return (
                f"a statement's {key} is not the name of {'an' if kind == 'action' else 'a'} {kind}, or a list of names"
            )
        if any("${" in each for each in named):
            return f"a statement's {key} has a policy variable"
    return _condition_problem(body["Condition"]) if "Condition" in body else ""


def _condition_problem(stated: Any) -> str:
    if not isinstance(stated, dict):
        return "a statement's Condition is not an object"
    for operator, tests in stated.items():
        if not _OPERATOR.fullmatch(str(operator).lower()):
            return f"a statement's Condition has {_shown(operator)}, which is no operator of IAM's"
        if not isinstance(tests, dict) or not tests or not all(isinstance(key, str) and key for key in tests):
            return f"a statement's {operator} tests no key"
    tested = [(operator.lower(), key.lower()) for operator, tests in stated.items() for key in tests]
    return "a statement's Condition has the same test twice, in other letters" if len(set(tested)) < len(tested) else ""


def _shown(value: Any) -> str:
    return "missing" if value is None else str(value)[:40]
