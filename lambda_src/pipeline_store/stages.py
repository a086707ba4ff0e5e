"""Stages and transformations that the functions and the Glue job write into rows."""

from enum import IntEnum, StrEnum


class Stage(IntEnum):
    """Processing stage of a raw object. It only rises.

    Until the last stage, the row is in the status index under the stage's name.
    """

    INGESTED = 1
    VALIDATED = 2
    TRANSFORMED = 3


class Transformation(StrEnum):
    """How a data set was made from its source."""

    INGEST = "INGEST"
    VALIDATE = "VALIDATE"
    QUARANTINE = "QUARANTINE"
    #: From validated objects, by the Glue job.
    PARQUET = "PARQUET"
