"""What a failed Spark job is told as: the innermost cause, with who was denied what."""

from dataclasses import dataclass

import pytest

from json_to_parquet.staging import cause

FILE = "s3://lake/staging/a.parquet"
S3A = f"java.nio.file.AccessDeniedException: {FILE}: "
AWS = "com.amazonaws.services.s3.model.AmazonS3Exception: "
NAMED = f"{AWS}User: arn:aws:sts::1:assumed-role/glue/job is not authorized to perform: s3:DeleteObject"
TASK = "org.apache.spark.SparkException: Job aborted due to stage failure: [TASK_WRITE_FAILED] s3://lake/staging/"


@dataclass
class Thrown:
    """As py4j shows a Java exception."""

    text: str
    inner: "Thrown | None" = None

    def toString(self) -> str:  # noqa: N802  Java's name
        return self.text

    def getCause(self) -> "Thrown | None":  # noqa: N802  Java's name
        return self.inner


class Failed(Exception):
    def __init__(self, java_exception: Thrown) -> None:
        super().__init__("a Java stack trace")
        self.java_exception = java_exception


@pytest.mark.parametrize(
    ("thrown", "told"),
    [
        (Thrown("outer", Thrown("java.io.EOFException: end\n\tat x")), "java.io.EOFException: end"),
        # A task's exception reaches the driver as text.
        (
            Thrown(f"{TASK}\n\tat a\nCaused by: {S3A}delete: {NAMED}\n\tat b\nCaused by: {NAMED}\n\tat c"),
            f"{NAMED} ({FILE})",
        ),
        (Thrown(f"{TASK}\n\tat a\nCaused by: java.io.EOFException: end"), "java.io.EOFException: end"),
        # Without a word from S3, S3A's exception names the path.
        (Thrown(f"{S3A}getFileStatus: {AWS}Forbidden", Thrown(f"{AWS}Forbidden")), f"{S3A}getFileStatus"),
        (Thrown("java.io.IOException: in s3://lake/a.json.gz", Thrown("end")), "end (s3://lake/a.json.gz)"),
        (Thrown(""), "Failed"),
    ],
)
def test_the_innermost_cause_is_told_on_one_line(thrown: Thrown, told: str) -> None:
    assert cause(Failed(thrown)) == told


def test_an_error_of_python_is_told_as_it_is() -> None:
    assert cause(ValueError("no\nmore")) == "no"
