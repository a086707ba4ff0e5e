"""Reads metric data from log lines in the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from harness.alarms.series import Metric, Numbers

MINUTE_MS = 60_000


def collect(lines: Iterable[str], numbers: Numbers, *, begin_ms: int = 0) -> int:
    """Add the metric data of log lines to `numbers` and return their count. `begin_ms` is minute 0.

    Lines in other formats are ignored, as in CloudWatch.
    """
    found = 0
    for metric, timestamp, values in (each for line in lines for each in metrics_in(line)):
        for value in values:
            numbers.put(metric, (timestamp - begin_ms) // MINUTE_MS, value)
            found += 1
    return found


def metrics_in(line: str) -> Iterator[tuple[Metric, int, list[float]]]:
    """Yield metric, time in milliseconds and values, once per set of dimensions in the line."""
    try:
        read = json.loads(line)
    except ValueError:
        return
    metadata = read.get("_aws") if isinstance(read, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("Timestamp"), int):
        return
    for directive in _objects(metadata.get("CloudWatchMetrics")):
        sets = directive.get("Dimensions")
        for each in _objects(directive.get("Metrics")):
            values = read.get(str(each.get("Name")))
            values = values if isinstance(values, list) else [values]
            if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
                continue
            for names in sets if isinstance(sets, list) else []:
                dimensions = {str(name): str(read.get(name)) for name in names}
                metric = Metric(str(directive.get("Namespace")), str(each["Name"]), dimensions)
                yield metric, metadata["Timestamp"], values


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
