"""RES-060  store_policy_lets_its_roles_work

Why       A Deny in the policy of a bucket, a queue, a key or an endpoint overrides what a role grants.
          One that is meant for strangers, and whose condition the pipeline's own calls meet, stops
          the pipeline: records wait until the stream drops them, and the role looks right.
Targets   AWS::IAM::Role, AWS::EC2::VPCEndpoint, AWS::KMS::Key, AWS::Lambda::Function, AWS::S3::Bucket,
          AWS::S3::BucketPolicy, AWS::SNS::Topic, AWS::SNS::TopicPolicy, AWS::SQS::Queue,
          AWS::SQS::QueuePolicy
"""

from collections.abc import Iterator

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.conditions import OF_THE_ACCOUNT, refuses
from rules.lib.iam import Statement, policy_statements, role_statements
from rules.lib.networks import functions_in_a_vpc
from rules.lib.principals import ACCOUNT, account_of
from rules.lib.roles import ROLE, role_of
from rules.lib.stores import ENCRYPTION_HEADERS, POLICIES, guards, store_of

ENDPOINT, KEY = "AWS::EC2::VPCEndpoint", "AWS::KMS::Key"
#: What a call of the pipeline's own brings along, and what it does not.
KNOWN = {
    **OF_THE_ACCOUNT,
    **dict.fromkeys(ENCRYPTION_HEADERS),
    "aws:principalisawsservice": "false",
    "aws:principalservicename": None,
    "s3:object-lock-remaining-retention-days": None,
}


def subjects(stack: Stack) -> list[str]:
    """All roles."""
    stack.of(KEY, *POLICIES)
    functions_in_a_vpc(stack)
    return list(stack.of(ROLE))


def problems(stack: Stack, subject: str) -> Problems:
    """What the role allows, and the policy of the store or of an endpoint on the way denies, or may deny."""
    role = stack.resources[subject]
    in_a_vpc = any(role_of(stack, each) is role for each in functions_in_a_vpc(stack).values())
    on_the_way = list(stack.of(ENDPOINT).values()) if in_a_vpc else []
    for statement in role_statements(role):
        for arn in statement.resources if statement.allows else ():
            for holder, denials in _policies(stack, store_of(stack, arn), on_the_way):
                about = [each for each in denials if _may_be_about(each, role)]
                known = {**KNOWN, "aws:principalarn": role.arn}
                denied = [each for each in statement.actions if refuses(about, each, arn, known)]
                if denied:
                    yield Problem(
                        f"it allows {', '.join(denied)} on {arn}, and the policy of {holder} denies that, or may.",
                        f"except {role.arn} in the Deny, by a condition on aws:PrincipalArn alone.",
                        statement.path,
                    )


def _policies(stack: Stack, store: Resource | None, endpoints: list[Resource]) -> Iterator[tuple[str, list[Statement]]]:
    if store is not None and store.type in POLICIES:
        yield store.logical_id, guards(stack, store)
    if store is not None and store.type == KEY:
        yield store.logical_id, policy_statements(store)
    for each in endpoints if store is not None else ():
        yield each.logical_id, policy_statements(each)


def _may_be_about(statement: Statement, role: Resource) -> bool:
    if "NotPrincipal" in statement.body:
        return True
    named = statement.principals("AWS")
    of_all = any(
        each == "*" or (account_of(each) == ACCOUNT and (each == ACCOUNT or each.endswith(":root"))) for each in named
    )
    return of_all or role.arn in named
