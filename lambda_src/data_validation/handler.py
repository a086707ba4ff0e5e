"""Lambda entry point: wiring only. Decisions live in `core`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
from msgspec import Struct, to_builtins

from market_data import DEFAULT_NON_POSITIVE_EXCHANGES
from pipeline_store.aws_client import CLIENT_CONFIG
from pipeline_store.jobs import DynamoJobs
from pipeline_store.lineage import DynamoLineage
from pipeline_store.objects import S3Objects
from pipeline_store.settings import Required, Settings, read_settings
from pipeline_store.telemetry import Telemetry

from .core import Stores, Tally, Validator
from .events import messages
from .rejected_queue import SqsRejectedQueue
from .rules_digest import rules_digest


class ValidatorSettings(Settings, frozen=True):
    """The validator's environment variables."""

    raw_bucket: Required
    processed_bucket: Required
    job_table: Required
    lineage_table: Required
    rejected_queue_url: Required
    # Empty: no exchange trades at zero or below.
    non_positive_price_exchanges: str = ",".join(sorted(DEFAULT_NON_POSITIVE_EXCHANGES))
    # Empty: the lineage of raw objects, which names the stream, is left to the consumer.
    stream_name: str = ""

    @property
    def allow_nonpositive(self) -> frozenset[str]:
        """The exchanges that may trade at zero or below."""
        names = (name.strip() for name in self.non_positive_price_exchanges.split(","))
        return frozenset(name for name in names if name)


class Wiring(Struct, frozen=True):
    """Clients and settings, cached across warm invocations."""

    validator: Validator
    telemetry: Telemetry


@lru_cache(maxsize=1)
def wiring() -> Wiring:
    """Built on first use: importing this module needs no region, credentials or variables."""
    settings = read_settings(ValidatorSettings, os.environ)
    telemetry = Telemetry(settings)
    s3, dynamodb, sqs = (boto3.client(service, config=CLIENT_CONFIG) for service in ("s3", "dynamodb", "sqs"))
    stores = Stores(
        raw=S3Objects(s3, settings.raw_bucket),
        processed=S3Objects(s3, settings.processed_bucket),
        jobs=DynamoJobs(dynamodb, settings.job_table),
        lineage=DynamoLineage(dynamodb, settings.lineage_table),
        rejected=SqsRejectedQueue(sqs, settings.rejected_queue_url),
        count=telemetry.count,
        stream=settings.stream_name,
    )
    allowed = settings.allow_nonpositive
    validator = Validator(stores, lambda: datetime.now(UTC), allowed, rules_digest(allowed))
    return Wiring(validator, telemetry)


def lambda_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Validate the objects that a batch of notifications names."""
    wired, tally = wiring(), Tally()
    try:
        return wired.validator.process(messages(event), tally)
    finally:
        # Also after a crash: the log says which objects failed, and where their records are on the stream.
        wired.telemetry.report(context, to_builtins(tally), tally.as_metrics(), odd=tally.is_odd)
