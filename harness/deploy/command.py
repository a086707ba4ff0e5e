"""`python -m harness deploy`: the release engineer's commands, on the account that the AWS_* variables select."""

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cli import Parser
from harness.deploy.cli import AwsCli, AwsCliError
from harness.deploy.protection import protect, stack_policy
from harness.deploy.release import keep, release_name
from harness.deploy.stack import (
    DEVELOPMENT_PARAMETERS,
    NO_CHANGES,
    PACKAGED,
    STACK_NAME,
    DeployError,
    assemble,
    deploy,
    parameter,
)
from harness.packaging.layer import PackagingError, Target
from harness.render.errors import UnreadableTemplate
from harness.render.source import read

#: As in the template: a parameter file that names none deploys production.
DEFAULT_ENVIRONMENT = "production"


def main(argv: list[str]) -> int:
    """Package and deploy; 1 when the stack could not be deployed."""
    parser = Parser(prog="deploy", description="Package the template and deploy it with the AWS CLI.")
    parser.add_argument("--parameters", type=Path, help="parameter file (for the emulated AWS: development.json)")
    parser.add_argument("--stack-name", default=STACK_NAME)
    parser.add_argument(
        "--protect",
        action=argparse.BooleanOptionalAction,
        help="set termination protection and the stack policy after the deployment (default: in production)",
    )
    parser.add_argument("--target", type=Target, choices=list(Target), default=Target.LAMBDA, help="as in `package`")
    options = parser.parse_args(argv)
    if options.parameters is None:
        if options.target is Target.LAMBDA:
            # Its artifact bucket belongs to no account; on AWS, whoever owns that name would get our code.
            parser.error("--parameters is needed: development.json names a bucket of the emulated AWS")
        options.parameters = DEVELOPMENT_PARAMETERS
    #: None until the deployment is done.
    changed: bool | None = None
    kept = ""
    try:
        with TemporaryDirectory(prefix="deploy-") as folder:
            template = assemble(Path(folder) / "tree", options.target)
            parameters, aws = options.parameters.resolve(), AwsCli(os.environ)
            protected = options.protect
            if protected is None:
                protected = parameter(parameters, "Environment", default=DEFAULT_ENVIRONMENT) == "production"
            changed = deploy(aws, template, parameters, options.stack_name)
            # Only after success: a failed first creation must stay deletable.
            packaged = template.with_name(PACKAGED)
            kept = keep(aws, packaged, parameter(parameters, "ArtifactBucketName"), release_name(packaged))
            if protected:
                protect(aws, options.stack_name, stack_policy(read(template)))
    except (AwsCliError, DeployError, PackagingError, UnreadableTemplate, OSError) as error:
        print(
            f"deploy: {_left_undone(options.stack_name, kept, protected) if changed is not None else ''}{error}",
            file=sys.stderr,
        )
        return 1
    print(f"{options.stack_name}: deployed" if changed else f"{NO_CHANGES}: {options.stack_name} is up to date")
    print(f"Release: {kept}")
    if protected:
        print("Protected: termination protection and the stack policy are set")
    return 0


def _left_undone(stack_name: str, kept: str, protected: bool) -> str:
    """The message for a failure after the deployment: the stack is deployed, and the reader may not know."""
    undone = [] if kept else ["its release was not stored"]
    if protected:
        undone.append("its protection was not set, or not completely" if kept else "its protection was not set")
    return f"{stack_name} IS deployed, but {' and '.join(undone)}; fix the cause and deploy again: "
