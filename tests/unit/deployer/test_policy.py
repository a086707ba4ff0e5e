"""The deployer's policies grant what the resource handlers call and the documented extras, and nothing else."""

import copy
import json
import re
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import awscli.customizations.cloudformation.deployer as awscli_deployer
import pytest

from harness.deployer import additions, handlers, names, page, policy, reference
from harness.deployer.errors import UnknownRight
from harness.deployer.names import Place
from harness.deployer.page import PAGES, ROOT, TEMPLATE
from harness.gate.engines.cfn_lint import lint
from harness.render import schemas, source

COMMITTED: dict[str, Any] = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())
STATEMENTS = [statement for document in COMMITTED.values() for statement in document["Statement"]]
OF_RESOURCES = [each for name, document in COMMITTED.items() if name != "calls" for each in document["Statement"]]
THE_TEMPLATE: dict[str, Any] = source.read(TEMPLATE).template
PRODUCTION = Place("production")
TYPES = sorted({resource["Type"] for resource in THE_TEMPLATE["Resources"].values()})


def _rights(template: dict[str, Any], place: Place = PRODUCTION) -> policy.Rights:
    return policy.rights(template, [path.read_text() for path in PAGES], place)


def _granted(statements: list[dict[str, Any]]) -> set[str]:
    return {action for statement in statements for action in statement["Action"]}


# ------------------------------------------------------------------------------------------ what is granted ----


@cache
def _raw_schema(type_: str) -> dict[str, Any]:
    """Read from the package directly, not through harness/render/schemas.py."""
    folder = resources.files("cfnlint.data.schemas")
    number = json.loads(folder.joinpath("providers", "us-east-1.json").read_text())[type_]
    schema: dict[str, Any] = json.loads(folder.joinpath("resources", f"{number}.json").read_text())
    return schema


@pytest.mark.parametrize("type_", TYPES)
def test_every_action_of_every_handler_is_granted(type_: str) -> None:
    stated = _raw_schema(type_)["handlers"]
    wanted = {action for name in ("create", "read", "update", "delete") for action in _permissions(stated, name)}
    spelled = {re.sub("^[^:]+", lambda service: service[0].lower(), action) for action in wanted}

    assert "create" in stated
    assert spelled - handlers.NO_ACTIONS.keys() - _granted(OF_RESOURCES) == set()


def _permissions(stated: dict[str, Any], handler: str) -> list[str]:
    # A type that can only be replaced has no update.
    permissions: list[str] = stated.get(handler, {}).get("permissions", [])
    return permissions


def test_nothing_is_granted_that_no_handler_and_no_page_asks_for() -> None:
    found = _rights(THE_TEMPLATE)
    asked = {*found.handlers, *(action for each in (*found.caller, *found.resources) for action in each.actions)}
    assert _granted(STATEMENTS) == asked


def test_what_only_a_list_handler_calls_is_not_granted() -> None:
    only_listed = {
        action
        for type_ in TYPES
        for action in _permissions(_raw_schema(type_)["handlers"], "list")
        if action not in handlers.called_for(TYPES)
    }

    assert "s3:ListAllMyBuckets" in only_listed
    # For administrators of a stream.
    assert only_listed & _granted(OF_RESOURCES) <= {"kms:ListKeys"}


@pytest.mark.parametrize(
    "type_",
    ["AWS::CloudWatch::AlarmMuteRule", "AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::Scheduler::Schedule"],
)
def test_a_type_more_in_the_template_is_a_right_more(type_: str) -> None:
    template = copy.deepcopy(THE_TEMPLATE)
    template["Resources"]["Another"] = {"Type": type_, "Properties": {}}
    grown = policy.documents(_rights(template))

    granted = _granted([statement for document in grown.values() for statement in document["Statement"]])
    assert granted > _granted(STATEMENTS)
    assert {f"{action.partition(':')[0].lower()}:{action.partition(':')[2]}" for action in _created(type_)} <= granted
    assert grown != COMMITTED


def _created(type_: str) -> list[str]:
    return [action for action in _permissions(_raw_schema(type_)["handlers"], "create") if reference.exists(action)]


def test_a_type_less_in_the_template_is_a_right_less() -> None:
    template = copy.deepcopy(THE_TEMPLATE)
    found = template["Resources"].items()
    template["Resources"] = {name: each for name, each in found if each["Type"] != "AWS::SSM::Parameter"}

    documents = policy.documents(_rights(template))
    assert "ssm:PutParameter" in _granted(STATEMENTS)
    assert "ssm:PutParameter" not in json.dumps(documents)


def test_a_type_without_handlers_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    template = copy.deepcopy(THE_TEMPLATE)
    template["Resources"]["Another"] = {"Type": "AWS::Nowhere::Thing"}
    with pytest.raises(UnknownRight, match=r"AWS::Nowhere::Thing has no handlers .* WITHOUT_HANDLERS"):
        _rights(template)

    monkeypatch.setitem(handlers.WITHOUT_HANDLERS, "AWS::Nowhere::Thing", ("s3:ListAllMyBuckets",))
    assert "s3:ListAllMyBuckets" in _rights(template).handlers


def test_a_name_that_is_no_action_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = schemas.permissions("AWS::SSM::Parameter")
    monkeypatch.setattr(schemas, "permissions", lambda _: {**stated, "create": ("ssm:PutParametre",)})
    with pytest.raises(UnknownRight, match=r"AWS::SSM::Parameter needs ssm:PutParametre.* NO_ACTIONS"):
        handlers.called_for(["AWS::SSM::Parameter"])


def test_no_name_is_excused_that_is_an_action_or_that_no_type_asks_for() -> None:
    assert [name for name in handlers.NO_ACTIONS if reference.exists(name)] == []
    assert set(handlers.NO_ACTIONS) == set(_rights(THE_TEMPLATE).without_action)
    for name, each in handlers.NO_ACTIONS.items():
        assert all(reference.exists(action) for action in each.instead), name
        assert each.url.startswith("https://docs.aws.amazon.com/"), name


# ----------------------------------------------------------------------------------------------- what it is ----


def _lint(document: dict[str, Any]) -> list[str]:
    """cfn-lint's findings in a policy; it knows every action and its resource types."""
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    return [failure.rule for failure in lint("policy", json.dumps({"Resources": {"Policy": managed}}), False).failures]


@pytest.mark.parametrize("name", COMMITTED)
def test_cfn_lint_finds_nothing_in_a_policy(name: str) -> None:
    assert _lint(COMMITTED[name]) == []


def test_cfn_lint_would_find_an_action_that_there_is_not() -> None:
    document = copy.deepcopy(COMMITTED["calls"])
    document["Statement"][0]["Action"].append("cloudformation:DeployStack")
    assert _lint(document) == ["W3037"]


def test_iam_takes_every_policy() -> None:
    assert len(COMMITTED) <= policy.MAXIMUM_POLICIES
    for name, document in COMMITTED.items():
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert policy.size(document) <= policy.MAXIMUM_CHARACTERS, name
        assert len(sids) == len(set(sids)), name
        assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids), name
        assert all(statement["Resource"] for statement in document["Statement"]), name


def test_a_size_is_counted_without_white_space() -> None:
    assert policy.size({"a": ["b c"]}) == len('{"a":["bc"]}')


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("environment", ["production", "staging", "development"])
def test_the_same_policies_fit_every_environment(environment: str, partition: str) -> None:
    """deploying.md has a command for each of them."""
    documents = policy.documents(_rights(THE_TEMPLATE, Place(environment, partition, artifact_bucket="b" * 63)))

    assert list(documents) == list(COMMITTED)
    for name, document in documents.items():
        assert policy.size(document) <= policy.MAXIMUM_CHARACTERS
        assert [each["Sid"] for each in document["Statement"]] == [each["Sid"] for each in COMMITTED[name]["Statement"]]
        text = json.dumps(document)
        assert f"arn:{partition}:" in text
        assert environment == "production" or "production" not in text


def test_many_names_are_given_by_what_they_all_end_in() -> None:
    def queues(count: int, ending: str = "-production") -> list[str]:
        queue = {"Type": "AWS::SQS::Queue"}
        stated = {f"Q{n}": {**queue, "Properties": {"QueueName": f"{n}{ending}"}} for n in range(count)}
        return list(names.arns({"Resources": stated}, Place("production"))["sqs"]["queue"])

    assert len(queues(8)) == 8
    assert queues(9) == ["arn:aws:sqs:*:*:*-production"]
    # That would be every queue of the account that ends in x.
    assert len(queues(9, "x")) == 9


def test_a_service_that_fits_no_policy_stops_it() -> None:
    template = copy.deepcopy(THE_TEMPLATE)
    template["Resources"] |= {
        f"Bucket{number}": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"{number}-{'x' * 50}"}}
        for number in range(40)
    }
    with pytest.raises(UnknownRight, match="S3 alone is more than a managed policy takes"):
        _rights(template)


# -------------------------------------------------------------------------------------------- how far it goes ----


def test_what_touches_data_works_only_through_cloudformation() -> None:
    for statement in OF_RESOURCES:
        through = "aws:CalledVia" in json.dumps(statement.get("Condition", {}))
        assert through or statement["Sid"] in ("PassRole", "KeyUse", "KMSStreamKey"), statement["Sid"]
    direct = {action for each in OF_RESOURCES if "Condition" not in each for action in each["Action"]}
    assert direct == {"kms:DescribeKey", "kms:ListAliases", "kms:ListKeys"}


def test_a_key_is_used_only_through_a_service() -> None:
    (statement,) = [each for each in OF_RESOURCES if "kms:Decrypt" in each["Action"]]
    assert statement["Condition"] == {"Null": {"kms:ViaService": "false"}}
    # The key's own resource type needs its administration actions, without kms:ViaService.
    assert not {"kms:CreateKey", "kms:PutKeyPolicy", "kms:DescribeKey"} & set(statement["Action"])


def test_the_variant_for_a_service_role_has_no_such_condition() -> None:
    """CloudFormation assumes the role itself, so no call has aws:CalledVia."""
    documents = policy.documents(_rights(THE_TEMPLATE), service_role=True)
    statements = [each for document in documents.values() for each in document["Statement"]]
    assert "aws:CalledVia" not in json.dumps(documents)
    assert _granted(statements) == _granted(STATEMENTS)


def test_roles_are_passed_to_the_services_that_get_one() -> None:
    (statement,) = [each for each in STATEMENTS if "iam:PassRole" in each["Action"]]
    text = TEMPLATE.read_text()
    names_of_roles = re.findall(r"RoleName: !Sub (\S+)", text)
    trusted = {
        each["Principal"]["Service"]
        for resource in THE_TEMPLATE["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for each in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    }

    assert statement["Action"] == ["iam:PassRole"]
    assert set(statement["Condition"]["StringEquals"]["iam:PassedToService"]) == trusted
    assert sorted(statement["Resource"]) == sorted(
        f"arn:aws:iam::*:role/{name.replace('${Environment}', 'production')}" for name in names_of_roles
    )


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"Fn::If": ["A", {}, {}]}, id="chosen by a condition"),
        pytest.param({"Principal": {"Service": {"Ref": "Who"}}}, id="chosen by a parameter"),
    ],
)
def test_a_trust_that_cannot_be_read_stops_it(statement: dict[str, Any]) -> None:
    template = copy.deepcopy(THE_TEMPLATE)
    template["Resources"]["GlueJobRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"].append(statement)
    with pytest.raises(UnknownRight, match="GlueJobRole"):
        _rights(template)


def test_a_resource_outside_the_environment_is_not_covered() -> None:
    narrow = [arn for each in STATEMENTS for arn in each["Resource"] if arn != "*"]
    for arn in (
        "arn:aws:s3:::financial-raw-data-staging-111122223333",
        "arn:aws:dynamodb:us-east-1:111122223333:table/processing-jobs-staging",
        "arn:aws:iam::111122223333:role/administrator",
        "arn:aws:sqs:us-east-1:111122223333:validation-queue-staging",
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:consumer-errors-staging",
    ):
        assert not any(fnmatchcase(arn, pattern) for pattern in narrow), arn


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param({"Fn::Sub": "jobs-${Environment}"}, "jobs-production", id="the environment's"),
        pytest.param("jobs", "jobs", id="as it is"),
        pytest.param({"Fn::Sub": "jobs-${Other}"}, "jobs-*", id="another parameter's"),
        pytest.param({"Fn::If": ["A", "a", "b"]}, "*", id="chosen by a condition"),
        pytest.param({"Ref": "Name"}, "*", id="a parameter"),
        pytest.param(None, "*", id="chosen by CloudFormation"),
    ],
)
def test_a_name_is_given_as_far_as_it_is_known(name: Any, expected: str) -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {} if name is None else {"TableName": name}}
    arns = names.arns({"Resources": {"Table": table}}, Place("production"))
    assert arns["dynamodb"]["table"] == (f"arn:aws:dynamodb:*:*:table/{expected}",)


# ------------------------------------------------------------------------------------------- the caller's own ----


def test_the_calls_of_the_aws_cli_are_granted() -> None:
    """From the CLI's source: its calls and those of its waiters."""
    text = Path(awscli_deployer.__file__).read_text()
    called = {_pascal(name) for name in re.findall(r"self\._client\.(\w+)\(", text)} - {"GetWaiter"}
    waited = set(re.findall(r'get_waiter\("(\w+)"\)', text))

    assert {"change_set_create_complete", "stack_create_complete", "stack_update_complete"} == waited
    assert called | {"DescribeChangeSet", "DescribeStacks"} == set(additions.DEPLOY_CALLS)


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in re.split("[_-]", name))


def test_every_cloudformation_command_of_the_pages_is_granted() -> None:
    granted = {action.partition(":")[2] for action in _granted(COMMITTED["calls"]["Statement"])}
    typed = {command for path in PAGES for command in re.findall(r"aws cloudformation ([\w-]+) ", path.read_text())}
    typed -= {"package", "deploy", "wait"}

    assert "delete-stack" in typed
    assert {_pascal(command) for command in typed} - granted == set()


def test_another_command_in_a_page_is_another_right() -> None:
    found = policy.rights(THE_TEMPLATE, ["```sh\naws cloudformation set-stack-policy --stack-name x\n```"], Place("p"))
    assert any("cloudformation:SetStackPolicy" in each.actions for each in found.caller)
    with pytest.raises(UnknownRight, match="no such action as cloudformation:SetStackPolicies"):
        policy.rights(THE_TEMPLATE, ["`aws cloudformation set-stack-policies`"], Place("p"))


def test_what_is_added_has_its_page() -> None:
    found = _rights(THE_TEMPLATE)
    for each in (*found.caller, *found.resources):
        assert each.url.startswith("https://docs.aws.amazon.com/"), each.sid
        assert each.why, each.sid


def test_the_artifact_bucket_is_the_runbooks() -> None:
    (stated,) = re.findall(r"export ARTIFACT_BUCKET=(\S+)", PAGES[0].read_text())
    wanted = stated.replace("$ENVIRONMENT", "production").replace("$ACCOUNT", "${aws:PrincipalAccount}")
    assert Place("production").artifacts == wanted


def test_the_page_has_a_command_for_each_policy() -> None:
    (names,) = re.findall(r"^for POLICY in (.*); do$", page.commands(), re.MULTILINE)
    assert names.split() == list(COMMITTED)
