"""The emulator's own process: MiniStack with the overlay. `process.Emulator` starts it and sets its environment."""

import sys
from functools import cache

import botocore.session
import yaml

from harness.emulator.errors import EmulatorError
from harness.emulator.overlay import install


def main() -> int:
    """Serve until killed."""
    # MiniStack parses each deployment's 180 KB template several times; the C parser saves a second of CPU.
    yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[assignment, misc]
    # It reads the model of each service by a session of its own, each of which looks for all of botocore's models.
    botocore.session.get_session = cache(botocore.session.get_session)
    try:
        install.apply()
    except EmulatorError as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    from ministack import app

    # MiniStack parses sys.argv; give it no arguments.
    sys.argv = ["ministack"]
    app.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
