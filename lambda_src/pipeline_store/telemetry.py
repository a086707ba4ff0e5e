"""Logs and metrics: one log line per invocation, and seldom more than one line of metrics."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from .settings import Settings


class Telemetry:
    """Reports what an invocation did."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._logger = Logger(service=settings.powertools_service_name)

    def report(self, context: object, facts: Mapping[str, Any], counts: Mapping[str, int], *, odd: bool) -> None:
        """Log the facts, as a warning if `odd`, and print the counts that `count` has not printed."""
        log = self._logger.warning if odd else self._logger.info
        log("batch", request_id=getattr(context, "aws_request_id", None), **facts)
        if counts:
            self.count(counts)

    def count(self, counts: Mapping[str, int]) -> None:
        """Print the counts in CloudWatch's embedded metric format, at once: a kill later takes nothing back.

        That format needs no API call and no permission. Zeros are printed too, so that alarms always have data.
        """
        metrics = EphemeralMetrics(
            namespace=self._settings.metrics_namespace, service=self._settings.powertools_service_name
        )
        for name, value in counts.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        metrics.flush_metrics()
