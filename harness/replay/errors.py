"""What goes wrong on purpose in a replay. Every message is one line and says where to look."""

from __future__ import annotations


class ReplayError(Exception):
    """The feed cannot be read or cannot be sent; the message is for the person who named it."""


class LineError(ReplayError):
    """A capture's line is not what its format says; whoever knows file and line number puts them in front."""
