"""What goes wrong with an emulator, for the person who started it."""


class EmulatorError(Exception):
    """The emulated AWS cannot be had: one line says why, and its log's tail follows where there is one."""


class SlowToStop(EmulatorError):
    """The emulated AWS is still being stopped, by a process that needs nothing from this one; one line."""
