"""Errors that fail a run. A failed run triggers the GlueFailureRule notification."""


class TransformFailed(Exception):
    """Some partitions were not rebuilt; the message names them. The others are finished."""


class LockHeld(Exception):
    """Another run holds the lock, or has taken it over."""
