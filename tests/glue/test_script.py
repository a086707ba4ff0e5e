"""The bundled script that Glue gets, alone: without the repository."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import json_to_parquet.job
import pipeline_store.keys
from harness.packaging.build import SCRIPT, job_script

ROOT = Path(__file__).parents[2]
ARGUMENTS = {
    "JOB_NAME": "json-to-parquet",
    "database": "catalogue",
    "job_table": "jobs",
    "lineage_table": "lineage",
    "processed_bucket": "processed",
    "buckets_per_partition": "2",
}


@pytest.fixture
def run(tmp_path):
    """Run the script with these arguments in a process, in an otherwise empty folder."""
    (tmp_path / SCRIPT).write_text(job_script())
    arguments = [part for name, value in ARGUMENTS.items() for part in (f"--{name}", value)]

    def run(*more):
        return subprocess.run(
            [sys.executable, "-B", SCRIPT, *arguments, *more],
            cwd=tmp_path,
            env={
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_DEFAULT_REGION": "us-east-1",
                # Nothing listens there, and there is one attempt.
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_MAX_ATTEMPTS": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("module", [json_to_parquet.job, pipeline_store.keys], ids=lambda module: module.__name__)
def test_the_other_tests_run_the_script(module):
    """Each module is in the tree too, but Glue does not run that copy."""
    assert type(module.__loader__).__module__ == "bundle"


def test_it_needs_nothing_beside_it(run):
    done = run("--help")

    assert done.returncode == 0, done.stderr
    assert "--lock_seconds" in done.stdout


def test_what_it_fails_on_is_reported_by_the_repositorys_lines(run):
    """It gets as far as its first AWS call."""
    done = run()

    assert done.returncode == 1
    assert re.search(r"EndpointConnectionError|ConnectionClosedError", done.stderr.splitlines()[-1])
    frames = re.findall(r'File "(glue_src/.*)", line (\d+), in (\w+)', done.stderr)
    assert {file for file, _, _ in frames} == {f"glue_src/json_to_parquet/{name}.py" for name in ("job", "stores")}
    for file, number, function in frames:
        lines = (ROOT / file).read_text().splitlines()[: int(number)]
        assert re.findall(r"^ *def (\w+)", "\n".join(lines), re.MULTILINE)[-1] == function
