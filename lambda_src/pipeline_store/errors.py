"""Errors the functions raise: retry (RetryableFailure) or crash. Quarantine is `market_data.RejectedRecord`."""


class RetryableFailure(Exception):
    """A transient failure: the event source redelivers."""


class OversizedObject(Exception):
    """An object is larger, or expands to more, than any that the pipeline writes: crash before it fills the memory."""


class ConfigurationError(Exception):
    """The function is misconfigured: crash with one line that names the variable to set."""


class UnexpectedEvent(Exception):
    """The event does not belong to this function: crash, so that it reaches the dead-letter queue."""
