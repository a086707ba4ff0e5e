"""Errors of the deployer's permissions."""


class UnknownRight(Exception):
    """An unknown resource type or action; the message says what to add, and where."""
