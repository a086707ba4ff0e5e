"""What can be wrong with an alarm or its metric math."""

from __future__ import annotations


class AlarmError(ValueError):
    """Base of every error this package raises on purpose."""


class UnreadableAlarm(AlarmError):
    """The alarm lacks something, or has something CloudWatch would refuse; the text says what."""


class UnreadableExpression(AlarmError):
    """An expression is not metric math, or uses it in a way CloudWatch does not take."""


class UnknownFunction(UnreadableExpression):
    """A function that is not modelled here. What it does is unknown, so nobody may rely on it: unknown is not well."""
