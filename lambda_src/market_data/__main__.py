"""`python -m market_data check FILE...`: what a producer runs, with nothing but msgspec installed."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run the command that is named first."""
    if arguments[:1] == ["check"]:
        # Imported here, so that bad use is answered at once.
        from market_data import check

        return check.main(arguments[1:])
    if arguments in (["--help"], ["-h"]):
        print("usage: python -m market_data check [--help] [--json] [--nonpositive EXCHANGES] FILE...")
        return 0
    print("python -m market_data: the command is `check FILE...` (try check --help)", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
