"""Runs the deployed Glue job in a local Spark, with the settings of the deployed job."""

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from harness.emulator.denials import denials_in
from harness.emulator.process import Emulator
from harness.glue.archive import ClassArchive
from harness.glue.jars import ensure_jars
from harness.glue.spark_process import result_in, run_glue_job
from harness.packaging.layer import ROOT

JARS = ROOT / ".cache" / "jars"


def spark_python() -> Path:
    """Return the Python of the environment with Spark; tox sets SPARK_PYTHON."""
    return Path(os.environ.get("SPARK_PYTHON", ROOT / ".tox" / "spark" / "bin" / "python"))


def class_archive(folder: Path) -> ClassArchive:
    """Return the class archive for the run in `folder`: used if it exists, else made from the run's class list."""
    return ClassArchive(spark_python(), ensure_jars(spark_python(), JARS), JARS, folder)


_CALLER = "the Glue job"

#: S3's response to HEAD has no body, so S3A knows the denied path but not the action.
_REFUSED_HEAD = re.compile(r"AccessDeniedException: (?P<path>s3://\S+): \w+ on s3://")

#: Linux's message, and Hadoop's, which looks for a folder with enough space before it writes.
_DISK_FULL = re.compile(r"No space left on device|Could not find any valid local directory")


class GlueJobRun:
    """One run: exit code, the job's result (None: it printed none), and its output."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.exit_code = 0
        self.result: dict[str, Any] | None = None
        self.lines: list[str] = []

    @property
    def failure(self) -> str | None:
        """The failure in one line; None after success."""
        if self.result is not None and self.result["problems"]:
            problems = self.result["problems"]
            return f"the Glue job did not finish everything: {'; '.join([*problems, *self._denials(problems)])}"
        if self.exit_code or self.result is None:
            if denials := self._denials(self.lines):
                return "; ".join(denials)
            return f"the Glue job failed: {self._cause()}"
        return None

    def _denials(self, lines: list[str]) -> list[str]:
        """The denied calls that the lines tell of, once each."""
        # S3 does not name the role.
        found = [replace(each, role=each.role or self.role) for line in lines for each in denials_in(line, _CALLER)]
        if found:
            return list(dict.fromkeys(map(str, found)))
        refused = (match["path"] for match in map(_REFUSED_HEAD.search, lines) if match)
        return [
            f"{self.role} may not s3:GetObject or s3:ListBucket on {path} (called by {_CALLER})"
            for path in dict.fromkeys(refused)
        ]

    def _cause(self) -> str:
        if any(map(_DISK_FULL.search, self.lines)):
            return f"No space left on device for temporary files in {tempfile.gettempdir()}"
        # Java ends with indented stack frames, with the innermost cause above them. Python's cause is the last line.
        said = [line for line in self.lines if line and not line[0].isspace()]
        return said[-1] if said else f"exit code {self.exit_code}"


def run_deployed_job(emulator: Emulator, job_name: str, folder: Path, on_line: Callable[[str], None]) -> GlueJobRun:
    """Run the job as Glue would: with its script from S3, its arguments and its role's credentials.

    `folder` gets the script and the log.
    """
    job = emulator.client("glue").get_job(JobName=job_name)["Job"]
    credentials = emulator.role_credentials(job["Role"])
    # A role's credentials always have a token; a user's, of the same type, have none.
    assert credentials.session_token is not None
    bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    script = folder / "json_to_parquet.py"
    run = GlueJobRun(job["Role"].rpartition("/")[2])
    try:
        emulator.client("s3", credentials).download_file(bucket, key, str(script))
    except ClientError as error:
        run.exit_code = 1
        run.lines.append(str(error))
        return run
    classes = class_archive(folder)
    with (folder / "glue.log").open("w") as log:

        def take(line: str) -> None:
            log.write(line.rstrip("\n") + "\n")
            run.lines.append(line)
            run.result = result_in(line) or run.result
            on_line(line)

        arguments = {name.removeprefix("--"): value for name, value in job["DefaultArguments"].items()}
        run.exit_code = run_glue_job(
            spark_python=spark_python(),
            jars=classes.jars,
            java_options=[classes.option],
            script=script,
            arguments={"JOB_NAME": job_name, **arguments},
            endpoint_url=emulator.endpoint_url,
            credentials=(credentials.access_key_id, credentials.secret_access_key, credentials.session_token),
            truststore=emulator.trust_store.path,
            truststore_password=emulator.trust_store.password,
            ca_bundle=emulator.ca_bundle,
            region=emulator.region,
            on_line=take,
        )
    return run
