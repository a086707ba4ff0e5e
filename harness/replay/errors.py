"""Errors of a replay. Every message is one line and names the place."""


class ReplayError(Exception):
    """The feed cannot be read or sent."""


class LineError(ReplayError):
    """A capture's line does not match its format. The caller prepends file and line number."""
