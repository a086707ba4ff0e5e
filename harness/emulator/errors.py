"""Errors of the emulated AWS."""


class EmulatorError(Exception):
    """The emulated AWS cannot be started or used. The message is one line, then the end of its log if there is one."""


class SlowToStop(EmulatorError):
    """The emulated AWS is still stopping, in a process that no longer needs this one. The message is one line."""
