"""The AWS CLI as a process."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from harness import reaper


class AwsCliError(Exception):
    """An AWS CLI command failed; the message is its output."""


class AwsCli:
    """Runs `aws` with exactly this environment: endpoint, certificates and credentials."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # The environment's own `aws` comes first: it is the tested version.
        beside = Path(sys.executable).with_name("aws")
        found = str(beside) if beside.exists() else shutil.which("aws")
        if found is None:
            raise AwsCliError("the AWS CLI is not installed in this environment")
        self._command = found
        self._environment = {**environment, "AWS_PAGER": ""}

    def run(self, *arguments: str) -> str:
        """Run `aws *arguments` and return its standard output; raise `AwsCliError` when it fails."""
        # A killed `aws` leaves its temporary files, so they get a folder that the reaper deletes.
        folder = reaper.unmade_folder("aws-")
        try:
            folder.mkdir(mode=0o700)
            code, output, complaint = self._guarded(folder, arguments)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if code:
            said = _without_progress(complaint) or _without_progress(output) or f"exit code {code}"
            raise AwsCliError(f"aws {' '.join(arguments[:2])}: {said}")
        return output

    def _guarded(self, folder: Path, arguments: tuple[str, ...]) -> tuple[int, str, str]:
        with subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__, str(folder), self._command, *arguments],
            env={**self._environment, "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            # `communicate` would close it at once, and the reaper would end.
            lifeline, process.stdin = process.stdin, None
            assert lifeline is not None
            try:
                output, complaint = process.communicate()
            finally:
                lifeline.close()
                process.wait()
        return process.returncode, output, complaint


def _without_progress(said: str) -> str:
    """On one line, without upload progress, which would hide the error."""
    lines = (line for line in said.replace("\r", "\n").splitlines() if not line.startswith("Uploading to "))
    return " ".join(" ".join(lines).split())
