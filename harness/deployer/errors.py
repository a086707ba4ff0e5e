"""Why the deployer's rights cannot be written down."""

from __future__ import annotations


class UnknownRight(Exception):
    """A resource type or an action that nothing here knows; the message says what to add, and where."""
