"""The AWS CLI as a process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class AwsCliError(Exception):
    """The AWS CLI refused a command; the message is what it said."""


class AwsCli:
    """Runs `aws` with one environment: the whole of it, with endpoint, certificates and credentials."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # The environment's own `aws` goes first: the version that was tested.
        beside = Path(sys.executable).with_name("aws")
        found = str(beside) if beside.exists() else shutil.which("aws")
        if found is None:
            raise AwsCliError("the AWS CLI is not installed in this environment")
        self._command = found
        self._environment = {**environment, "AWS_PAGER": ""}

    def run(self, *arguments: str) -> str:
        """Run `aws *arguments` and return its standard output; raise `AwsCliError` when it fails."""
        result = subprocess.run(
            [self._command, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            said = result.stderr.strip() or result.stdout.strip() or f"exit code {result.returncode}"
            raise AwsCliError(f"aws {' '.join(arguments[:2])}: {' '.join(said.split())}")
        return result.stdout
