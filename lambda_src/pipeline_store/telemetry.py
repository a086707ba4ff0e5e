"""Logs and metrics: one log line and one metric line an invocation, whatever the size of its batch."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from .settings import Settings


def emit(settings: Settings, counts: Mapping[str, int]) -> None:
    """Print the counts in the embedded metric format, which needs no call and no grant.

    Zeros are printed too: an alarm on a metric that is only there when things go wrong has no data to fall back on.
    """
    metrics = EphemeralMetrics(namespace=settings.metrics_namespace, service=settings.powertools_service_name)
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()
