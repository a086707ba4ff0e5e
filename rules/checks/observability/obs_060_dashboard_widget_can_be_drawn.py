"""OBS-060  dashboard_widget_can_be_drawn

Why       CloudWatch takes a dashboard whose widgets cover each other, lie far below the others or name a statistic that
          there is none of, and shows a gap. Whoever looks in an incident takes the gap for silence.
Targets   AWS::CloudWatch::Dashboard
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import combinations
from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack, all_of

PATH = ("Properties", "DashboardBody")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
COLUMNS, DEFAULT = 24, {"width": 6, "height": 6}
#: Smaller than this nobody reads a graph.
LEAST = {"width": 3, "height": 2}
TYPES = ("alarm", "metric", "text")
VIEWS = ("bar", "gauge", "pie", "singleValue", "table", "timeSeries")
STATISTIC = re.compile(r"Average|IQM|Maximum|Minimum|SampleCount|Sum|(p|tm|wm|tc|ts)[0-9]{1,2}(\.[0-9]+)?|p100")
#: Seconds: AWS publishes by the minute, and a day is the longest that a graph sums up.
DAY = 86400

subjects = all_of("AWS::CloudWatch::Dashboard")


def problems(stack: Stack, subject: str) -> Problems:
    """Places and sizes that do not fit, and words that CloudWatch does not know. What is no JSON is another rule's."""
    body = stack.resources[subject].properties.get("DashboardBody")
    widgets: list[Any] = []
    with suppress(ValueError):
        widgets = items(at(json.loads(body), "widgets")) if isinstance(body, str) else []
    for fault in _faults([each for each in widgets if isinstance(each, dict)]):
        yield Problem(f"the dashboard is not drawn as it is meant: {fault}.", "mend the widget in DashboardBody.", PATH)


def _faults(widgets: list[dict[str, Any]]) -> Iterator[str]:
    below = 0
    placed = [each for each in widgets if "x" in each or "y" in each]
    for widget in widgets:
        title = _title(widget)
        if widget.get("type") not in TYPES:
            yield f"{title} is of type {widget.get('type')}, which is none of {', '.join(TYPES)}"
        for key, least in LEAST.items():
            if not _is_number(_size(widget, key), least, COLUMNS if key == "width" else 1000):
                yield f"{title} has a {key} of {widget.get(key)}, too small or too large to read"
        yield from (f"{title} {fault}" for fault in _words(widget.get("properties")))
    for widget in sorted(placed, key=lambda each: _number(each, "y")):
        x, y = _number(widget, "x"), _number(widget, "y")
        if x < 0 or x + _size(widget, "width") > COLUMNS or not 0 <= y <= below:
            yield f"{_title(widget)} lies at column {x}, row {y}, outside of what is shown"
        below = max(below, y + _size(widget, "height"))
    for one, other in combinations(placed, 2):
        if _covers(one, other, "x", "width") and _covers(one, other, "y", "height"):
            yield f"{_title(one)} covers {_title(other)}"


def _words(properties: Any) -> Iterator[str]:
    lines = [each for line in items(at(properties, "metrics")) for each in items(line) if isinstance(each, dict)]
    for stated in (each for each in (properties, *lines) if isinstance(each, dict)):
        if not STATISTIC.fullmatch(str(stated.get("stat", "Average"))):
            yield f"has a statistic {stated['stat']}, which CloudWatch does not have"
        if stated.get("yAxis", "left") not in ("left", "right") and stated is not properties:
            yield f"has a line on a yAxis {stated['yAxis']}, which is neither left nor right"
        period = stated.get("period", 60)
        if not _is_number(period, 60, DAY) or period % 60:
            yield f"has a period of {period} s, in which AWS publishes nothing"
    if at(properties, "view") not in (None, *VIEWS):
        yield f"has a view {at(properties, 'view')}, which is none of {', '.join(VIEWS)}"


def _title(widget: Mapping[str, Any]) -> str:
    return f"the widget {at(widget, 'properties', 'title') or at(widget, 'type')}"


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _number(widget: Mapping[str, Any], key: str) -> int:
    value = widget.get(key, 0)
    return value if isinstance(value, int) else -1


def _size(widget: Mapping[str, Any], key: str) -> Any:
    return _number({"of": widget.get(key, DEFAULT[key])}, "of")


def _covers(one: Mapping[str, Any], other: Mapping[str, Any], start: str, size: str) -> bool:
    first, second = _number(one, start), _number(other, start)
    return bool(first < second + _size(other, size) and second < first + _size(one, size))
