"""The runbook's chapters on protecting, rolling back and repairing a stack, by their own commands."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.deploy import command
from harness.deploy.cli import AwsCli, AwsCliError
from harness.deploy.protection import STACK_POLICY
from harness.deploy.release import keep
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, PACKAGED, STACK_NAME, DeployError, assemble, deploy, parameter
from harness.emulator.process import Emulator
from harness.packaging import build
from harness.packaging.layer import ROOT, Target
from tests.integration.aws_cli import aws_cli
from tests.integration.runbook import BUCKET, ENVIRONMENT, Shell, commands, one
from tests.integration.stacks import Stack, described, with_a_last_resource_that_fails

pytestmark = pytest.mark.stack

FUNCTIONS = ("KinesisConsumerFunction", "DataValidationFunction")


@pytest.fixture
def emulator(fresh: Emulator) -> Emulator:
    s3 = fresh.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    # As the runbook has it made.
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return fresh


@pytest.fixture
def aws(emulator: Emulator) -> AwsCli:
    return aws_cli(emulator.environment())


@pytest.fixture
def shell(emulator: Emulator, tmp_path: Path) -> Shell:
    return Shell(emulator, tmp_path / "shell")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release A, as it is here."""
    return assemble(tmp_path_factory.mktemp("a") / "tree", Target.EMULATOR)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release B: another line of code in both functions, another script of the job."""
    folder = tmp_path_factory.mktemp("b")
    source = Path(shutil.copytree(ROOT / "lambda_src", folder / "lambda_src"))
    for function in ("kinesis_consumer", "data_validation"):
        with (source / function / "core.py").open("a") as core:
            core.write("# changed\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "SOURCE", source)
        template = assemble(folder / "tree", Target.EMULATOR)
    with (template.parents[1] / build.PACKAGE_FOLDER / build.SCRIPT).open("a") as script:
        script.write("# changed\n")
    return template


def code(emulator: Emulator) -> dict[str, str]:
    """The deployed code: digests of the functions' zips and layers, and the S3 key of the job's script."""
    functions = emulator.client("lambda")
    found = {}
    for name in (f"kinesis-consumer-{ENVIRONMENT}", f"data-validation-{ENVIRONMENT}"):
        found[name] = functions.get_function_configuration(FunctionName=name)["CodeSha256"]
    job = emulator.client("glue").get_job(JobName=f"json-to-parquet-{ENVIRONMENT}")["Job"]
    return found | {"job": job["Command"]["ScriptLocation"]}


# ---------------------------------------------------------------------------------------------------- protecting ----


def test_a_protected_stack_is_deleted_only_when_that_is_switched_off(emulator: Emulator, shell: Shell) -> None:
    Stack(emulator).create()
    shell.run(one("Protecting the stack", "set-stack-policy"))

    shown = shell.run(one("Protecting the stack", "get-stack-policy"))
    assert shown.startswith("true\n")
    assert json.loads(shown.partition("\n")[2]) == json.loads(STACK_POLICY.read_text())
    deletion = one("Deleting the stack", "delete-stack").split("\n", 1)
    assert "delete-work-group" in deletion[0]
    with pytest.raises(AwsCliError, match="TerminationProtection is enabled"):
        shell.run(deletion[1])

    shell.run(one("Deleting the stack", "update-termination-protection"))
    shell.run(deletion[1])
    with pytest.raises(ClientError, match="does not exist"):
        described(emulator)


def test_the_deployment_protects_production_each_time_and_others_when_asked(
    emulator: Emulator, aws: AwsCli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    production = DEVELOPMENT_PARAMETERS.with_name("production.json")
    emulator.client("s3").create_bucket(Bucket=parameter(production, "ArtifactBucketName"))
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    # That of this environment: test_deploy.py has the command with the real one.
    monkeypatch.setattr(command, "AwsCli", aws_cli)

    def protected(stack: str) -> tuple[bool, bool]:
        cloudformation = emulator.client("cloudformation")
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        policy = cloudformation.get_stack_policy(StackName=stack).get("StackPolicyBody", "")
        return described["EnableTerminationProtection"], bool(policy)

    def run(*options: str) -> str:
        assert command.main(["--target", "emulator", *options]) == 0
        return capsys.readouterr().out

    assert "Protected" not in run("--stack-name", "dev")
    assert protected("dev") == (False, False)
    assert "Protected" in run("--stack-name", "dev", "--protect")
    assert protected("dev") == (True, True)

    for said in ("prod: deployed", "No changes to deploy"):
        assert run("--stack-name", "prod", "--parameters", str(production)).startswith(said)
        assert protected("prod") == (True, True)


def test_a_change_on_purpose_takes_a_policy_for_one_update(emulator: Emulator, shell: Shell, first: Path) -> None:
    """The emulator stores a stack policy but does not enforce it; docs/first-deploy-checks.md covers that."""
    Stack(emulator).create()
    shell.run(one("Protecting the stack", "set-stack-policy"))
    # A checkout with the change in it, committed.
    shutil.copytree(first.parents[1], shell.folder, dirs_exist_ok=True)
    template = shell.folder / "template" / first.name
    template.write_text(template.read_text().replace("financial-market-stream-", "financial-stream-"))
    shell.run(
        "git init -q && git add template"
        " && git -c user.name=a -c user.email=a@example.com commit -q -m 'another name for the stream'"
    )

    shell.run(one("Protecting the stack", "--stack-policy-during-update-body"))

    once = json.loads((shell.folder / "allow-once.json").read_text())
    assert "LogicalResourceId/MarketDataStream" not in once["Statement"][1]["Resource"]
    assert "LogicalResourceId/RawDataBucket" in once["Statement"][1]["Resource"]
    assert described(emulator).resources["MarketDataStream"].startswith("financial-stream-")
    shown = emulator.client("cloudformation").get_stack_policy(StackName=STACK_NAME)
    assert json.loads(shown["StackPolicyBody"]) == json.loads(STACK_POLICY.read_text())


# -------------------------------------------------------------------------------------------------- rolling back ----


def test_rolling_back_brings_the_code_back_and_nothing_else(
    emulator: Emulator, aws: AwsCli, shell: Shell, first: Path, second: Path, tmp_path: Path
) -> None:
    # A value that is no default, to see that it stays.
    parameters = tmp_path / "parameters.json"
    parameters.write_text(
        json.dumps([*json.loads(DEVELOPMENT_PARAMETERS.read_text()), "AthenaScanLimitBytes=20000000000"])
    )
    released = {}
    for name, template in (("a", first), ("b", second)):
        deploy(aws, template, parameters)
        keep(aws, template.with_name(PACKAGED), BUCKET, name)
        released[name] = (code(emulator), described(emulator), _template(emulator))
    (code_a, stack_a, template_a), (code_b, _, _) = released["a"], released["b"]
    assert not code_a.items() & code_b.items()

    chapter = "Rolling code back"
    assert [line.split("\t")[-1] for line in shell.run(one(chapter, "--prefix releases/")).splitlines()] == [
        "releases/a.yaml",
        "releases/b.yaml",
    ]
    shell.run(one(chapter, "--no-execute-changeset"), RELEASE="a")
    assert code(emulator) == code_b
    (block,) = (each for each in commands(chapter) if "deploy" in each and "--no-execute-changeset" not in each)
    shell.run(block)

    assert code(emulator) == code_a
    assert _template(emulator) == template_a
    stack = described(emulator)
    assert stack.outputs == stack_a.outputs
    changed = {name for name, physical in stack.resources.items() if stack_a.resources.get(name) != physical}
    # A version of a layer has its number in its name.
    assert changed <= {"MarketDataLayer"}
    assert set(stack.resources) == set(stack_a.resources)
    limit = emulator.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]["Parameters"]
    assert {"ParameterKey": "AthenaScanLimitBytes", "ParameterValue": "20000000000"} in limit
    shell.run(one(chapter, "CodeSha256"))
    # What was rolled back is up to date.
    assert not deploy(aws, first, parameters)


def _template(emulator: Emulator) -> Any:
    return emulator.client("cloudformation").get_template(StackName=STACK_NAME)["TemplateBody"]


# ------------------------------------------------------------------------------------------------ failed updates ----


def test_a_failed_update_is_taken_back_and_if_that_fails_it_goes_on_when_the_reason_is_gone(
    emulator: Emulator, aws: AwsCli, shell: Shell, second: Path
) -> None:
    Stack(emulator).create()
    before, s3 = code(emulator), emulator.client("s3")

    with pytest.raises(DeployError, match="nobody-exports-this"):
        deploy(aws, with_a_last_resource_that_fails(second, *FUNCTIONS), DEVELOPMENT_PARAMETERS)

    shown = shell.run(one("When an update fails", "describe-stack-events"))
    assert "UPDATE_ROLLBACK_COMPLETE" in shown
    assert "nobody-exports-this" in shown
    assert code(emulator) == before

    # The zips of the release before are gone from the artifact bucket, and come back from their versions.
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    for key in keys:
        s3.delete_object(Bucket=BUCKET, Key=key)

    with pytest.raises(DeployError):
        deploy(aws, with_a_last_resource_that_fails(second, *FUNCTIONS), DEVELOPMENT_PARAMETERS)

    assert "UPDATE_ROLLBACK_FAILED" in shell.run(one("When an update fails", "describe-stack-events"))
    for marker in s3.list_object_versions(Bucket=BUCKET)["DeleteMarkers"]:
        s3.delete_object(Bucket=BUCKET, Key=marker["Key"], VersionId=marker["VersionId"])
    (block,) = (each for each in commands("When an update fails") if "wait stack-rollback-complete" in each)
    shell.run(block)

    assert "UPDATE_ROLLBACK_COMPLETE" in shell.run(one("When an update fails", "describe-stack-events"))
    assert code(emulator) == before
    assert deploy(aws, second, DEVELOPMENT_PARAMETERS)
