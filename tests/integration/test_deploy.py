"""Deploying again: an unchanged tree is no change, from this checkout or another."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.deploy import command, stack
from harness.deploy.cli import AwsCli
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, assemble, deploy, parameter
from harness.packaging import build, layer
from harness.packaging.layer import ROOT, Target
from tests.integration.aws_cli import aws_cli

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def emulator(reusable):
    reusable.reset()
    reusable.client("s3").create_bucket(Bucket=parameter(DEVELOPMENT_PARAMETERS, "ArtifactBucketName"))
    return reusable


@pytest.fixture(scope="module")
def aws(emulator, tmp_path_factory):
    template = assemble(tmp_path_factory.mktemp("first") / "tree", Target.EMULATOR)
    # The real AWS CLI creates a stack here, and finds it unchanged below.
    assert deploy(AwsCli(emulator.environment()), template, DEVELOPMENT_PARAMETERS)
    return aws_cli(emulator.environment())


@pytest.mark.nightly
def test_deploying_from_another_checkout_changes_nothing(aws, tmp_path, monkeypatch):
    """Another folder, other file times, a reinstalled layer: CI must not redeploy an unchanged release.

    Artifacts are named by content, so the zips must be identical, byte for byte.
    """
    checkout = tmp_path / "checkout"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, checkout / name)
            os.utime(checkout / name, (1_000_000_000, 1_000_000_000))
    monkeypatch.setattr(build, "SOURCE", checkout / "lambda_src")
    monkeypatch.setattr(build, "GLUE_SOURCE", checkout / "glue_src")
    monkeypatch.setattr(layer, "CACHE", tmp_path / "cache")
    template = assemble(tmp_path / "tree", Target.EMULATOR, checkout / "template" / "financial-pipeline.yaml")

    assert not deploy(aws, template, checkout / DEVELOPMENT_PARAMETERS.relative_to(ROOT))


def test_a_changed_line_of_code_is_a_change(aws, tmp_path, monkeypatch):
    source = Path(shutil.copytree(ROOT / "lambda_src", tmp_path / "lambda_src"))
    with (source / "kinesis_consumer" / "core.py").open("a") as core:
        core.write("# changed\n")
    monkeypatch.setattr(build, "SOURCE", source)
    template = assemble(tmp_path / "tree", Target.EMULATOR)

    assert deploy(aws, template, DEVELOPMENT_PARAMETERS)


def test_the_command_says_that_there_is_nothing_to_change(emulator, aws, monkeypatch, capsys):
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    with monkeypatch.context() as patch:
        patch.setattr(command, "AwsCli", aws_cli)
        assert command.main(["--target", "emulator"]) == 0
    capsys.readouterr()

    # With the real AWS CLI.
    assert command.main(["--target", "emulator"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "No changes to deploy: financial-pipeline is up to date"
    assert second.startswith(f"Release: s3://{parameter(DEVELOPMENT_PARAMETERS, 'ArtifactBucketName')}/releases/")


def test_a_failed_deployment_names_the_resource(emulator, tmp_path):
    template = tmp_path / "tree" / "template" / "t.yaml"
    template.parent.mkdir(parents=True)
    template.write_text(
        "Parameters: {ArtifactBucketName: {Type: String}}\n"
        "Resources:\n  Bad:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: !GetAtt Other.Nope}\n"
        "  Other: {Type: 'AWS::SQS::Queue'}\n"
    )
    parameters = tmp_path / "parameters.json"
    parameters.write_text('["ArtifactBucketName=financial-artifacts-development-000000000000"]')

    with pytest.raises(stack.DeployError, match=r"Bad|Nope"):
        deploy(aws_cli(emulator.environment()), template, parameters, "broken")


def test_development_parameters_are_not_for_aws(capsys):
    """The development bucket belongs to no account; on AWS somebody else may own it."""
    with pytest.raises(SystemExit) as ended:
        command.main([])

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
