"""Shared by the commands: one-line answers to bad options and to a closed standard output."""

import argparse
import os
import sys
from contextlib import suppress
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """`argparse` that answers a bad option with one line instead of the usage; exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Print `message` on one line of standard error and exit with 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (try --help)\n")


def complain(program: str, error: object) -> None:
    """Print what is wrong on one line of standard error."""
    # None if it was closed before the start: https://docs.python.org/3/library/sys.html#sys.__stdout__
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"{program}: {_encodable(' '.join(str(error).split()), sys.stderr.encoding)}", file=sys.stderr)


def put(program: str, text: str) -> bool:
    """Write `text` to standard output and flush. If that fails, complain on one line and return False."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        sys.stdout.write(_encodable(text, sys.stdout.encoding))
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        # Discard the buffer, or Python would retry at exit, with a traceback.
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        complain(program, f"cannot write to standard output ({error})")
        return False
    return True


def _encodable(text: str, encoding: str | None) -> str:
    """The text with characters that the encoding lacks (such as half a surrogate pair) escaped."""
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
