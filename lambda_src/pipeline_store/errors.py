"""The errors the functions raise on purpose. There are three outcomes for a failure; `market_data` has the third."""


class RetryableFailure(Exception):
    """The world is wrong for now: let the event source deliver it again."""


class ConfigurationError(Exception):
    """The function was deployed wrongly: crash, with one line that says what to set."""


class UnexpectedEvent(Exception):
    """The event is none that this function was deployed for: crash, so that it is dead-lettered and seen."""
