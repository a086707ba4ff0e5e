"""Operators on policies: what each makes of a small template, and that what they make decides requests otherwise."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from harness.access.evaluate import Request, decide
from harness.access.policies import read
from harness.access.principals import Principal
from harness.access.refused import Refused
from harness.gate.command import TEMPLATE
from harness.gate.verdicts import dotted
from harness.mutants.cache import CachedMutants, cached_mutants
from harness.mutants.mutation import ABSENT, Mutation, get
from harness.mutants.policies import POLICY_OPERATORS
from harness.mutants.policies.mutants import policy_mutants
from harness.mutants.policies.stated import ROOT
from harness.render.dumping import as_key
from harness.render.rendering import Rendering
from harness.render.resources import Stack
from harness.render.source import read as read_template
from tests.mutants.sampling import some

PREFIXES = {"s3:prefix": ["a/*", "b/*"]}
WRITE = {
    "Sid": "Write",
    "Effect": "Allow",
    "Action": ["s3:PutObject", "s3:GetObject"],
    "Resource": [{"Fn::Sub": "${Bucket.Arn}/raw/*"}],
    "Condition": {"ForAllValues:StringLike": PREFIXES},
}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
OF_QUEUE = {"Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
NOTIFY = {
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::Sub": "arn:aws:s3:::raw-${Environment}"}}},
} | OF_QUEUE
PLAIN = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
} | OF_QUEUE


def a(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{type_}", "Properties": properties}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


SMALL = {
    "Parameters": {"Environment": {"Type": "String", "Default": "development"}},
    "Conditions": {"Told": {"Fn::Equals": [{"Ref": "Environment"}, "production"]}},
    "Resources": {
        "Bucket": a("S3::Bucket"),
        "Queue": a("SQS::Queue"),
        "Function": a("Lambda::Function", Role={"Fn::GetAtt": ["Role", "Arn"]}),
        "Role": a(
            "IAM::Role",
            AssumeRolePolicyDocument=document(TRUST),
            Policies=[{"PolicyName": "own", "PolicyDocument": document(WRITE)}],
        ),
        "Policy": a(
            "SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=document({"Fn::If": ["Told", NOTIFY, PLAIN]})
        ),
    },
}
ROLES = "Resources.Role.Properties.Policies[0].PolicyDocument.Statement"
TRUSTS = "Resources.Role.Properties.AssumeRolePolicyDocument.Statement"
QUEUES = "Resources.Policy.Properties.PolicyDocument.Statement"
SENDS, PLAINS, MAY = f"{QUEUES}[0].Fn::If[1]", f"{QUEUES}[0].Fn::If[2]", f"{ROLES}[0]"
LIKE = f"{MAY}.Condition.ForAllValues:StringLike.s3:prefix"
SOURCE = {"aws:SourceArn": {"Fn::Sub": "arn:aws:s3:::raw-${Environment}"}}
LATER = {"aws:CurrentTime": "2030-01-01T00:00:00Z"}
STRANGERS = "arn:aws:iam::999999999999:role/reporting"
GONE, NO_VALUE = ABSENT, {"Ref": "AWS::NoValue"}
#: Of each operator some mutations: the place, and what stands there then.
MADE = [
    ("widen_action", f"{MAY}.Action[0]", "s3:Put*"),
    ("widen_action", f"{MAY}.Action", [*WRITE["Action"], "s3:RestoreObject"]),
    ("widen_action", f"{SENDS}.Action", "sqs:*"),
    ("narrow_action", f"{MAY}.Action", ["s3:GetObject"]),
    ("narrow_action", f"{PLAINS}.Action", "sqs:Get*"),
    ("exchange_action", f"{TRUSTS}[0].Action", "sts:TagSession"),
    ("widen_resource", f"{MAY}.Resource[0]", {"Fn::Sub": "${Bucket.Arn}/*"}),
    ("widen_resource", f"{MAY}.Resource[0]", {"Fn::Sub": "${Bucket.Arn}/raw*"}),
    ("narrow_resource", f"{MAY}.Resource[0]", {"Fn::Sub": "${Bucket.Arn}/raw/other/*"}),
    ("narrow_resource", f"{PLAINS}.Resource", {"Fn::Sub": "${Queue.Arn}-other"}),
    ("widen_principal", f"{TRUSTS}[0].Principal", {**TRUST["Principal"], "AWS": [STRANGERS]}),
    ("widen_principal", f"{TRUSTS}[0].Principal", {**TRUST["Principal"], "AWS": ROOT}),
    ("exchange_principal", f"{PLAINS}.Principal", {"Service": "backup.amazonaws.com"}),
    ("negate_test", f"{SENDS}.Condition", {"ArnNotEquals": SOURCE}),
    ("negate_test", f"{PLAINS}.Condition.Bool.aws:SecureTransport", True),
    ("may_be_absent", f"{SENDS}.Condition", {"ArnEqualsIfExists": SOURCE}),
    ("may_be_absent", f"{SENDS}.Condition", {"ForAllValues:ArnEquals": SOURCE}),
    ("may_be_absent", f"{MAY}.Condition", {"ForAnyValue:StringLike": PREFIXES}),
    ("may_be_absent", f"{MAY}.Condition", {"StringLike": PREFIXES}),
    ("negate_test", f"{MAY}.Condition", {"ForAllValues:StringNotLike": PREFIXES}),
    ("accept_value", LIKE, ["a/*", "b/*", "quarantine/*"]),
    ("accept_value", LIKE, "*"),
    ("accept_value", f"{SENDS}.Condition.ArnEquals.aws:SourceArn", {"Fn::Sub": "arn:aws:s3:::raw-*"}),
    ("refuse_value", LIKE, ["b/*"]),
    ("refuse_value", LIKE, "quarantine/*"),
    ("mistake_key", f"{PLAINS}.Condition.Bool", {"aws:ViaAWSService": "false"}),
    ("add_condition", f"{TRUSTS}[0].Condition", {"DateLessThan": LATER}),
    ("add_condition", f"{SENDS}.Condition", {**NOTIFY["Condition"], "DateLessThan": LATER}),
    ("remove_statement", TRUSTS, []),
    ("remove_statement", SENDS, NO_VALUE),
    ("turn_statement", f"{SENDS}.Effect", "Deny"),
    ("turn_statement", f"{PLAINS}.Effect", "Allow"),
    ("turn_statement", f"{TRUSTS}[0]", {"NotAction" if key == "Action" else key: TRUST[key] for key in TRUST}),
    ("hide_statement", f"{TRUSTS}[0]", {"Fn::If": ["Told", TRUST, NO_VALUE]}),
    ("hide_statement", SENDS, {"Fn::If": ["Told", NO_VALUE, NOTIFY]}),
    ("double_statement", f"{TRUSTS}[1]", {**TRUST, "Effect": "Deny", "Sid": "Again"}),
    ("double_statement", f"{ROLES}[1]", {**WRITE, "Resource": "*", "Sid": "Again"}),
    ("double_statement", f"{QUEUES}[1]", {"Fn::If": ["Told", {**NOTIFY, "Principal": "*", "Sid": "Again"}, NO_VALUE]}),
    (
        "add_deny",
        f"{ROLES}[1]",
        {
            "Effect": "Deny",
            "NotAction": "s3:RestoreObject",
            "NotResource": "arn:aws:s3:::somewhere-else/*",
            "Condition": {"DateGreaterThan": LATER},
        },
    ),
    ("add_deny", f"{TRUSTS}[1]", {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}),
    ("add_allow", f"{ROLES}[1]", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
    (
        "add_permission",
        "Resources.FunctionPermission",
        a(
            "Lambda::Permission",
            FunctionName={"Ref": "Function"},
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
        ),
    ),
]


def made(operator: str) -> list[Mutation]:
    return list(POLICY_OPERATORS[f"policy_{operator}"](SMALL))


def then(mutation: Mutation, path: str) -> Any:
    """What stands at a path after a mutation; nothing if the mutation is elsewhere."""
    if not mutation.path.startswith(path):
        return None
    length = next(length for length in range(1, 20) if dotted(mutation.place[:length]) == path)
    return get(mutation.template, mutation.place[:length])


@pytest.mark.parametrize(("operator", "path", "value"), MADE)
def test_an_operator_makes_its_change_at_its_place(operator: str, path: str, value: Any):
    assert value in [then(mutation, path) for mutation in made(operator)]


def test_each_operator_has_such_a_row():
    assert {f"policy_{operator}" for operator, _, _ in MADE} == POLICY_OPERATORS.keys()


def test_a_deny_of_every_form_is_added_to_every_policy():
    """By Action or NotAction, Resource or NotResource if it has them, Principal or NotPrincipal, Condition or none."""
    forms = Counter(mutation.place[:-1] for mutation in made("add_deny"))

    assert sorted(forms.values()) == [2**3 + 1, 2**3 + 1, 2**4 + 1]


@pytest.fixture(scope="module")
def cached() -> CachedMutants:
    """All mutants of policies, and not those of everything that the other modules share."""
    found = cached_mutants(read_template(TEMPLATE))
    return replace(found, mutants=policy_mutants(found).all())


# Each day `harness policy-mutants` makes all of them, and judges a sample.
@pytest.mark.nightly
def test_there_are_500_new_mutants_none_of_which_equals_another(cached: CachedMutants):
    """Neither as a template nor, in all scenarios, as what it renders to: whatever differs is judged."""
    bodies = Counter(_body(each.mutation) for each in cached.mutants)
    names = Counter(each.mutation.name for each in cached.mutants)
    new = Counter(each.mutation.operator for each in cached.mutants if each.mutation.operator in POLICY_OPERATORS)

    assert new.total() >= 500
    assert new.keys() == POLICY_OPERATORS.keys()
    assert [*bodies.values(), *names.values()] == [1] * 2 * len(cached.mutants)


def _body(mutation: Mutation) -> str:
    return as_key([mutation.resource, mutation.template["Resources"].get(mutation.resource)])


@pytest.mark.nightly
def test_a_new_mutant_renders_to_what_is_judged(cached: CachedMutants):
    new = [each for each in cached.mutants if each.mutation.operator in POLICY_OPERATORS]
    before = as_key(cached.source.template)

    for each in some(new, 200):
        changed, logical_id = each.changed[0], each.mutation.resource
        rendering = Rendering(each.mutation.template, cached.reach.values(changed))
        assert rendering.stack(logical_id).resources.get(logical_id) == changed.resources[logical_id]
    assert as_key(cached.source.template) == before


HERE = "123456789012"
RAW = f"arn:aws:s3:::financial-raw-data-%s-{HERE}"
QUEUE = f"arn:aws:sqs:us-east-1:{HERE}:validation-queue-%s"
STREAM = f"arn:aws:kinesis:us-east-1:{HERE}:stream/financial-market-stream-%s"
TABLE = f"arn:aws:dynamodb:us-east-1:{HERE}:table/processing-jobs-%s"
FUNCTION = f"arn:aws:lambda:us-east-1:{HERE}:function:data-validation-%s"
CONSUMER = "KinesisConsumerRole"
STATEMENTS = f"{CONSUMER}.Properties.Policies[0].PolicyDocument.Statement"
STORE, NOTIFIES = f"{STATEMENTS}[1]", "ValidationQueuePolicy.Properties.PolicyDocument.Statement[0]"
TELLS = "PipelineAlertTopicPolicy.Properties.PolicyDocument.Statement[1]"
TOPIC = f"arn:aws:sns:us-east-1:{HERE}:pipeline-alerts-%s"
OF_RAW = "RawDataBucketPolicy.Properties.PolicyDocument.Statement"
SERVICE, STRANGER = Principal(service="s3.amazonaws.com"), Principal(STRANGERS)
SOMEBODY = Principal("arn:aws:iam::999999999999:user/somebody")


def ask(who: Principal | str, action: str, on: str, **context: str) -> Any:
    return who, action, on, {key.replace("__", ":"): value for key, value in context.items()}


def put(key: str) -> Any:
    return ask(CONSUMER, "s3:PutObject", f"{RAW}/{key}")


def send(who: Principal, aws__sourcearn: str = RAW, **context: str) -> Any:
    return ask(who, "sqs:SendMessage", QUEUE, aws__sourcearn=aws__sourcearn, **context)


OURS = {"aws__sourceaccount": HERE}
PUT, SEND = put("market-data/x"), send(SERVICE, **OURS)
THEIRS = send(SERVICE, "arn:aws:s3:us-east-1:999999999999:somebody-else", **OURS)
FORMS = "Deny by NotAction, NotResource, NotPrincipal"
#: Of each operator a mutation (place, and what its name goes on with), and a request that it decides otherwise: who,
#: what, on which resource of which environment, with which context; and whether it is allowed then.
DECIDED = [
    ("widen_action", f"{STORE}.Action", "s3:Put*", ask(CONSUMER, "s3:PutObjectAcl", f"{RAW}/market-data/x"), True),
    ("narrow_action", f"{STATEMENTS}[0].Action[2]", "without", ask(CONSUMER, "kinesis:GetRecords", STREAM), False),
    ("exchange_action", f"{STORE}.Action", "s3:RestoreObject", PUT, False),
    ("widen_resource", f"{STORE}.Resource[1]", "${RawDataBucket.Arn}/quarantine/*", put("quarantine/x"), True),
    ("narrow_resource", f"{STORE}.Resource[0]", "${RawDataBucket.Arn}/market-data/other/*", PUT, False),
    ("widen_principal", f"{TELLS}.Principal", "and arn", ask(STRANGER, "sns:Publish", TOPIC), True),
    ("exchange_principal", f"{NOTIFIES}.Principal", "backup.amazonaws.com", SEND, False),
    ("negate_test", f"{NOTIFIES}.Condition", "ArnNotEquals", SEND, False),
    ("may_be_absent", f"{NOTIFIES}.Condition", "StringEqualsIfExists", send(SERVICE), True),
    ("accept_value", f"{NOTIFIES}.Condition.ArnEquals.aws:SourceArn", "or arn", THEIRS, True),
    ("refuse_value", f"{NOTIFIES}.Condition.StringEquals.aws:SourceAccount", "999999999999", SEND, False),
    ("mistake_key", f"{NOTIFIES}.Condition.StringEquals", "aws:ResourceAccount", send(SERVICE), True),
    ("add_condition", f"{STORE}.Condition", "from one network", PUT, False),
    ("remove_statement", f"{STATEMENTS}[5]", "without", ask(CONSUMER, "dynamodb:UpdateItem", TABLE), False),
    ("turn_statement", STORE, "NotResource", put("elsewhere"), True),
    ("turn_statement", f"{OF_RAW}[0]", "NotPrincipal", PUT, False),
    ("hide_statement", STORE, "only if", PUT, False),
    ("double_statement", f"{STATEMENTS}[15]", "StoreRawObjects again, as a Deny", PUT, False),
    ("add_deny", f"{OF_RAW}[5]", FORMS, PUT, False),
    ("add_allow", "ValidationQueuePolicy.Properties.PolicyDocument.Statement[2]", "for arn", send(STRANGER), True),
    (
        "add_permission",
        "DataValidationFunctionPermission",
        "another account",
        ask(SOMEBODY, "lambda:InvokeFunction", FUNCTION),
        True,
    ),
]


@pytest.mark.parametrize(("operator", "path", "change", "asked", "allowed"), DECIDED)
def test_a_mutant_decides_a_request_otherwise(
    cached: CachedMutants, operator: str, path: str, change: str, asked: Any, allowed: bool
):
    """A form that is refused counts as not allowed: whoever asks is not told that it is."""
    begin = f"policy_{operator} Resources.{path}: {change}"
    mutant = next(each for each in cached.mutants if each.mutation.name.startswith(begin))
    index = mutant.changed[0].scenario
    before, after = cached.reach.scenarios[index].rendering.stack(), cached.reach.stack(mutant.changed[0])

    assert _allows(before, *asked) is not allowed
    assert _allows(after, *asked) is allowed


def _allows(stack: Stack, who: Principal | str, action: str, on: str, context: dict[str, str]) -> bool:
    environment = stack.parameters["Environment"]
    principal = who if isinstance(who, Principal) else Principal(stack.resources[who].arn)
    given = {"aws:securetransport": "true", **context}
    filled = {key: (value.replace("%s", environment),) for key, value in given.items()}
    try:
        return decide(read(stack), Request(principal, action, on.replace("%s", environment), HERE, filled)).allowed
    except Refused:
        return False


def test_each_operator_decides_some_request():
    assert {f"policy_{operator}" for operator, *_ in DECIDED} == POLICY_OPERATORS.keys()
