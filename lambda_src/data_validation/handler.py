"""Lambda entry point: wiring only. Decisions live in `core`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
from msgspec import Struct
from msgspec.structs import asdict

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
    s3, dynamodb, sqs = (boto3.client(service, config=CLIENT_CONFIG) for service in ("s3", "dynamodb", "sqs"))
    stores = Stores(
        raw=S3Objects(s3, settings.raw_bucket),
        processed=S3Objects(s3, settings.processed_bucket),
        jobs=DynamoJobs(dynamodb, settings.job_table),
        lineage=DynamoLineage(dynamodb, settings.lineage_table),
        rejected=SqsRejectedQueue(sqs, settings.rejected_queue_url),
    )
    allowed = settings.allow_nonpositive
    validator = Validator(stores, lambda: datetime.now(UTC), allowed, rules_digest(allowed))
    return Wiring(validator, Telemetry(settings))


def lambda_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Validate the objects that a batch of notifications names."""
    wired, tally = wiring(), Tally()
    try:
        return wired.validator.process(messages(event), tally)
    finally:
        # Also after a crash: a retry neither repeats nor counts what is done.
        odd = bool(tally.ignored or tally.redeliveries)
        wired.telemetry.report(context, asdict(tally), tally.as_metrics(), odd=odd)
