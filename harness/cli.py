"""What the commands share: a mistake, and a standard output that takes nothing, are answered with one line."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """`argparse`, with one line on a bad option instead of the whole usage; exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Print `message` on one line of standard error and exit with 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (try --help)\n")


def complain(program: str, error: object) -> None:
    """Print what is wrong on one line of standard error."""
    # None where it was closed before the start: https://docs.python.org/3/library/sys.html#sys.__stdout__
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"{program}: {_encodable(' '.join(str(error).split()), sys.stderr.encoding)}", file=sys.stderr)


def put(program: str, text: str) -> bool:
    """Write `text` to standard output at once. False, with one line of complaint, where that takes no more."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        sys.stdout.write(_encodable(text, sys.stdout.encoding))
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        # What is left in the buffer goes nowhere: it would be tried again at the end, with a traceback.
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        complain(program, f"standard output takes no more ({error})")
        return False
    return True


def _encodable(text: str, encoding: str | None) -> str:
    """The text, with what the terminal cannot show (half a surrogate pair, out of JSON) written as an escape."""
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
