"""Which policies a stack has, and what is refused with its place because it may grant and is not evaluated."""

from typing import Any

import pytest

from harness.access.policies import Policies, read
from harness.access.principals import Principal
from harness.access.refused import Refused
from harness.render.rendering import Rendering

ACCOUNT = "123456789012"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::raw/*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
OPEN = {"Effect": "Allow", "Action": "s3:*", "Principal": "*", "Resource": "*"}


def document(*statements: Any, **keys: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **keys}


def role(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "role", "AssumeRolePolicyDocument": document(TRUST), **properties},
    }


def inline(*statements: Any) -> list[dict[str, Any]]:
    return [{"PolicyName": "own", "PolicyDocument": document(*statements)}]


def policies(**resources: Any) -> Policies:
    return read(Rendering({"Resources": {"Role": role(), **resources}}, {}).stack())


def a(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{type_}", "Properties": properties}


ROLE = Principal(f"arn:aws:iam::{ACCOUNT}:role/role")
REFERS = {"Ref": "Role"}
BUCKET = a("S3::Bucket", BucketName="raw")
QUEUE = a("SQS::Queue", QueueName="queue")
TOPIC = a("SNS::Topic", TopicName="topic")
FUNCTION = a("Lambda::Function", FunctionName="function")
OWN = "Role.Properties.Policies.0.PolicyDocument"
POLICY = "Policy.Properties.PolicyDocument"
BUCKET_POLICY = a("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=document(OPEN))
WITH_POLICY = {"Bucket": BUCKET, "Policy": BUCKET_POLICY}


def test_a_roles_policies_are_found_wherever_they_are_attached():
    found = policies(
        Role=role(Policies=inline(ALLOW), ManagedPolicyArns=[{"Ref": "Managed"}], PermissionsBoundary={"Ref": "Limit"}),
        Managed=a("IAM::ManagedPolicy", PolicyDocument=document(ALLOW)),
        Limit=a("IAM::ManagedPolicy", PolicyDocument=document(ALLOW)),
        Attached=a("IAM::Policy", PolicyName="x", Roles=[REFERS], PolicyDocument=document(ALLOW)),
        Another=a("IAM::RolePolicy", PolicyName="y", RoleName=REFERS, PolicyDocument=document(ALLOW)),
        Unattached=a("IAM::ManagedPolicy", PolicyDocument=document(ALLOW)),
    )
    own = found.identity(ROLE)

    assert sorted(str(each) for each in own.statements) == [
        "Another.Properties.PolicyDocument.Statement.0", "Attached.Properties.PolicyDocument.Statement.0",
        "Managed.Properties.PolicyDocument.Statement.0", "Role.Properties.Policies.0.PolicyDocument.Statement.0",
    ]  # fmt: skip
    assert [str(each) for each in own.boundary or ()] == ["Limit.Properties.PolicyDocument.Statement.0"]


@pytest.mark.parametrize(
    ("arn", "resources", "places"),
    [
        ("arn:aws:s3:::raw", WITH_POLICY, [f"{POLICY}.Statement.0"]),
        ("arn:aws:s3:::raw/a/b", WITH_POLICY, [f"{POLICY}.Statement.0"]),
        ("arn:aws:s3:::rawer/a", WITH_POLICY, []),
        (
            f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue",
            {"Queue": QUEUE, "Policy": a("SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=document(OPEN))},
            [f"{POLICY}.Statement.0"],
        ),
        (
            f"arn:aws:sns:us-east-1:{ACCOUNT}:topic",
            {"Topic": TOPIC, "Policy": a("SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=document(OPEN))},
            [f"{POLICY}.Statement.0"],
        ),
        (ROLE.arn, {}, ["Role.Properties.AssumeRolePolicyDocument.Statement.0"]),
        (f"arn:aws:iam::{ACCOUNT}:role/other", {}, ["outside the template.Statement"]),
        ("arn:aws:s3:::others/x", {}, []),
    ],
)
def test_a_resource_has_the_policy_that_names_it(arn: str, resources: dict[str, Any], places: list[str]):
    service = {"iam": "sts"}.get(arn.split(":")[2], arn.split(":")[2])

    assert [str(each) for each in policies(**resources).resource(arn, ACCOUNT, service).statements] == places


def test_a_trust_policy_is_about_who_takes_the_role_alone():
    assert policies().resource(ROLE.arn, ACCOUNT, "iam").statements == ()


def test_what_is_not_in_the_template_may_be_open():
    """Or nobody would see what a role could do there."""
    (found,) = policies().resource("arn:aws:s3:::theirs/x", "210987654321", "s3").statements

    assert found.allows
    assert found.principals
    assert found.principals.everyone


@pytest.mark.parametrize("stated", [{}, {"KeyPolicy": document(OPEN | {"Action": "kms:*"})}])
def test_a_key_without_a_policy_lets_the_account_in(stated: dict[str, Any]):
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"""
    found = policies(Key=a("KMS::Key", **stated))
    (own,) = (each for each in found.resources if each.decides and ":key/" in each.covers[0].text)
    (statement,) = own.statements

    assert statement.principals
    assert (statement.principals.everyone, statement.principals.accounts) == (
        bool(stated), frozenset() if stated else {ACCOUNT},
    )  # fmt: skip


def test_a_permission_is_a_statement_of_the_functions_policy():
    """https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html"""
    found = policies(
        Function=FUNCTION,
        Permission=a(
            "Lambda::Permission", FunctionName={"Ref": "Function"}, Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::raw", SourceAccount=ACCOUNT,
        ),
    )  # fmt: skip
    (own,) = found.resource(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:function", ACCOUNT, "lambda").statements

    assert own.principals
    assert own.principals.services == {"s3.amazonaws.com"}
    assert own.keys == {"aws:sourcearn", "aws:sourceaccount"}


def test_an_endpoint_has_its_policy_and_without_one_lets_everything_through():
    service = {"ServiceName": "com.amazonaws.us-east-1.kinesis-streams"}
    found = policies(
        One=a("EC2::VPCEndpoint", **service, PolicyDocument=document(OPEN)), Two=a("EC2::VPCEndpoint", **service)
    )

    assert {name: (each.service, str(each.statements[0])) for name, each in found.endpoints.items()} == {
        "One": ("kinesis", "One.Properties.PolicyDocument.Statement.0"),
        "Two": ("kinesis", "outside the template.Statement"),
    }


def changed(statement: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"Role": role(Policies=inline({**statement, **keys}))}


def on_bucket(**keys: Any) -> dict[str, Any]:
    body = {key: each for key, each in {**OPEN, **keys}.items() if each is not None}
    return {
        "Bucket": BUCKET,
        "Policy": BUCKET_POLICY | a("S3::BucketPolicy", Bucket="raw", PolicyDocument=document(body)),
    }


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (changed(ALLOW, Action="*:GetObject"), f"{OWN}.Statement.0.Action: .*in its name alone"),
        (changed(ALLOW, Action="s?:Get"), f"{OWN}.Statement.0.Action: s"),
        (
            changed(ALLOW, Resource="arn:aws:s*3:::raw"),
            f"{OWN}.Statement.0.Resource: .*wildcards at the end of its parts",
        ),
        (changed(ALLOW, Resource="arn:aws:s3::?:raw"), f"{OWN}.Statement.0.Resource"),
        (changed(ALLOW, Resource="raw"), f"{OWN}.Statement.0.Resource: raw is no ARN"),
        (changed(ALLOW, Resource="arn:aws:s3:::${aws:username}"), f"{OWN}.Statement.0: .*policy variable"),
        (changed(ALLOW, Principal="*"), f"{OWN}.Statement.0: a statement of a policy of an identity has Principal and"),
        (changed(ALLOW, Effect="allow"), f"{OWN}.Statement.0: .*neither Allow nor Deny"),
        (changed(ALLOW, Condition={"BinaryEquals": {"a:b": "eA=="}}), f"{OWN}.Statement.0.Condition.BinaryEquals.a:b"),
        ({"Role": role(Policies=[{"PolicyDocument": document(ALLOW, Version="2020-01-01")}])}, f"{OWN}: .*Version"),
        ({"Role": role(Policies=[{"PolicyDocument": document(ALLOW, Rule=1)}])}, f"{OWN}: a policy document has Rule"),
        ({"Role": role(Policies=[{"PolicyDocument": document()}])}, f"{OWN}.Statement: the policy has no statement"),
        ({"Role": role(AssumeRolePolicyDocument=document(TRUST | {"Resource": "*"}))}, "trust policy has Principal"),
        (
            {"Role": role(ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"])},
            "Role.Properties.ManagedPolicyArns",
        ),
        (
            {"Role": role(PermissionsBoundary="arn:aws:iam::aws:policy/X")},
            "Role.Properties.PermissionsBoundary: .*nobody",
        ),
        (on_bucket(Principal=None), f"{POLICY}.Statement.0: a statement of a policy of a resource has Resource"),
        (on_bucket(Principal={"AWS": "arn:aws:iam::1:role/*"}), f"{POLICY}.Statement.0.Principal: .*is not evaluated"),
        (on_bucket(Principal={"AWS": "AROAEXAMPLE"}), f"{POLICY}.Statement.0.Principal: .*AROAEXAMPLE"),
        (on_bucket(Principal={"CanonicalUser": "79a5"}), f"{POLICY}.Statement.0.Principal: .*is not evaluated"),
        (on_bucket(Principal={}), f"{POLICY}.Statement.0.Principal: there is no principal"),
        (on_bucket(Principal=None, NotPrincipal={"AWS": ACCOUNT}), f"{POLICY}.Statement.0: .*only to deny"),
        (on_bucket(Principal=None, Effect="Deny", NotPrincipal="*"), f"{POLICY}.Statement.0.NotPrincipal: .*everyone"),
        (
            {"Policy": a("S3::BucketPolicy", Bucket="x", PolicyDocument=document(OPEN))},
            "Policy.Properties.Bucket: .*nothing",
        ),
        (
            {"Bucket": a("S3::Bucket", AccessControl="PublicRead")},
            "Bucket.Properties.AccessControl: access control lists",
        ),
        (WITH_POLICY | {"Another": BUCKET_POLICY}, "Another: arn:aws:s3:::raw has two policies"),
        ({"Topic": TOPIC}, "Topic: the topic has no policy"),
        (
            {"Policy": a("IAM::Policy", Roles=["x"], PolicyDocument=document(ALLOW))},
            "Policy.Properties.Roles: x is no role",
        ),
        (
            {"Policy": a("IAM::Policy", Users=["x"], PolicyDocument=document(ALLOW))},
            "Policy.Properties.Users: only policies of roles",
        ),
        ({"Policy": a("IAM::Policy", PolicyDocument=document(ALLOW))}, "Policy.Properties: .*names no role"),
        (
            {"Role": role(), "Policy": a("IAM::ManagedPolicy", Groups=["x"], PolicyDocument=document(ALLOW))},
            "Policy.Properties.Groups: only policies of roles",
        ),
        (changed(ALLOW, Resource="arn:aws:s3:::{{resolve:ssm:bucket}}"), f"{OWN}: .*dynamic reference"),
        (
            {"Way": a("EC2::VPCEndpoint", ServiceName="com.amazonaws.us-east-1.ecr.api")},
            "Way.Properties.ServiceName: whose actions pass",
        ),
        (
            {"Way": a("EC2::VPCEndpoint", ServiceName="com.amazonaws.vpce.us-east-1.vpce-svc-0123")},
            "Way.Properties.ServiceName: whose actions pass",
        ),
        (
            {"P": a("Lambda::LayerVersionPermission", Action="lambda:GetLayerVersion", Principal="*")},
            "P: what AWS::Lambda::LayerVersionPermission grants is not evaluated",
        ),
        ({"User": a("IAM::User")}, "User: what AWS::IAM::User grants is not evaluated"),
        (
            {"Layer": a("Lambda::LayerVersionPermission", Principal="*")},
            "Layer: what AWS::Lambda::LayerVersionPermission",
        ),
        ({"Nested": a("CloudFormation::Stack", TemplateURL="x")}, "Nested: what AWS::CloudFormation::Stack grants"),
        (
            {"Table": a("DynamoDB::Table", ResourcePolicy={"PolicyDocument": document(OPEN)})},
            "Table.Properties.ResourcePolicy",
        ),
        (
            {"Stream": a("Kinesis::ResourcePolicy", ResourcePolicy=str(document(OPEN)).replace("'", '"'))},
            "Stream.Properties",
        ),
        (
            {"Function": FUNCTION, "P": a("Lambda::Permission", FunctionName="function", EventSourceToken="x")},
            "P.Properties.Ev",
        ),
    ],
    ids=lambda each: each[:60] if isinstance(each, str) else "",
)
def test_what_is_not_evaluated_is_refused_with_its_place(resources: dict[str, Any], message: str):
    with pytest.raises(Refused, match=message):
        policies(**resources)
