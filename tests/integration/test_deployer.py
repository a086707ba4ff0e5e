"""A deployer with the policy `calls` can package and deploy; without it, or with another bucket's, nothing happens.

The emulated AWS asks IAM about calls that arrive from outside. What CloudFormation does on the caller's behalf it does
without asking, so nothing here shows that the other policies are enough: docs/first-deploy-checks.md has that.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.deploy.cli import AwsCli, AwsCliError
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, DeployError, assemble, deploy, parameter
from harness.deployer import page, policy
from harness.deployer.names import Place
from harness.emulator.credentials import Credentials
from harness.emulator.process import Emulator
from harness.packaging.layer import Target
from tests.integration.aws_cli import aws_cli

pytestmark = pytest.mark.stack

BUCKET = parameter(DEVELOPMENT_PARAMETERS, "ArtifactBucketName")


def _policies(stack: str = Place.stack, bucket: str = BUCKET) -> dict[str, Any]:
    environment = parameter(DEVELOPMENT_PARAMETERS, "Environment")
    return policy.documents(page.read(Place(environment, stack=stack, artifact_bucket=bucket)))


def _deployer(emulator: Emulator, name: str, policies: dict[str, Any]) -> AwsCli:
    """The AWS CLI with the credentials of a user with these policies, created as in deploying.md."""
    iam = emulator.client("iam")
    iam.create_user(UserName=name)
    for each, document in policies.items():
        made = iam.create_policy(PolicyName=f"{name}-{each}", PolicyDocument=json.dumps(document))
        iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return aws_cli(emulator.environment(Credentials(key["AccessKeyId"], key["SecretAccessKey"])))


@pytest.fixture(scope="module")
def emulator(reusable: Emulator) -> Emulator:
    reusable.reset()
    reusable.client("s3").create_bucket(Bucket=BUCKET)
    return reusable


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("deployer") / "tree", Target.EMULATOR)


@pytest.mark.parametrize(
    ("name", "policies", "refused"),
    [
        pytest.param("nobody", {}, "s3:PutObject", id="without a policy", marks=pytest.mark.nightly),
        pytest.param("elsewhere", _policies(bucket="another-bucket"), "s3:PutObject", id="another artifact bucket"),
        pytest.param("other", _policies(stack="another-stack"), "cloudformation:DescribeStacks", id="another stack"),
        pytest.param(
            "resources",
            {name: each for name, each in _policies().items() if name != "calls"},
            "s3:PutObject",
            id="without the policy for the calls",
            marks=pytest.mark.nightly,
        ),
    ],
)
def test_somebody_else_deploys_nothing(
    emulator: Emulator, template: Path, name: str, policies: dict[str, Any], refused: str
) -> None:
    with pytest.raises(DeployError, match=refused):
        deploy(_deployer(emulator, name, policies), template, DEVELOPMENT_PARAMETERS)

    assert emulator.client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_deployer_deploys_updates_and_reads_nothing(emulator: Emulator, template: Path) -> None:
    aws = _deployer(emulator, "release-engineer", _policies())

    assert deploy(aws, template, DEVELOPMENT_PARAMETERS)
    assert not deploy(aws, template, DEVELOPMENT_PARAMETERS)
    with pytest.raises(AwsCliError, match="AccessDenied"):
        # Granted, but through CloudFormation only.
        aws.run("dynamodb", "scan", "--table-name", "processing-jobs-development")
