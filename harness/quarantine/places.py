"""Where quarantined objects are: a folder, or a bucket."""

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from harness.quarantine.errors import QuarantineError
from pipeline_store.keys import REJECTED_PREFIX, UNDECODABLE_PREFIX, parse_key

DEFAULT_PREFIX: Final = "quarantine/"
SCHEME: Final = "s3://"
_SUFFIX: Final = ".json.gz"
#: The functions that quarantine, and where each of them does.
STAGES: Final = {prefix.split("/")[1]: prefix for prefix in (UNDECODABLE_PREFIX, REJECTED_PREFIX)}
#: The stage of an object outside the stages' folders.
UNKNOWN_STAGE: Final = "unknown"


@dataclass(frozen=True)
class StoredObject:
    """An object that has not been read yet."""

    name: str
    stage: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


class Place(Protocol):
    """A store of quarantined objects; `others` counts skipped objects with other names."""

    others: int

    def objects(self) -> Iterator[StoredObject]:
        """Yield every object, in a stable order, listed lazily."""


def place(where: str) -> Place:
    """Parse a folder or S3 address; raises ValueError."""
    if not where.startswith(SCHEME):
        if not where:
            raise ValueError("the folder's name is empty")
        return Folder(Path(where))
    bucket, _, prefix = where.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise ValueError(f"{where!r} names no bucket")
    return Bucket(bucket, prefix or DEFAULT_PREFIX)


def stage_of(path: str) -> str:
    """The function that quarantined the object. Its key may follow any folder that it was copied to."""
    for stage, prefix in STAGES.items():
        _, found, rest = f"/{path}".rpartition(f"/{stage}/")
        if found:
            try:
                parse_key(prefix + rest)
            except ValueError:
                continue
            return stage
    return UNKNOWN_STAGE


@contextmanager
def failures_named(name: str) -> Iterator[None]:
    """Turn failures to list or read `name` into a QuarantineError that names it."""
    try:
        yield
    except EOFError as error:
        raise QuarantineError(f"{name}: the gzip data ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise QuarantineError(f"{name}: the gzip data is damaged: {error}") from error
    except OSError as error:
        raise QuarantineError(f"{name}: cannot be read: {error.strerror or error}") from error
    except (BotoCoreError, ClientError) as error:
        raise QuarantineError(f"{name}: {error}") from error


class Folder:
    """A local folder, such as a pipeline run's output or a copy of the bucket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.others = 0

    def __str__(self) -> str:
        return str(self.path)

    def objects(self) -> Iterator[StoredObject]:
        """Yield every quarantine file below the folder."""
        with failures_named(str(self.path)):
            if not self.path.is_dir():
                raise QuarantineError(f"{self.path}: no such folder; `make pipeline` creates one")
            # os.walk, because rglob silently skips unreadable folders.
            for folder, folders, files in os.walk(self.path, onerror=_raise):
                folders.sort()
                for path in (Path(folder, file) for file in sorted(files)):
                    if path.name.endswith(_SUFFIX):
                        yield StoredObject(str(path), stage_of(path.absolute().as_posix()), _opener(path))
                    else:
                        self.others += 1


class Bucket:
    """The objects of a bucket whose keys begin with a prefix."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.others = 0

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"

    def objects(self) -> Iterator[StoredObject]:
        """Yield every quarantine object, page by page."""
        with failures_named(str(self)):
            s3 = _client()
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
                for key in (entry["Key"] for entry in page.get("Contents", [])):
                    if key.endswith(_SUFFIX):
                        yield StoredObject(f"{SCHEME}{self.bucket}/{key}", stage_of(key), self._opener(s3, key))
                    elif not key.endswith("/"):  # a folder marker of the S3 console
                        self.others += 1

    def _opener(self, s3: Any, key: str) -> Callable[[], AbstractContextManager[BinaryIO]]:
        return lambda: closing(s3.get_object(Bucket=self.bucket, Key=key)["Body"])


def _client() -> Any:
    try:
        return boto3.client("s3")
    except ValueError as error:
        # Not a botocore error, although it is one: such as an invalid AWS_ENDPOINT_URL.
        raise QuarantineError(f"invalid AWS_* variables: {error}") from error


def _opener(path: Path) -> Callable[[], AbstractContextManager[BinaryIO]]:
    return lambda: path.open("rb")


def _raise(error: OSError) -> None:
    raise QuarantineError(f"{error.filename}: cannot be read: {error.strerror}") from error
