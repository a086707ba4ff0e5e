"""The error of an engine that could not judge."""


class EngineError(Exception):
    """An engine is missing, failed, or did not judge every target; never a pass. The message is one line."""
