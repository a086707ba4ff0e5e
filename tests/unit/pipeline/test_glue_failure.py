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


#: S3A's words for a denied HEAD request, which name no action and no role.
DENIED = "java.nio.file.AccessDeniedException: s3://bucket/a: getFileStatus on s3://bucket/a"


@pytest.mark.parametrize(
    ("said", "action"),
    [
        (DENIED, "s3:GetObject or s3:ListBucket on s3://bucket/a"),
        ("An error occurred (403) when calling the HeadObject operation: Forbidden", "s3:GetObject"),
        (
            "User: arn:aws:sts::000000000000:assumed-role/glue-role/x is not authorized to perform: dynamodb:Query",
            "dynamodb:Query",
        ),
    ],
)
def test_a_denied_call_is_told_with_the_role_and_the_action_wherever_the_job_says_it(said, action):
    told = f"glue-role may not {action} (called by the Glue job)"

    assert _failure("Traceback", said, said) == told
    assert told in _failure(exit_code=1, result={"problems": [f"parquet/x/: {said}"]})
