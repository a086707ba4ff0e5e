"""An emulated AWS for tests and for the pipeline's proof: MiniStack, managed, with an overlay."""

from harness.emulator.credentials import Credentials
from harness.emulator.errors import EmulatorError
from harness.emulator.process import Emulator

__all__ = ["Credentials", "Emulator", "EmulatorError"]
