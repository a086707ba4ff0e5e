"""Interpretations of ambiguous AWS documentation, as values, so that tests can try all of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One interpretation of the documentation.

    `extra` is the number of periods beyond N that an alarm retrieves. AWS says "a higher number" that
    "depends on the length of the alarm period", and shows 5 for 3 periods of five minutes.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

    `fills_the_empty`: FILL gives a value for every period even if the metric has no number in any of them. AWS warns
    that FILL fills the newest period of a delayed metric, so it does not only fill between numbers; of a metric
    without any number it says nothing. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

    `ignores_for_dynamodb`: alarms on AWS/DynamoDB ignore missing data whatever they are set to. PutMetricAlarm says
    "always", the user guide "by default".
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html

    `missing_is_zero`: where one of two rows has no number, operators and SUM take it for 0. The page says so of
    arithmetic and comparisons; people report that the result is missing.

    `delay` is how many minutes after its minute a number can be read.
    """

    extra: int = 2
    fills_the_empty: bool = True
    ignores_for_dynamodb: bool = True
    missing_is_zero: bool = True
    delay: int = 0


#: The documentation's examples.
STANDARD = Reading()
#: Every interpretation under which this project's alarms must work.
READINGS = {
    "as documented": STANDARD,
    "FILL leaves a metric without numbers empty": Reading(fills_the_empty=False),
    "the guide's word on DynamoDB": Reading(ignores_for_dynamodb=False),
    "what is missing stays missing": Reading(missing_is_zero=False),
    "no further look back": Reading(extra=0),
    "a longer look back": Reading(extra=4),
    "numbers arrive two minutes late": Reading(delay=2),
}
