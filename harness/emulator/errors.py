"""What goes wrong with an emulator, for the person who started it."""


class EmulatorError(Exception):
    """The emulated AWS cannot be had: one line says why, and its log's tail follows where there is one."""
