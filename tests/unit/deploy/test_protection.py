"""The stack policy denies replacing or removing exactly the resources that the template retains."""

import json
from pathlib import Path

import pytest

from harness.deploy import policy_command
from harness.deploy.protection import STACK_POLICY, protect, retained, stack_policy
from harness.deploy.stack import TEMPLATE, DeployError
from harness.render.source import parse, read

SMALL = parse(
    """
Resources:
  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: RetainExceptOnCreate}
  KeptToo: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Gone: {Type: AWS::SQS::Queue, DeletionPolicy: Delete}
  GoneToo: {Type: AWS::SQS::Queue, UpdateReplacePolicy: Retain}
""",
    Path("template.yaml"),
)


def _denied(policy: str) -> list[str]:
    (_, deny) = json.loads(policy)["Statement"]
    assert (deny["Effect"], deny["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    return [each.removeprefix("LogicalResourceId/") for each in deny["Resource"]]


def test_the_file_beside_the_template_is_what_the_template_asks_for() -> None:
    expected = stack_policy(read(TEMPLATE))

    assert STACK_POLICY.read_text() == expected, (
        "what the template retains has changed: write template/stack-policy.json with "
        "`tox -e stack-policy -- --write`, add the resource to the table of docs/deploying.md (Deleting the stack), "
        "and set the policy with the deployment"
    )
    assert len(_denied(expected)) > 7


def test_what_is_retained_is_protected_and_nothing_else() -> None:
    assert retained(SMALL) == ["Kept", "KeptToo"]
    assert _denied(stack_policy(SMALL)) == ["Kept", "KeptToo"]


def test_everything_else_may_be_updated() -> None:
    """A stack policy denies everything that it does not allow."""
    (allow, _) = json.loads(stack_policy(SMALL))["Statement"]

    assert allow == {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}


def test_one_resource_is_let_through_and_the_others_stay_protected() -> None:
    assert _denied(stack_policy(SMALL, ["Kept"])) == ["KeptToo"]


def test_without_anything_to_protect_there_is_no_empty_denial() -> None:
    """CloudFormation rejects a statement without a resource."""
    assert len(json.loads(stack_policy(SMALL, ["Kept", "KeptToo"]))["Statement"]) == 1


def test_a_name_that_is_not_retained_is_a_mistake() -> None:
    with pytest.raises(DeployError, match="retains no Gone, Kpet; it retains Kept, KeptToo"):
        stack_policy(SMALL, ["Kpet", "Gone"])


def test_the_policy_is_within_the_size_that_cloudformation_takes() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SetStackPolicy.html"""
    assert 1 <= len(stack_policy(read(TEMPLATE))) <= 16_384


class Cli:
    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def run(self, *arguments: str) -> str:
        self.calls.append(arguments)
        return ""


def test_protecting_is_two_calls() -> None:
    aws = Cli()

    protect(aws, "stack", "policy")  # type: ignore[arg-type]

    assert [call[1] for call in aws.calls] == ["update-termination-protection", "set-stack-policy"]
    assert "--enable-termination-protection" in aws.calls[0]
    assert aws.calls[1][-1] == "policy"


def test_the_command_prints_a_policy_for_one_update(capsys: pytest.CaptureFixture[str]) -> None:
    assert policy_command.main(["--without", "MarketDataStream"]) == 0

    denied = _denied(capsys.readouterr().out)
    assert "MarketDataStream" not in denied
    assert "RawDataBucket" in denied


def test_the_command_says_what_is_wrong_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert policy_command.main(["--without", "MarketDataStraem"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_reduced_policy_is_never_the_one_that_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    before = STACK_POLICY.read_text()
    with pytest.raises(SystemExit) as ended:
        policy_command.main(["--write", "--without", "MarketDataStream"])

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert STACK_POLICY.read_text() == before
