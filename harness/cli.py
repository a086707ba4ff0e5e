"""What the commands share: an option parser that answers a mistake with one line."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """`argparse`, with one line on a bad option instead of the whole usage; exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Print `message` on one line of standard error and exit with 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (try --help)\n")
