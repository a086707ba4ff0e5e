"""The emulator's own process: MiniStack with the overlay. `process.Emulator` starts it and sets its environment."""

import sys
from functools import cache

import botocore.session
import yaml

from harness.emulator.errors import EmulatorError
from harness.emulator.overlay import install


def main() -> int:
    """Serve until killed."""
    # Of each deployment's template of 180 KB MiniStack reads several copies: in C, a second of computing less.
    yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[assignment, misc]
    # It reads the model of each service by a session of its own, each of which looks for all of botocore's models.
    botocore.session.get_session = cache(botocore.session.get_session)
    try:
        install.apply()
    except EmulatorError as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    from ministack import app

    # MiniStack reads the command line itself, and has nothing to find there.
    sys.argv = ["ministack"]
    app.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
