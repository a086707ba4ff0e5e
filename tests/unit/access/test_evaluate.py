"""Decisions as AWS documents them, with its documentation's own examples where it has some."""

from collections.abc import Sequence
from typing import Any

import pytest

from harness.access.conditions import Context
from harness.access.evaluate import Decision, Request, decide
from harness.access.globs import like
from harness.access.policies import Endpoint, Identity, Policies, ResourcePolicy
from harness.access.principals import Principal
from harness.access.refused import Refused
from harness.access.statements import Kind, Statement, statements

HERE, THERE = "123456789012", "210987654321"
ROLE = Principal(f"arn:aws:iam::{HERE}:role/team/reader", session="now")
USER = Principal(f"arn:aws:iam::{HERE}:user/carlos")
FOREIGN = Principal(f"arn:aws:iam::{THERE}:role/theirs")
SERVICE = Principal(service="s3.amazonaws.com")
ANYBODY = Principal()
SESSION = f"arn:aws:sts::{HERE}:assumed-role/reader/now"
BUCKET, KEY = "arn:aws:s3:::raw/x", f"arn:aws:kms:us-east-1:{HERE}:key/1"

Body = dict[str, Any]


def read(bodies: Sequence[Body], kind: Kind, place: str) -> tuple[Statement, ...]:
    return statements({"Version": "2012-10-17", "Statement": list(bodies)}, (place,), kind) if bodies else ()


def allow(action: str = "s3:*", resource: str = "*", **keys: Any) -> Body:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **keys}


def deny(action: str = "s3:*", resource: str = "*", **keys: Any) -> Body:
    return allow(action, resource, **keys) | {"Effect": "Deny"}


def asked(
    principal: Principal = ROLE, *, own: Sequence[Body] = (), boundary: Sequence[Body] | None = None,
    policy: Sequence[Body] = (), endpoint: Sequence[Body] | None = None, decides: bool = False,
    action: str = "s3:GetObject", resource: str = BUCKET, owner: str = HERE, context: Context | None = None,
) -> Decision:  # fmt: skip
    identity = Identity(
        read(own, Kind.IDENTITY, "own"), None if boundary is None else read(boundary, Kind.IDENTITY, "boundary")
    )
    # A role's policy is about who takes it.
    service = "sts" if ":role/" in resource else action.partition(":")[0]
    policies = Policies(
        HERE,
        {} if not principal.arn else {principal.arn: identity},
        (ResourcePolicy((like("*"),), read(policy, Kind.RESOURCE, "policy"), service, decides),),
        {} if endpoint is None else {"End": Endpoint("vpce-1", "s3", read(endpoint, Kind.RESOURCE, "endpoint"))},
    )
    return decide(
        policies, Request(principal, action, resource, owner, context or {}, "End" if endpoint is not None else "")
    )


def to(*who: str, kind: str = "AWS") -> Body:
    return {"Principal": {kind: list(who)}}


EVERYONE = {"Principal": "*"}
A_ROLE, AN_ACCOUNT = to(ROLE.arn), to(HERE)

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
#: Who asks; what is stated; the statement that decides if it is allowed, else None.
SAME_ACCOUNT: list[tuple[Principal, Body, str | None]] = [
    (ROLE, {}, None),
    (ROLE, {"own": [allow()]}, "own"),
    (ROLE, {"own": [allow("s3:Put*")]}, None),
    (ROLE, {"own": [allow(resource="arn:aws:s3:::raw")]}, None),
    (ROLE, {"own": [allow("S3:getobject")]}, "own"),
    (ROLE, {"policy": [allow(**A_ROLE)]}, "policy"),
    (ROLE, {"policy": [allow(**to(SESSION))]}, "policy"),
    (ROLE, {"policy": [allow(**to(SESSION + "2"))]}, None),
    (ROLE, {"policy": [allow(**EVERYONE)]}, "policy"),
    (ROLE, {"policy": [allow(**AN_ACCOUNT)]}, None),
    (ROLE, {"policy": [allow(**AN_ACCOUNT)], "own": [allow()]}, "own"),
    (ROLE, {"policy": [allow(**to(f"arn:aws:iam::{HERE}:root"))], "own": [allow()]}, "own"),
    (USER, {"policy": [allow(**to(USER.arn))]}, "policy"),
    (USER, {"policy": [allow(**A_ROLE)]}, None),
    (SERVICE, {"policy": [allow(**to(SERVICE.service, kind="Service"))]}, "policy"),
    (SERVICE, {"policy": [allow(**to("sns.amazonaws.com", kind="Service"))]}, None),
    (SERVICE, {"policy": [allow(**EVERYONE)]}, "policy"),
    (SERVICE, {}, None),
    (ANYBODY, {"policy": [allow(**EVERYONE)]}, "policy"),
    (ANYBODY, {"policy": [allow(**AN_ACCOUNT)]}, None),
]
#: "Resource-based policies and implicit denies in other policy types", on the same page, and
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
BOUNDARIES: list[tuple[Principal, Body, str | None]] = [
    (ROLE, {"own": [allow()], "boundary": []}, None),
    (ROLE, {"own": [allow()], "boundary": [allow("s3:Get*")]}, "own"),
    (ROLE, {"own": [allow()], "boundary": [allow(), deny("s3:Get*")]}, None),
    (ROLE, {"boundary": [allow()]}, None),
    (ROLE, {"boundary": [], "policy": [allow(**A_ROLE)]}, None),
    (ROLE, {"boundary": [allow()], "policy": [allow(**A_ROLE)]}, "policy"),
    (ROLE, {"boundary": [], "policy": [allow(**to(SESSION))]}, "policy"),
    (ROLE, {"boundary": [], "policy": [allow(**EVERYONE)]}, "policy"),
    (USER, {"boundary": [], "policy": [allow(**to(USER.arn))]}, "policy"),
    (USER, {"boundary": [], "policy": [allow(**AN_ACCOUNT)], "own": [allow()]}, None),
]
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
ACROSS: list[tuple[Principal, Body, str | None]] = [
    (FOREIGN, {"own": [allow()]}, None),
    (FOREIGN, {"policy": [allow(**to(THERE))]}, None),
    (FOREIGN, {"policy": [allow(**to(FOREIGN.arn))]}, None),
    (FOREIGN, {"policy": [allow(**EVERYONE)]}, None),
    (FOREIGN, {"policy": [allow(**to(THERE))], "own": [allow()]}, "policy"),
    (FOREIGN, {"policy": [allow(**EVERYONE)], "own": [allow()]}, "policy"),
    (FOREIGN, {"policy": [allow(**AN_ACCOUNT)], "own": [allow()]}, None),
    (FOREIGN, {"policy": [allow(**to(THERE))], "own": [allow()], "boundary": []}, None),
    (FOREIGN, {"policy": [allow(**to(FOREIGN.session_arn))], "own": [allow()], "boundary": []}, None),
]
KEYS = {"decides": True, "resource": KEY, "action": "kms:Decrypt"}
#: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
#: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
KEY_POLICIES: list[tuple[Principal, Body, str | None]] = [
    (ROLE, {"own": [allow("kms:*")], **KEYS}, None),
    (ROLE, {"own": [allow("kms:*")], "policy": [allow("kms:*", **AN_ACCOUNT)], **KEYS}, "own"),
    (ROLE, {"own": [allow("kms:*")], "policy": [allow("kms:Encrypt", **AN_ACCOUNT)], **KEYS}, None),
    (ROLE, {"policy": [allow("kms:*", **AN_ACCOUNT)], **KEYS}, None),
    (ROLE, {"policy": [allow("kms:*", **A_ROLE)], **KEYS}, "policy"),
    (SERVICE, {"policy": [allow("kms:*", **AN_ACCOUNT)], **KEYS}, None),
    (SERVICE, {"policy": [allow("kms:*", **to(SERVICE.service, kind="Service"))], **KEYS}, "policy"),
    (FOREIGN, {"own": [allow("kms:*")], "policy": [allow("kms:*", **to(THERE))], **KEYS}, "policy"),
    (FOREIGN, {"policy": [allow("kms:*", **to(THERE))], **KEYS}, None),
]
#: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
ENDPOINTS: list[tuple[Principal, Body, str | None]] = [
    (ROLE, {"own": [allow()], "endpoint": []}, None),
    (ROLE, {"own": [allow()], "endpoint": [allow(**EVERYONE)]}, "own"),
    (ROLE, {"own": [allow()], "endpoint": [allow("s3:Put*", **EVERYONE)]}, None),
    (ROLE, {"own": [allow()], "endpoint": [allow(**EVERYONE), deny("s3:Get*", **EVERYONE)]}, None),
    (ROLE, {"endpoint": [allow(**EVERYONE)]}, None),
    (
        ROLE,
        {"own": [allow(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})], "endpoint": [allow(**EVERYONE)]},
        "own",
    ),
    (ROLE, {"own": [allow(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})]}, None),
]


@pytest.mark.parametrize(
    ("principal", "stated", "by"), [*SAME_ACCOUNT, *BOUNDARIES, *ACROSS, *KEY_POLICIES, *ENDPOINTS]
)
def test_a_request_is_decided_as_documented(principal: Principal, stated: Body, by: str | None):
    found = asked(principal, **stated)

    assert found.allowed == (by is not None)
    assert not by or (found.statement and found.statement.place[0] == by)


@pytest.mark.parametrize("principal", [ROLE, USER, FOREIGN, SERVICE, ANYBODY])
@pytest.mark.parametrize("where", ["own", "boundary", "policy", "endpoint"])
def test_an_explicit_deny_overrides_every_allow(principal: Principal, where: str):
    who = {"own": {}, "boundary": {}, "policy": EVERYONE, "endpoint": EVERYONE}
    stated = {each: [allow(**who[each])] for each in who}
    applies = bool(principal.arn) or where in ("policy", "endpoint")
    denied = asked(principal, **stated | {where: [allow(**who[where]), deny(**who[where])]})

    assert asked(principal, **stated).allowed
    assert (denied.allowed, str(denied.statement)) == (False, f"{where}.Statement.1") or not applies


#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html#policies_evaluation_example
CARLOS = [
    allow("s3:ListAllMyBuckets", "arn:aws:s3:::*", Sid="AllowS3ListRead"),
    allow("s3:*", "arn:aws:s3:::carlossalazar/*", Sid="AllowS3Self"),
    deny("s3:*", "arn:aws:s3:::*log*", Sid="DenyS3Logs"),
]


@pytest.mark.parametrize(("bucket", "sid"), [("carlossalazar-logs", "DenyS3Logs"), ("carlossalazar", "")])
def test_the_example_of_carlos(bucket: str, sid: str):
    policy = [allow("s3:*", "arn:aws:s3:::carlossalazar/*", **to(USER.arn))]
    found = asked(USER, own=CARLOS, policy=policy, action="s3:PutObject", resource=f"arn:aws:s3:::{bucket}/x")

    assert (found.allowed, found.statement and found.statement.sid) == (not sid, sid)


@pytest.mark.parametrize(
    ("action", "by"),
    [
        ("iam:GetUser", "AllowGetList"),
        ("iam:CreatePolicy", None),
        ("iam:GenerateCredentialReport", "DenyReports"),
        ("iam:GetOrganizationsAccessReport", "DenyReports"),
    ],
)
def test_the_example_of_explicit_and_implicit_denies(action: str, by: str | None):
    own = [allow("iam:Get*", Sid="AllowGetList"), deny("iam:*Report", Sid="DenyReports")]
    found = asked(own=own, action=action, resource=USER.arn)

    assert (found.allowed, found.statement and found.statement.sid) == (by == "AllowGetList", by)


@pytest.mark.parametrize(
    ("keys", "allowed"),
    [
        ({"NotAction": "s3:Put*"}, True),
        ({"NotAction": "s3:Get*"}, False),
        ({"NotResource": "arn:aws:s3:::archive/*"}, True),
        ({"NotResource": "arn:aws:s3:::raw/*"}, False),
    ],
)
def test_a_negated_element_is_about_everything_else(keys: Body, allowed: bool):
    body = {key: each for key, each in allow().items() if f"Not{key}" not in keys} | keys

    assert asked(own=[body]).allowed is allowed


ACCOUNT_ARN = f"arn:aws:iam::{HERE}:root"


#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
@pytest.mark.parametrize(
    ("principal", "stated", "allowed"),
    [
        (USER, to(USER.arn, ACCOUNT_ARN), True),
        (ROLE, to(SESSION, ROLE.arn, ACCOUNT_ARN), True),
        (ROLE, to(USER.arn), False),
        (FOREIGN, to(USER.arn, ACCOUNT_ARN), False),
        (ANYBODY, to(USER.arn, ACCOUNT_ARN), False),
        (SERVICE, to(USER.arn, ACCOUNT_ARN), False),
        (SERVICE, to(SERVICE.service, kind="Service"), True),
        (Principal(USER.arn, bounded=True), to(USER.arn, ACCOUNT_ARN), False),
    ],
)
def test_not_principal_spares_those_it_names_with_their_account(principal: Principal, stated: Body, allowed: bool):
    body = deny() | {"NotPrincipal": stated["Principal"]}

    assert asked(principal, own=[allow()], policy=[allow(**EVERYONE), body]).allowed is allowed


@pytest.mark.parametrize("names", [(USER.arn,), (ACCOUNT_ARN,)])
def test_not_principal_without_the_account_is_refused(names: tuple[str, ...]):
    """The documentation says that it "might" deny."""
    body = deny() | {"NotPrincipal": {"AWS": list(names)}}

    with pytest.raises(Refused, match=r"whether .* is denied depends on what else NotPrincipal names"):
        asked(USER, policy=[body])


@pytest.mark.parametrize(
    ("principal", "key", "value", "passes"),
    [
        (ROLE, "aws:PrincipalArn", ROLE.arn, True),
        (ROLE, "aws:PrincipalArn", SESSION, False),
        (ROLE, "aws:PrincipalAccount", HERE, True),
        (ROLE, "aws:PrincipalType", "AssumedRole", True),
        (USER, "aws:username", "carlos", True),
        (USER, "aws:PrincipalIsAWSService", "false", True),
        (SERVICE, "aws:PrincipalIsAWSService", "true", True),
        (SERVICE, "aws:PrincipalServiceName", "s3.amazonaws.com", True),
        (SERVICE, "aws:PrincipalAccount", HERE, False),
        (ANYBODY, "aws:PrincipalAccount", "anonymous", True),
        (USER, "kms:CallerAccount", HERE, True),
        (USER, "kms:CallerAccount", THERE, False),
        (ANYBODY, "aws:ResourceAccount", HERE, True),
        (ANYBODY, "aws:SourceIp", "192.0.2.1", True),
    ],
)
def test_who_asks_decides_the_keys_of_the_principal(principal: Principal, key: str, value: str, passes: bool):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
    condition = {"Condition": {"StringEquals": {key: value}}}
    context = {"aws:sourceip": ("192.0.2.1",), "aws:principalaccount": (THERE,), "aws:principalarn": ("forged",)}
    context["kms:calleraccount"] = (THERE,)

    action = "kms:Decrypt" if key.startswith("kms:") else "s3:GetObject"

    assert (
        asked(principal, policy=[allow("*", **EVERYONE, **condition)], action=action, context=context).allowed is passes
    )


def test_a_trust_policy_says_who_takes_the_role_and_not_who_passes_or_changes_it():
    role, trust = f"arn:aws:iam::{HERE}:role/job", [allow("*", **to("glue.amazonaws.com", kind="Service"))]

    def decision(action: str, principal: Principal = USER) -> bool:
        own = [allow("*")] if principal is USER else []
        return asked(principal, own=own, policy=trust, decides=True, action=action, resource=role).allowed

    assert not decision("sts:AssumeRole")
    assert decision("iam:PassRole")
    assert decision("sts:AssumeRole", Principal(service="glue.amazonaws.com"))
    assert not decision("iam:PassRole", Principal(service="glue.amazonaws.com"))
