"""Logs and metrics: one log line and one metric line an invocation, whatever the size of its batch."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from .settings import Settings


class Telemetry:
    """Says what an invocation did."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._logger = Logger(service=settings.powertools_service_name)

    def report(self, context: object, facts: Mapping[str, Any], counts: Mapping[str, int], *, odd: bool) -> None:
        """Log the facts, as a warning if they are odd, and print the counts in the embedded metric format.

        That format needs no call and no grant. Zeros are printed too: an alarm on a metric that is only there when
        things go wrong has no data to fall back on.
        """
        log = self._logger.warning if odd else self._logger.info
        log("batch", request_id=getattr(context, "aws_request_id", None), **facts)
        metrics = EphemeralMetrics(
            namespace=self._settings.metrics_namespace, service=self._settings.powertools_service_name
        )
        for name, value in counts.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        metrics.flush_metrics()
