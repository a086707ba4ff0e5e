"""OBS-029  dashboard_line_shows_data

Why       People look at the dashboard when something is wrong. An empty graph reads as "nothing happens"; most graphs
          of the pipeline this one replaces were empty by mistake.
Targets   AWS::CloudWatch::Dashboard, AWS::Kinesis::Stream, AWS::Lambda::Function
"""

import json
from collections.abc import Iterator
from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import Metric
from rules.lib.metrics import faults, named

PATH = ("Properties", "DashboardBody")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
OPTIONS = {"accountId", "color", "expression", "id", "label", "period", "region", "stat", "visible", "yAxis"}

subjects = all_of("AWS::CloudWatch::Dashboard")


def problems(stack: Stack, subject: str) -> Problems:
    """Each line of each graph has to name an existing metric of a resource of the template."""
    body = stack.resources[subject].properties.get("DashboardBody")
    try:
        widgets = items(at(json.loads(body), "widgets")) if isinstance(body, str) else []
    except ValueError as error:
        yield Problem(f"the dashboard's body is not JSON: {error}.", "mend DashboardBody.", PATH)
        return
    if not widgets:
        yield Problem("the dashboard shows nothing.", "set DashboardBody to JSON text with a list of widgets.", PATH)
    for index, widget in enumerate(widgets):
        if at(widget, "type") == "metric" and not at(widget, "properties", "annotations", "alarms"):
            title = at(widget, "properties", "title") or f"number {index + 1}"
            for fault in _widget_faults(stack, at(widget, "properties")):
                yield Problem(
                    f"the graph {title} would be empty: {fault}.",
                    "name namespace, metric and each dimension with its value, as in "
                    '["AWS/Kinesis", "IncomingRecords", "StreamName", "${Stream}"].',
                    PATH,
                )


def _widget_faults(stack: Stack, properties: Any) -> Iterator[str]:
    lines = items(at(properties, "metrics"))
    if not lines:
        yield "it has no lines"
    above: list[str] = []
    for line in lines:
        above = _repeated([each for each in items(line) if isinstance(each, str)], above)
        options = [each for each in items(line) if not isinstance(each, str)]
        yield from _line_faults(stack, line, above, options, at(properties, "region"))


def _line_faults(stack: Stack, line: Any, words: list[str], options: list[Any], region: Any) -> Iterator[str]:
    said = json.dumps(line)
    unknown = sorted({key for each in options if isinstance(each, dict) for key in each} - OPTIONS)
    if unknown:
        yield f"{', '.join(unknown)} of {said} is not an option"
    if not words and any(at(each, "expression") for each in options):
        return
    readable = isinstance(line, list) and all(isinstance(each, dict) for each in options)
    if not readable or len(words) < 2 or len(words) % 2 or {".", "..."} & set(words):
        yield f"{said} names no metric"
        return
    if any(at(each, "visible") is False and "id" not in each for each in options):
        yield f"{said} is hidden, and no expression can name it"
    metric = Metric(words[0], words[1], dict(zip(words[2::2], words[3::2], strict=True)))
    yield from (f"{metric.name} {fault}" for fault in faults(stack, metric))
    shown = next((at(each, "region") for each in options if at(each, "region")), region)
    for dimension, value in metric.dimensions.items():
        resource = named(stack, dimension, value)
        there, owner = resource.arn.split(":")[3:5] if resource and resource.arn.count(":") >= 5 else ("", "")
        if there and shown and shown != there:
            yield f"{metric.name} is read in {shown}, but published in {there}"
        asked = next((at(each, "accountId") for each in options if at(each, "accountId")), owner)
        if owner and asked != owner:
            yield f"{metric.name} is read in the account {asked}, but published in {owner}"


def _repeated(words: list[str], above: list[str]) -> list[str]:
    """A line with its abbreviations written out: `.` is the word above, `...` all words above but the last ones."""
    if "..." in words:
        start = words.index("...")
        rest = words[start + 1 :]
        words = words[:start] + above[start : len(above) - len(rest)] + rest
    return [above[index] if word == "." and index < len(above) else word for index, word in enumerate(words)]
