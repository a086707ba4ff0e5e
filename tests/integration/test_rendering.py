"""Renderings match what is created by an emulated AWS that resolves the same templates independently.

MiniStack itself departs from AWS in these, so the templates here do without them: in a condition it leaves `Ref` of a
pseudo parameter, `Join`, `Split`, `Sub` and `FindInMap` as they are; `Sub` of a list is its text, and of AWS::NoValue
"AWS::NoValue", where AWS refuses both; a boolean in `Join` or `Sub` is "True"; `Select` takes a text for a list;
`GetAZs` of another region is empty; a queue's `Ref` is the emulator's own address, and StackId is random.
"""

import itertools
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings

from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE, parameters_in
from harness.emulator.process import Emulator
from harness.render import parameters
from harness.render.attributes import Account
from harness.render.errors import UnrenderableTemplate
from harness.render.rendering import Rendering
from harness.render.resources import at
from harness.render.source import Source, read
from tests.integration.stacks import deploy_template
from tests.render.strategies import DEPLOYED_MAPPINGS, deployable_templates
from tests.waiting import until

pytestmark = pytest.mark.stack

_numbers = itertools.count()


@pytest.fixture(scope="module")
def source() -> Source:
    return read(TEMPLATE)


def rendered_for(emulator: Emulator, template: Any, values: dict[str, str], stack: str) -> Rendering:
    account = Account(account_id=emulator.account_id, region=emulator.region, stack_name=stack)
    complete = {name: values.get(name, each.get("Default")) for name, each in template.get("Parameters", {}).items()}
    return Rendering(template, {name: parameters.text(value) for name, value in complete.items()}, account)


def create(emulator: Emulator, stack: str, template: Any, values: dict[str, str]) -> dict[str, Any]:
    """Create a stack; return its final `describe_stacks` entry."""
    cloudformation = emulator.client("cloudformation")
    given_values = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=json.dumps(template),
        Parameters=given_values,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )

    def finished() -> Any:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return None if described["StackStatus"].endswith("_IN_PROGRESS") else described

    return until(finished)


def texts(value: Any) -> Any:
    """Every number as text: MiniStack keeps a Number parameter's text where the rendering has a number."""
    if isinstance(value, dict):
        return {key: texts(each) for key, each in value.items()}
    return [texts(each) for each in value] if isinstance(value, list) else parameters.text(value)


class Created:
    """The created resources, in template form."""

    def __init__(self, emulator: Emulator) -> None:
        self._client = emulator.client

    def __call__(self, kind: str, properties: dict[str, Any], ref: str) -> dict[str, Any]:
        """The current values of the properties that can be read back."""
        return texts(getattr(self, kind.removeprefix("AWS::").replace("::", "_").lower())(properties, ref))

    def ssm_parameter(self, properties: dict[str, Any], _: str) -> Any:
        return {"Value": self._client("ssm").get_parameter(Name=properties["Name"])["Parameter"]["Value"]}

    def sqs_queue(self, properties: dict[str, Any], _: str) -> Any:
        sqs = self._client("sqs")
        url = sqs.get_queue_url(QueueName=properties["QueueName"])["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        # A queue has each attribute; that one is not given is seen by its default.
        return {key: found[key] for key in ("VisibilityTimeout", "DelaySeconds")}

    def sns_topic(self, properties: dict[str, Any], ref: str) -> Any:
        sns = self._client("sns")
        name = sns.get_topic_attributes(TopicArn=ref)["Attributes"]["DisplayName"]
        tags = sns.list_tags_for_resource(ResourceArn=ref)["Tags"]
        # CloudFormation adds some of its own.
        return {"DisplayName": name, "Tags": [each for each in tags if not each["Key"].startswith("aws:")]}

    def iam_role(self, properties: dict[str, Any], _: str) -> Any:
        iam, name = self._client("iam"), properties["RoleName"]
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        documents = {each: iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in names}
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        return {
            "AssumeRolePolicyDocument": _document(trust),
            "Policies": {k: _document(v) for k, v in documents.items()},
        }

    def cloudwatch_alarm(self, properties: dict[str, Any], _: str) -> Any:
        found = self._client("cloudwatch").describe_alarms(AlarmNames=[properties["AlarmName"]])["MetricAlarms"][0]
        keys = [key for key in properties if key not in ("Tags", "Metrics")]
        return {key: found.get(key) for key in keys}

    def logs_loggroup(self, properties: dict[str, Any], _: str) -> Any:
        groups = self._client("logs").describe_log_groups(logGroupNamePrefix=properties["LogGroupName"])["logGroups"]
        return {"RetentionInDays": groups[0]["retentionInDays"]}

    def events_rule(self, properties: dict[str, Any], _: str) -> Any:
        found = self._client("events").describe_rule(Name=properties["Name"])
        return {"Description": found["Description"], "EventPattern": json.loads(found["EventPattern"])}


def _document(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) else document


def expected(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The rendering's properties in the form in which they are read back."""
    if kind == "AWS::IAM::Role":
        documents = {each["PolicyName"]: each["PolicyDocument"] for each in properties["Policies"]}
        return texts({"AssumeRolePolicyDocument": properties["AssumeRolePolicyDocument"], "Policies": documents})
    if kind == "AWS::SQS::Queue":
        return texts({"VisibilityTimeout": 30, "DelaySeconds": 0} | properties)
    if kind == "AWS::SNS::Topic":
        return texts({"DisplayName": properties["TopicName"], "Tags": []} | properties)
    if kind == "AWS::CloudWatch::Alarm":
        return texts(properties | {"Threshold": float(properties["Threshold"])})
    return texts(properties)


@settings(
    max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(deployable_templates())
def test_whatever_is_deployed_is_as_it_was_rendered(emulator: Emulator, drawn: Any) -> None:
    template, values = drawn
    stack = f"stack-{next(_numbers)}"
    rendering = rendered_for(emulator, template, values, stack)

    described = create(emulator, stack, template, values)

    assert described["StackStatus"] == "CREATE_COMPLETE", described
    created = Created(emulator)
    resources = rendering.template["Resources"]
    listed = emulator.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    assert {each["LogicalResourceId"] for each in listed} == resources.keys()
    for each in listed:
        kind, properties = each["ResourceType"], resources[each["LogicalResourceId"]]["Properties"]
        found = created(kind, properties, each["PhysicalResourceId"])
        wanted = expected(kind, properties)
        assert found == {key: wanted.get(key) for key in found}, each["LogicalResourceId"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    assert outputs == {name: each["Value"] for name, each in rendering.template["Outputs"].items()}


@pytest.mark.parametrize(
    "written",
    [
        {"Fn::Select": [3, ["a", "b"]]},
        {"Fn::Select": [1, [{"Ref": "AWS::NoValue"}, "a"]]},
        {"Fn::FindInMap": ["Sizes", "three", "text"]},
        {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "text"]},
        {"Fn::Select": [0, {"Fn::Cidr": ["10.0.0.0/24", 300, 4]}]},
        {"Fn::Select": [0, {"Fn::Cidr": ["10.0.0.0/28", 2, 8]}]},
        {"Fn::If": [{"Fn::Equals": ["a", "a"]}, "a", "b"]},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_what_is_refused_here_is_refused_there(emulator: Emulator, written: Any) -> None:
    """A rendering of a template that AWS would roll back would be meaningless."""
    template = {
        "Mappings": DEPLOYED_MAPPINGS,
        "Resources": {"A": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": written}}},
    }
    with pytest.raises(UnrenderableTemplate):
        _ = Rendering(template, {}).template
    try:
        status = create(emulator, f"refused-{next(_numbers)}", template, {})["StackStatus"]
    except ClientError:
        return
    assert status in ("ROLLBACK_COMPLETE", "CREATE_FAILED")


# ------------------------------------------------------------- our own template
def test_the_template_is_deployed_as_it_is_rendered(emulator: Emulator, source: Source) -> None:
    changes = {"DataConsumerAccountId": "111122223333", "DataConsumerOrganizationId": "o-a1b2c3d4e5"}
    deployment = deploy_template(emulator, **changes)
    values = parameters_in(DEVELOPMENT_PARAMETERS) | changes
    rendering = rendered_for(emulator, source.template, values, "financial-pipeline")
    stack = rendering.stack()

    assert set(deployment.resources) == set(stack.resources)
    # Ids that AWS makes up are made up here too; everything else has a name, which is the same.
    ids = {each.ref: deployment.resources[name] for name, each in stack.resources.items()}

    def real(value: Any) -> Any:
        text = json.dumps(value)
        for placeholder, actual in ids.items():
            text = text.replace(placeholder, actual)
        return texts(json.loads(text))

    seen = 0
    created = Created(emulator)
    for kind in ("AWS::IAM::Role", "AWS::SSM::Parameter", "AWS::CloudWatch::Alarm", "AWS::Logs::LogGroup"):
        for name, each in stack.of(kind).items():
            found = created(kind, each.properties, deployment.resources[name])
            wanted = expected(kind, real(each.properties))
            assert found == {key: wanted.get(key) for key in found}, name
            seen += 1
    s3, sqs, glue = (emulator.client(service) for service in ("s3", "sqs", "glue"))
    for name, each in stack.of("AWS::S3::BucketPolicy").items():
        policy = s3.get_bucket_policy(Bucket=each.properties["Bucket"])["Policy"]
        assert texts(json.loads(policy)) == real(each.properties["PolicyDocument"]), name
        seen += 1
    for name, each in stack.of("AWS::SQS::Queue").items():
        found = sqs.get_queue_attributes(QueueUrl=deployment.resources[name], AttributeNames=["All"])["Attributes"]
        for key in each.properties.keys() & found.keys():
            value = json.loads(found[key]) if key == "RedrivePolicy" else found[key]
            assert texts(value) == real(each.properties[key]), (name, key)
            seen += 1
    for name, each in stack.of("AWS::Glue::Job").items():
        job = glue.get_job(JobName=deployment.resources[name])["Job"]
        assert texts(job["DefaultArguments"]) == real(each.properties["DefaultArguments"]), name
        assert job["WorkerType"] == at(each.properties, "WorkerType")
        assert job["NumberOfWorkers"] == at(each.properties, "NumberOfWorkers")
        seen += 1
    assert deployment.outputs == {name: real(each["Value"]) for name, each in rendering.template["Outputs"].items()}
    assert seen > 40
