"""The runbook's own commands, and a shell to run them in. No tests."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness.deploy.cli import AwsCliError
from harness.deploy.protection import STACK_POLICY
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, STACK_NAME, parameter
from harness.emulator.process import Emulator
from harness.packaging.layer import ROOT
from tests.integration.aws_cli import folder_with_aws

RUNBOOK = (ROOT / "docs" / "deploying.md").read_text()
ENVIRONMENT = parameter(DEVELOPMENT_PARAMETERS, "Environment")
BUCKET = parameter(DEVELOPMENT_PARAMETERS, "ArtifactBucketName")


def commands(chapter: str) -> list[str]:
    """The code blocks of a chapter of the runbook."""
    (text,) = re.findall(rf"^## {chapter}\n(.*?)(?=^## )", RUNBOOK, re.DOTALL | re.MULTILINE)
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    assert blocks, chapter
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in blocks]


def one(chapter: str, *words: str) -> str:
    """The only block of a chapter with all these words."""
    (found,) = (block for block in commands(chapter) if all(word in block for word in words))
    return found


class Shell:
    """A release engineer's shell, in a separate folder with the contents of a checkout."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.folder = folder
        (folder / "build").mkdir(parents=True)
        (folder / "template").mkdir()
        shutil.copy(STACK_POLICY, folder / "template")
        # The AWS CLI and the harness of this environment.
        path = os.pathsep.join([str(folder_with_aws()), str(Path(sys.executable).parent), os.environ["PATH"]])
        variables = {"STACK": STACK_NAME, "ENVIRONMENT": ENVIRONMENT, "ARTIFACT_BUCKET": BUCKET}
        self.environment = {
            **emulator.environment(),
            **variables,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "AWS_PAGER": "",
        }

    def run(self, block: str, **variables: str) -> str:
        """Run a block and return what it printed; a command that fails ends it."""
        # With a single -q tox prints its own lines between the policy's.
        script = block.replace(".tools/bin/tox run -qq -e stack-policy --", f"{sys.executable} -m harness stack-policy")
        # The zips are built, for the emulator.
        script = script.replace(".tools/bin/tox run -e package\n", "")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AwsCliError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout
