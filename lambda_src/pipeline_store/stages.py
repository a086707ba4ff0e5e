"""How far an object can come, and what is done to one: what the functions and the Glue job write into rows."""

from enum import IntEnum, StrEnum


class Stage(IntEnum):
    """How far a raw object has come. A row's stage only ever rises.

    While there is more to do, its row is on the status index, under the stage's name.
    """

    INGESTED = 1
    VALIDATED = 2
    TRANSFORMED = 3


class Transformation(StrEnum):
    """What was done to a source to get a data set."""

    INGEST = "INGEST"
    VALIDATE = "VALIDATE"
    QUARANTINE = "QUARANTINE"
    #: Of validated objects, by the Glue job.
    PARQUET = "PARQUET"
