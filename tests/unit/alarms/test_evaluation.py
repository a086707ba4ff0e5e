"""Alarms over time: periods, evaluation intervals, and what CloudWatch rejects."""

from typing import Any

import pytest

from harness.alarms.definition import read, reads, refusals
from harness.alarms.errors import AlarmError
from harness.alarms.evaluation import history
from harness.alarms.lines import collect
from harness.alarms.reading import STANDARD, Reading
from harness.alarms.series import Metric, Numbers
from harness.alarms.states import State

ERRORS = Metric("AWS/Lambda", "Errors", {"FunctionName": "consumer"})
PLAIN: dict[str, Any] = {
    "Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "consumer"}],
    "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 1, "TreatMissingData": "notBreaching",
}  # fmt: skip
MATH: dict[str, Any] = {
    "Metrics": [
        {"Id": "filled", "Expression": "FILL(errors, 0)"},
        {
            "Id": "errors",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {key: PLAIN[key] for key in ("Namespace", "MetricName", "Dimensions")},
                "Period": 300,
                "Stat": "Sum",
            },
        },
    ],
    **{key: PLAIN[key] for key in ("EvaluationPeriods", "ComparisonOperator", "Threshold", "TreatMissingData")},
}
FILLED, RAW = MATH["Metrics"]
STAT = RAW["MetricStat"]
MINUTES = {**STAT, "Period": 60}
CIRCLE = {"Id": "f", "Expression": "e", "ReturnData": False}


def changes(stated: dict[str, Any], numbers: Numbers, end: int, reading: Reading = STANDARD) -> list[tuple[int, State]]:
    """An alarm's state changes, by minute."""
    found, state = [], State.INSUFFICIENT_DATA
    for minute, now in history(read(stated), numbers, 0, end, reading=reading):
        if now is not state:
            found.append((minute, now))
        state = now
    return found


def errors_at(*minutes: int) -> Numbers:
    """One error in each of these minutes."""
    numbers = Numbers()
    numbers.put(ERRORS, minutes, 1)
    return numbers


def test_a_number_counts_in_every_window_that_holds_it() -> None:
    """The evaluation window moves every minute. Without newer datapoints it finds the old one for three periods."""
    assert changes(PLAIN, errors_at(100), 200) == [(0, State.OK), (101, State.ALARM), (116, State.OK)]


def test_a_filled_metric_is_well_again_after_its_period() -> None:
    """With FILL every period has a datapoint, so the alarm does not look further back."""
    assert changes(MATH, errors_at(100), 200) == [(0, State.OK), (101, State.ALARM), (106, State.OK)]


def test_a_late_number_is_seen_late() -> None:
    """An alarm cannot use datapoints that have not arrived yet."""
    assert changes(MATH, errors_at(100), 200, Reading(delay=3))[1] == (104, State.ALARM)


def test_an_alarm_that_spans_days_is_evaluated_once_an_hour() -> None:
    """The incomplete hour does not count."""
    silent = {
        **MATH,
        "ComparisonOperator": "LessThanThreshold",
        "EvaluationPeriods": 30,
        "TreatMissingData": "breaching",
    }
    silent["Metrics"] = [
        MATH["Metrics"][0],
        {**MATH["Metrics"][1], "MetricStat": {**MATH["Metrics"][1]["MetricStat"], "Period": 3600}},
    ]

    assert changes(silent, errors_at(*range(-3000, 10)), 3000) == [(0, State.OK), (31 * 60, State.ALARM)]


def test_dynamodb_ignores_missing_data_whatever_is_set() -> None:
    """Without FILL the alarm stays in ALARM; with FILL it clears. The guide suggests otherwise."""
    table = Metric("AWS/DynamoDB", "WriteThrottleEvents", {"TableName": "jobs"})
    numbers = Numbers()
    numbers.put(table, 100, 1)
    of_table = {
        "Namespace": table.namespace,
        "MetricName": table.name,
        "Dimensions": [{"Name": "TableName", "Value": "jobs"}],
    }
    plain = {**PLAIN, **of_table}
    stat = {"Metric": of_table, "Period": 300, "Stat": "Sum"}
    filled = {**MATH, "Metrics": [MATH["Metrics"][0], {**MATH["Metrics"][1], "MetricStat": stat}]}

    assert changes(plain, numbers, 5000)[-1] == (101, State.ALARM)
    assert changes(plain, numbers, 5000, Reading(ignores_for_dynamodb=False))[-1] == (116, State.OK)
    assert changes(filled, numbers, 5000)[-1] == (106, State.OK)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"EvaluationPeriods": 289}, "looks back for 86400 at most", id="more than a day of short periods"),
        pytest.param({"Period": 3600, "EvaluationPeriods": 169}, "604800 at most", id="more than a week of hours"),
        pytest.param({"DatapointsToAlarm": 2}, "more than EvaluationPeriods", id="more points than periods"),
        pytest.param({"Period": 90}, "not a whole number of minutes", id="a minute and a half"),
        pytest.param({"Threshold": "much"}, "no numeric threshold", id="a threshold in words"),
        pytest.param({"ComparisonOperator": "Above"}, "operator", id="an unknown operator"),
        pytest.param({"Statistic": "p99"}, "statistic", id="a percentile"),
        pytest.param({"TreatMissingData": "zero"}, "TreatMissingData", id="an unknown treatment"),
        pytest.param({"Metrics": MATH["Metrics"]}, "with Metrics", id="a metric and metric math"),
        pytest.param({"EvaluationPeriods": None}, "EvaluationPeriods", id="no number of periods"),
    ],
)
def test_what_cloudwatch_refuses_is_refused(changed: dict[str, Any], reason: str) -> None:
    """With a reason that says what to change."""
    (found,) = refusals({**PLAIN, **changed})

    assert reason in found


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        pytest.param([], "Metrics is not", id="nothing"),
        pytest.param("x", "Metrics is not", id="a text"),
        pytest.param([1], "Metrics is not", id="numbers"),
        pytest.param([FILLED], "reads no metric", id="no metric"),
        pytest.param([FILLED, RAW, FILLED], "not a unique name", id="an id twice"),
        pytest.param([{**FILLED, "Id": "Filled"}, RAW], "lower case", id="a capital"),
        pytest.param([{**FILLED, "ReturnData": False}, RAW], "0 of its", id="none watched"),
        pytest.param([FILLED, {**RAW, "ReturnData": True}], "2 of its", id="two watched"),
        pytest.param([{"Id": "e", "Expression": "FILL(other, 0)"}, RAW], "expression other", id="no such id"),
        pytest.param([{"Id": "e", "Expression": "f"}, CIRCLE, RAW], "cycle", id="a circle"),
        pytest.param([{"Id": "e", "Expression": "RATE(errors)"}, RAW], "RATE", id="an unknown function"),
        pytest.param([{"Id": "e", "Expression": "METRICS()"}, RAW], "single series", id="several series"),
        pytest.param([{"Id": "e", "Expression": "5"}, RAW], "single series", id="a number"),
        pytest.param([{"Id": "e", "Expression": 5}, RAW], "not a string", id="no expression"),
        pytest.param([{"Id": "e"}, RAW], "either", id="neither metric nor expression"),
        pytest.param([FILLED, {"Id": "errors", "MetricStat": []}], "names no metric", id="no metric named"),
        pytest.param([FILLED, *({**RAW, "Id": f"errors{n or ''}"} for n in range(11))], "11 metrics", id="11 metrics"),
        pytest.param([FILLED, RAW, {**RAW, "Id": "m2", "MetricStat": MINUTES}], "different periods", id="two periods"),
    ],
)  # fmt: skip
def test_metric_math_that_cannot_be_judged_is_refused(metrics: Any, reason: str) -> None:
    """Ten metrics and ten expressions at most, one period, one series."""
    (found,) = refusals({**MATH, "Metrics": metrics})

    assert reason in found


def test_an_alarm_says_what_it_depends_on() -> None:
    """A metric that no expression uses is not watched."""
    unused = {**RAW, "Id": "other"}

    assert reads(read({**MATH, "Metrics": [FILLED, RAW, unused]})) == {"errors"}


def test_reading_never_crashes_on_rubbish() -> None:
    """An unfinished template may contain anything."""
    for rubbish in (None, 5, [], {}, "text", [None], {"a": 1}):
        for key in (*PLAIN, "Metrics", "DatapointsToAlarm"):
            try:
                read({**PLAIN, key: rubbish})
            except AlarmError:
                continue


def test_log_lines_become_numbers() -> None:
    """In the format of Powertools; other lines are ignored."""
    line = (
        '{"_aws":{"Timestamp":1700000100000,"CloudWatchMetrics":[{"Namespace":"FinancialPipeline","Dimensions":'
        '[["service"]],"Metrics":[{"Name":"Redeliveries","Unit":"Count"}]}]},"service":"kinesis-consumer-dev",'
        '"Redeliveries":[3.0]}'
    )
    numbers = Numbers()

    found = collect(["START RequestId", line, '{"level":"INFO"}', "[]", '{"_aws": 5}'], numbers, begin_ms=1700000040000)

    metric = Metric("FinancialPipeline", "Redeliveries", {"service": "kinesis-consumer-dev"})
    assert found == 1
    assert numbers.series(metric).row([1], 1, 2, "Sum") == (3,)
