"""Lambda entry point: wiring only. Decisions live in `core`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
from msgspec import Struct, to_builtins

from pipeline_store.aws_client import CLIENT_CONFIG
from pipeline_store.jobs import DynamoJobs
from pipeline_store.lineage import DynamoLineage
from pipeline_store.objects import S3Objects
from pipeline_store.settings import Required, Settings, read_settings
from pipeline_store.telemetry import Telemetry

from .core import Stores, Tally, process
from .events import stream_records


class ConsumerSettings(Settings, frozen=True):
    """The consumer's environment variables."""

    raw_bucket: Required
    job_table: Required
    lineage_table: Required
    stream_name: Required


class Wiring(Struct, frozen=True):
    """Clients and settings, cached across warm invocations."""

    stores: Stores
    telemetry: Telemetry


@lru_cache(maxsize=1)
def wiring() -> Wiring:
    """Built on first use: importing this module needs no region, credentials or variables."""
    settings = read_settings(ConsumerSettings, os.environ)
    telemetry = Telemetry(settings)
    dynamodb = boto3.client("dynamodb", config=CLIENT_CONFIG)
    stores = Stores(
        objects=S3Objects(boto3.client("s3", config=CLIENT_CONFIG), settings.raw_bucket),
        jobs=DynamoJobs(dynamodb, settings.job_table),
        lineage=DynamoLineage(dynamodb, settings.lineage_table),
        stream=settings.stream_name,
        count=telemetry.count,
    )
    return Wiring(stores, telemetry)


def lambda_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Store a batch of the stream."""
    wired, tally = wiring(), Tally()
    try:
        return process(stream_records(event), wired.stores, lambda: datetime.now(UTC), tally)
    finally:
        # Also after a crash: what was stored until then is counted, and the log says which records failed.
        wired.telemetry.report(context, to_builtins(tally), tally.as_metrics(), odd=bool(tally.failed))
