"""`aws cloudformation package` and `deploy`, and the reason of a failed deployment."""

import json
import shutil
from pathlib import Path

from harness.deploy.cli import AwsCli, AwsCliError
from harness.packaging.build import PACKAGE_FOLDER, build_package
from harness.packaging.layer import ROOT, Target
from harness.render.errors import UnreadableTemplate
from harness.render.source import read

STACK_NAME = "financial-pipeline"
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
DEVELOPMENT_PARAMETERS = ROOT / "template" / "parameters" / "development.json"
#: What `aws cloudformation package` writes, beside the template.
PACKAGED = "packaged.yaml"
NO_CHANGES = "No changes to deploy"
FAILED_STATES = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"})


class DeployError(Exception):
    """The stack could not be deployed; the message names the resource and the reason in one line."""


def assemble(folder: Path, target: Target, template: Path = TEMPLATE) -> Path:
    """Copy the template to `folder`, with all files that its relative paths name; return the copy.

    A release engineer's `aws cloudformation package` must never upload the zips for the emulated AWS, so each
    deployment from here has its own folder.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "template").mkdir(parents=True)
    build_package(folder / PACKAGE_FOLDER, target)
    return Path(shutil.copy(template, folder / "template" / TEMPLATE.name))


def parameter(parameters: Path, name: str, default: str | None = None) -> str:
    """Return one value of a `--parameter-overrides file://` file. Raises DeployError: no value, no default."""
    try:
        values = parameters_in(parameters)
        return values[name] if default is None else values.get(name, default)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise DeployError(f"{parameters}: no readable parameter {name} ({error})") from error


def parameters_in(parameters: Path) -> dict[str, str]:
    """Return all values of a `--parameter-overrides file://` file."""
    try:
        entries: list[str] = json.loads(parameters.read_text())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return dict(entry.split("=", 1) for entry in entries)


def _refuse_unknown_parameters(template: Path, parameters: Path) -> None:
    # The AWS CLI ignores an unknown name and deploys the default of the parameter that was meant.
    try:
        known = read(template).template.get("Parameters", {})
    except UnreadableTemplate as error:
        raise DeployError(str(error)) from error
    if unknown := sorted(parameters_in(parameters).keys() - known.keys()):
        raise DeployError(f"{parameters}: the template has no parameter {', '.join(unknown)}")


def deploy(aws: AwsCli, template: Path, parameters: Path, stack_name: str = STACK_NAME) -> bool:
    """Package and deploy `template` as docs/deploying.md does. Returns whether anything changed."""
    bucket = parameter(parameters, "ArtifactBucketName")
    _refuse_unknown_parameters(template, parameters)
    packaged = template.with_name(PACKAGED)
    try:
        aws.run(
            "cloudformation", "package", "--template-file", str(template), "--s3-bucket", bucket,
            "--output-template-file", str(packaged),
        )  # fmt: skip
        said = aws.run(
            "cloudformation", "deploy", "--template-file", str(packaged), "--stack-name", stack_name,
            "--s3-bucket", bucket, "--parameter-overrides", f"file://{parameters}",
            "--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset",
        )  # fmt: skip
    except AwsCliError as error:
        raise DeployError(_why(str(error), _first_failure(aws, stack_name))) from error
    return NO_CHANGES not in said


def physical_ids(aws: AwsCli, stack_name: str = STACK_NAME) -> dict[str, str]:
    """Return the physical id of each of the stack's resources, by logical id."""
    listed = json.loads(aws.run("cloudformation", "list-stack-resources", "--stack-name", stack_name, "--output=json"))
    return {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for entry in listed["StackResourceSummaries"]}


def _why(said: str, first_failure: str) -> str:
    if not first_failure:
        return said
    # The CLI then explains how to list the events; name the one that matters instead.
    return f"{said.partition(' Run the following command')[0].rstrip('.')}; first to fail: {first_failure}"


def _first_failure(aws: AwsCli, stack_name: str) -> str:
    try:
        listed = aws.run("cloudformation", "describe-stack-events", "--stack-name", stack_name, "--output=json")
    except AwsCliError:
        return ""  # no stack: the CLI's own message says why
    failures = [e for e in json.loads(listed)["StackEvents"] if e["ResourceStatus"] in FAILED_STATES]
    if not failures:
        return ""
    # Events come newest first; the oldest failure is the cause of the others.
    first = failures[-1]
    reason = " ".join(first.get("ResourceStatusReason", "no reason given").split())
    return f"{first['LogicalResourceId']}: {reason}"
