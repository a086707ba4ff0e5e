"""Errors of alarms and metric math."""


class AlarmError(ValueError):
    """Base of this package's errors."""


class UnreadableAlarm(AlarmError):
    """The alarm is incomplete, or CloudWatch would reject it; the message says why."""


class UnreadableExpression(AlarmError):
    """An expression is not valid metric math."""


class UnknownFunction(UnreadableExpression):
    """A metric math function that is not modelled here, so the alarm's behaviour is unknown."""
