"""Where every position is, from what is stored: what the invariants judge."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from . import lines, records, spark
from .stream import Position
from .world import CRASHES, FAILED, JOBS, PROCESSED, RAW, VALIDATION, World

#: Statuses of rows that still lead somewhere.
_OPEN = {"INGESTED", "VALIDATED"}


@dataclass
class State:
    """Where each position is."""

    #: In raw objects, with their bytes.
    raw: dict[Position, bytes] = field(default_factory=dict)
    undecodable: dict[Position, bytes] = field(default_factory=dict)
    #: In on-failure records.
    failed: set[Position] = field(default_factory=set)
    #: How many rows of Parquet have it.
    parquet: Counter[Position] = field(default_factory=Counter)
    #: In validated objects that rows name.
    validated: set[Position] = field(default_factory=set)
    #: In quarantine objects that rows name.
    rejected: dict[Position, bytes] = field(default_factory=dict)
    #: In raw objects from which a row or a message leads on.
    leading: set[Position] = field(default_factory=set)
    #: In validated objects of rows that are marked TRANSFORMED.
    transformed: set[Position] = field(default_factory=set)
    #: Objects that rows name and that are not there, or cannot be read.
    missing: list[str] = field(default_factory=list)


def rows(world: World) -> list[dict[str, Any]]:
    """The job rows of raw objects."""
    return [row for row in world.dynamodb.tables[JOBS].values() if row["JobId"]["S"].startswith("market-data/")]


def open_rows(world: World) -> list[dict[str, Any]]:
    """Rows that still lead somewhere."""
    return [row for row in rows(world) if row.get("Status", {}).get("S") in _OPEN]


def state(world: World) -> State:
    """Where each position is now."""
    found = State()
    queued = "".join(message.body for queue in (VALIDATION, CRASHES) for message in world.sqs.queues.get(queue, ()))
    events = set(world.events)
    statuses = {row["JobId"]["S"]: row.get("Status", {}).get("S", "") for row in rows(world)}
    for key, body in world.s3.under(RAW, ""):
        if key.startswith("market-data/"):
            arrived = records.raw(body)
            found.raw |= arrived
            if statuses.get(key) in _OPEN or key in events or key.rpartition("/")[2] in queued:
                found.leading |= arrived.keys()
        elif key.startswith("quarantine/kinesis_consumer/"):
            found.undecodable |= records.quarantined(body)
    for _, body in world.s3.under(FAILED, ""):
        found.failed |= _failed(body)
    for _, body in world.s3.under(PROCESSED, "parquet/"):
        found.parquet.update(position for position, _ in spark.rows_of(body))
    for row in rows(world):
        _note_verdict(world, row, found)
    return found


def _note_verdict(world: World, row: dict[str, Any], found: State) -> None:
    if world.s3.body(RAW, row["JobId"]["S"]) is None:
        found.missing.append(row["JobId"]["S"])
    if "ValidatedKey" in row:
        positions = lines.positions(world.s3.body(PROCESSED, row["ValidatedKey"]["S"]))
        if positions is None:
            found.missing.append(row["ValidatedKey"]["S"])
        else:
            found.validated |= positions
            if row["Stage"]["N"] == "3":
                found.transformed |= positions
    if "QuarantineKey" in row:
        body = world.s3.body(RAW, row["QuarantineKey"]["S"])
        if body is None:
            found.missing.append(row["QuarantineKey"]["S"])
        else:
            found.rejected |= records.quarantined(body)


_payloads: dict[bytes, frozenset[Position]] = {}


def _failed(body: bytes) -> frozenset[Position]:
    if body not in _payloads:
        event = json.loads(json.loads(body)["payload"])
        _payloads[body] = frozenset(
            Position(each["eventID"].partition(":")[0], each["kinesis"]["sequenceNumber"]) for each in event["Records"]
        )
    return _payloads[body]
