"""Evaluates CloudWatch alarms without CloudWatch: the state of an alarm, minute by minute, from metric data.

`series.Numbers` holds metric data by minute, `definition.read` turns the properties of an
`AWS::CloudWatch::Alarm` into an `Alarm`, `evaluation.history` computes its states. Where AWS's documentation
is ambiguous, `reading.Reading` names the interpretation, so that tests can try all of them.

Time is counted in minutes from the caller's start. There is no clock and no waiting. Nothing here reads a
template; `rules.lib.alarms` does, with this package.
"""
