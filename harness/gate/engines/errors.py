"""What an engine says when it cannot say anything."""


class EngineError(Exception):
    """An engine is missing, broke, or did not answer for everything it was given; never a pass. One line."""
