"""Why the quarantine could not be read."""


class QuarantineError(Exception):
    """Something cannot be read; the message names it and the cause, on one line."""
