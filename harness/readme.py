"""Fills the generated parts of README.md from what they describe; `--check` says whether they are stale."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from harness.cli import Parser
from harness.emulator import not_shown, overlay
from harness.replay.formats import FORMATS
from market_data import Reason

README = Path(__file__).resolve().parent.parent / "README.md"
_PART = re.compile(r"(?P<head><!-- generated: (?P<name>\w+) -->\n).*?(?P<tail><!-- end -->)", re.DOTALL)


def _reasons() -> str:
    rows = [f"| `{reason.value}` | {reason.meaning} |" for reason in Reason]
    return "\n".join(("| code | meaning |", "|---|---|", *rows))


def _formats() -> str:
    return "\n".join(f"- `{name}`: {_first_line(format_)}" for name, format_ in sorted(FORMATS.items()))


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


PARTS: dict[str, Callable[[], str]] = {
    "reasons": _reasons,
    "overlay": overlay.listing,
    "not_shown": not_shown.listing,
    "formats": _formats,
}


def filled(text: str) -> str:
    """Return `text` with every generated part as it should be; KeyError for a part nobody generates."""
    return _PART.sub(lambda part: f"{part['head']}{PARTS[part['name']]()}\n{part['tail']}", text)


def main(argv: list[str]) -> int:
    """Write README.md, or with `--check` return 1 when it is stale."""
    parser = Parser(prog="readme", description="Fill the generated parts of README.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if README.md is stale")
    options = parser.parse_args(argv)
    text = README.read_text()
    wanted = filled(text)
    if options.check:
        if text != wanted:
            print("readme: README.md is stale; python -m harness.readme writes it anew", file=sys.stderr)
        return int(text != wanted)
    README.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
