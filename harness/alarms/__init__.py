"""CloudWatch alarms, worked out without CloudWatch: what state an alarm is in, minute by minute, given its numbers.

`series.Numbers` holds what a metric was in which minute, `definition.read` turns the properties of an
`AWS::CloudWatch::Alarm` into an `Alarm`, `evaluation.history` says when it changes state. Where AWS's documentation
leaves more than one way to read it, `reading.Reading` names the choice, so that a test can take them all.

Time is a count of minutes from wherever the caller begins. There is no clock and nothing waits. Nothing here knows a
template: that is `rules.lib.alarms`, which asks this package.
"""
