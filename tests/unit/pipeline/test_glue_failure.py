"""The cause of a failed Glue job, among all the lines that Spark prints."""

import tempfile

import pytest

from harness.pipeline.glue import GlueJobRun


def _failure(*lines, exit_code=1, result=None):
    run = GlueJobRun("glue-role")
    run.lines, run.exit_code, run.result = list(lines), exit_code, result
    return run.failure


def test_the_innermost_cause_is_reported_and_not_the_last_frame():
    said = _failure(
        "py4j.protocol.Py4JJavaError: An error occurred while calling o95.parquet.",
        ": org.apache.spark.SparkException: Job aborted.",
        "\tat org.apache.spark.Thing.run(Thing.scala:1)",
        "Caused by: java.lang.IllegalStateException: two of them",
        "\tat org.apache.spark.Other.run(Other.scala:2)",
        "\t... 13 more",
        "",
    )

    assert said == "the Glue job failed: Caused by: java.lang.IllegalStateException: two of them"


@pytest.mark.parametrize(
    "line",
    [
        "Caused by: java.io.IOException: No space left on device",
        "OSError: [Errno 28] No space left on device",
        "Caused by: org.apache.hadoop.util.DiskChecker$DiskErrorException: Could not find any valid local directory",
    ],
)
def test_a_full_disk_is_reported_in_plain_words_with_its_place(line):
    """Hadoop does not report a full disk, only that no folder is valid."""
    said = _failure("Traceback (most recent call last):", line, "\t... 17 more")

    assert said == f"the Glue job failed: No space left on device for temporary files in {tempfile.gettempdir()}"


def test_a_job_that_says_nothing_is_reported_by_its_exit_code():
    assert _failure(exit_code=137) == "the Glue job failed: exit code 137"


def test_a_job_that_did_all_has_no_failure():
    assert _failure(exit_code=0, result={"problems": []}) is None
