"""Random policies of every kind that is evaluated: of identities and boundaries, buckets, keys, queues, topics, trust
of roles, a VPC endpoint; with patterns, conditions and principals that overlap.

The words are few, so that statements meet: a policy that nothing else touches decides nothing.
"""

from __future__ import annotations

from random import Random
from typing import Any

from harness.access.actions import Home
from harness.access.globs import exact, like
from harness.access.policies import Endpoint, Identity, Policies, ResourcePolicy
from harness.access.statements import Kind, Statement, statements

Json = dict[str, Any]

HERE, THERE = "123456789012", "210987654321"
HOME = Home("aws", "us-east-1", HERE)
ROLE, USER, FOREIGN = (
    f"arn:aws:iam::{HERE}:role/team/reader", f"arn:aws:iam::{HERE}:user/carlos", f"arn:aws:iam::{THERE}:role/theirs"
)  # fmt: skip
SESSION = f"arn:aws:sts::{HERE}:assumed-role/reader/session"
BUCKET, KEY = "arn:aws:s3:::raw", f"arn:aws:kms:us-east-1:{HERE}:key/1"
QUEUE, TOPIC = (f"arn:aws:{each}:us-east-1:{HERE}:work" for each in ("sqs", "sns"))
ASSUMED = f"arn:aws:iam::{HERE}:role/assumed"

ACTIONS = {
    "s3": ["s3:*", "s3:Get*", "S3:getobject", "s3:Put?bject", "s3:GetObjectVersion", "s3:List*", "s3:DeleteObject"],
    "kms": ["kms:*", "kms:Decrypt", "kms:GenerateDataKey*", "kms:*crypt"],
    "sqs": ["sqs:*", "sqs:SendMessage", "sqs:?e*Message"],
    "sns": ["sns:*", "sns:Publish", "SNS:publish"],
    "sts": ["sts:*", "sts:AssumeRole", "sts:TagSession"],
}
RESOURCES = {
    "s3": [BUCKET, f"{BUCKET}/*", f"{BUCKET}/a/*", f"{BUCKET}/?", "arn:aws:s3:::*", "arn:aws:s3:::raw*/b"],
    "kms": [KEY, f"arn:aws:kms:*:{HERE}:key/*", "arn:aws:kms:us-east-1:*:key/1"],
    "sqs": [QUEUE, f"arn:aws:sqs:*:{HERE}:*", "arn:aws:sqs:us-east-1:*:w*"],
    "sns": [TOPIC, f"arn:aws:sns:us-*:{HERE}:work"],
    "sts": [ASSUMED, f"arn:aws:iam::{HERE}:role/*", "arn:aws:iam::*:role/a?sumed"],
}  # fmt: skip
_FORMS = ("Equals", "NotEquals", "Like", "NotLike")
_TEXTS = tuple(f"String{each}" for each in (*_FORMS, "EqualsIgnoreCase", "NotEqualsIgnoreCase"))
_ARNS = tuple(f"Arn{each}" for each in _FORMS)
_BOUNDS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_SETS = tuple(f"{of}:String{each}" for of in ("ForAllValues", "ForAnyValue") for each in _FORMS)
#: Each condition key with the operators that take it, and values.
TESTS: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("aws:PrincipalOrgID", _TEXTS, ["o-a", "o-A", "o-ab", "o-a*", "o-?"]),
    ("aws:PrincipalTag/team", _TEXTS, ["a", "b", "a*", "${aws:PrincipalTag/team}"]),
    ("AWS:principaltag/Other", _TEXTS, ["a", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'b'}*", "${*}"]),
    ("aws:SourceAccount", _TEXTS, [HERE, THERE]),
    ("aws:SourceArn", _ARNS, ["arn:aws:s3:::raw", f"arn:aws:sns:*:{HERE}:w*", "arn:aws:s3:*:*:ra?", "arn:aws:*:*:*:*"]),
    ("aws:PrincipalArn", _ARNS, [ROLE, USER, f"arn:aws:iam::{HERE}:*", "arn:aws:iam::*:role/*", "arn:*:iam::*:*"]),
    ("aws:SecureTransport", ("Bool",), ["true", "false"]),
    ("aws:PrincipalIsAWSService", ("Bool",), ["true", "false"]),
    ("aws:MultiFactorAuthAge", tuple(f"Numeric{each}" for each in _BOUNDS), ["0", "60", "3600"]),
    ("aws:CurrentTime", tuple(f"Date{each}" for each in _BOUNDS), ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
    ("aws:SourceIp", ("IpAddress", "NotIpAddress"), ["10.0.0.0/8", "10.1.0.0/16", "203.0.113.7/32"]),
    ("aws:TagKeys", _SETS, ["a", "b", "a*"]),
]  # fmt: skip
PRINCIPALS: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": HERE}, {"AWS": f"arn:aws:iam::{HERE}:root"}, {"AWS": THERE}, {"AWS": ROLE},
    {"AWS": [USER, FOREIGN]}, {"AWS": SESSION}, {"Service": "sns.amazonaws.com"},
    {"AWS": ROLE, "Service": ["s3.amazonaws.com", "logs.amazonaws.com"]},
]  # fmt: skip
#: Only these say the same whatever NotPrincipal is taken to mean of a role in an account that is named.
EXCEPTED = [
    {"AWS": [ROLE, SESSION, f"arn:aws:iam::{HERE}:root"]}, {"AWS": [USER, HERE]}, {"Service": "s3.amazonaws.com"},
]  # fmt: skip


class Inventing:
    """Draws policies."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def policies(self) -> Policies:
        """A set of them: some of the resources have none."""
        identities = {each: Identity(self._of(Kind.IDENTITY), self._boundary()) for each in (ROLE, USER, FOREIGN)}
        covers = {
            "s3": (exact(BUCKET), like(f"{BUCKET}/*")), "kms": (exact(KEY),), "sqs": (exact(QUEUE),),
            "sns": (exact(TOPIC),), "sts": (exact(ASSUMED),),
        }  # fmt: skip
        resources = []
        for service, globs in covers.items():
            if self._random.random() < 0.8:
                kind = Kind.TRUST if service == "sts" else Kind.RESOURCE
                resources.append(ResourcePolicy(globs, self._of(kind, service), service, service in ("kms", "sts")))
        endpoint = Endpoint("vpce-1", "s3", self._of(Kind.RESOURCE, "s3", everybody=True))
        return Policies(HERE, identities, tuple(resources), {"Endpoint": endpoint})

    def _boundary(self) -> tuple[Statement, ...] | None:
        return self._of(Kind.IDENTITY) if self._random.random() < 0.3 else None

    def _of(self, kind: Kind, service: str = "", *, everybody: bool = False) -> tuple[Statement, ...]:
        bodies = [self._body(kind, service, everybody) for _ in range(self._random.randint(1, 3))]
        # The same statements are the same objects, so the place says nothing.
        return statements({"Version": "2012-10-17", "Statement": bodies}, ("invented",), kind)

    def _body(self, kind: Kind, service: str, everybody: bool) -> Json:
        choice, random = self._random.choice, self._random.random
        service = service or choice([*ACTIONS])
        denies = random() < 0.25
        body: Json = {"Effect": "Deny" if denies else "Allow"}
        body["NotAction" if random() < 0.1 else "Action"] = self._some(["*", *ACTIONS[service]])
        if kind is not Kind.TRUST:
            body["NotResource" if random() < 0.1 else "Resource"] = self._some(["*", *RESOURCES[service]])
        if kind is not Kind.IDENTITY:
            excepted = denies and kind is Kind.RESOURCE and random() < 0.3 and not everybody
            body["NotPrincipal" if excepted else "Principal"] = choice(EXCEPTED if excepted else PRINCIPALS)
            if everybody:
                body["Principal"] = choice(PRINCIPALS[:2])
        if random() < 0.4:
            body["Condition"] = self._conditions()
        return body

    def _some(self, words: list[str]) -> str | list[str]:
        found = self._random.sample(words, self._random.randint(1, 2))
        return found if len(found) > 1 or self._random.random() < 0.5 else found[0]

    def _conditions(self) -> Json:
        found: Json = {}
        for key, operators, values in self._random.sample(TESTS, self._random.randint(1, 2)):
            operator = self._random.choice([*operators, "Null"])
            if operator == "Null":
                found[operator] = {key: self._random.choice(["true", "false", True])}
                continue
            if self._random.random() < 0.25 and not operator.startswith("ForAnyValue"):
                operator += "IfExists"
            found.setdefault(operator, {})[key] = self._some(values)
        return found
