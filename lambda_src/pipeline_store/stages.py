"""Stages and transformations that the functions and the Glue job write into rows."""

from datetime import datetime
from enum import IntEnum, StrEnum


class Stage(IntEnum):
    """Processing stage of a raw object. It only rises.

    The status index has the row under the stage's name, and at the last stage under `transformed_status`.
    """

    INGESTED = 1
    VALIDATED = 2
    TRANSFORMED = 3


def transformed_status(feed: str, hour: datetime) -> str:
    """`Status` of a row at the last stage, such as TRANSFORMED/trade/2026-11-22/22.

    So one query of the status index gives all rows that a partition was built from. The rows of wholly rejected objects
    are among them, without a `ValidatedKey`.
    """
    return f"{Stage.TRANSFORMED.name}/{feed}/{hour:%Y-%m-%d/%H}"


class Transformation(StrEnum):
    """How a data set was made from its source."""

    INGEST = "INGEST"
    VALIDATE = "VALIDATE"
    QUARANTINE = "QUARANTINE"
    #: From validated objects, by the Glue job.
    PARQUET = "PARQUET"
