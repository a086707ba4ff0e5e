"""Why the quarantine could not be read."""


class QuarantineError(Exception):
    """Something there cannot be read; the message names it and says why, in one line."""
