"""`tox -e readme [-- --write]`: checks or writes the generated parts of docs/."""

import sys
from collections.abc import Callable
from pathlib import Path

from harness import generated
from harness.cli import Parser
from harness.costs import page as costs
from harness.deployer import page as deployer
from harness.emulator import not_shown
from harness.emulator.overlay import install
from harness.pages import dictionary
from harness.render import parameters
from harness.replay.formats import FORMATS
from market_data import Reason
from market_data.schema import EXAMPLES, in_lines

ROOT = Path(__file__).resolve().parents[2]
_PAGES = "costs data data-contract deploying emulated-aws feeds judging-other-templates producing"
DOCUMENTS = tuple(ROOT / "docs" / f"{name}.md" for name in _PAGES.split())


def _reasons() -> str:
    rows = [f"| `{reason.value}` | {reason.meaning} |" for reason in Reason]
    return "\n".join(("| code | meaning |", "|---|---|", *rows))


def _examples() -> str:
    return "\n\n".join(f"```json\n{in_lines(example)}\n```" for example in EXAMPLES)


def _formats() -> str:
    return "\n".join(f"- `{name}`: {_first_line(format_)}" for name, format_ in sorted(FORMATS.items()))


def _first_line(documented: object) -> str:
    return (documented.__doc__ or "").strip().splitlines()[0]


def _placeholders() -> str:
    by_type = [f"| `{type_}` | `{value}` |" for type_, value in parameters.BY_TYPE.items()]
    by_pattern = "\n".join(f"- `{value}`" for value in parameters.BY_PATTERN)
    by_name = [f"| `{ending}` | `{value}` |" for ending, value in parameters.BY_NAME.items()]
    table = "\n".join(("| type | placeholder |", "|---|---|", *by_type))
    named = "\n".join(("| name | placeholder |", "|---|---|", *by_name))
    return (
        f"{table}\n\nText whose name ends so (regular expressions, whatever the case) gets what is beside it:"
        f"\n\n{named}\n\nText with an `AllowedPattern` gets the first of these that it allows:\n\n{by_pattern}"
    )


PARTS: dict[str, Callable[[], str]] = {
    "reasons": _reasons,
    "overlay": install.listing,
    "not_shown": not_shown.listing,
    "examples": _examples,
    "formats": _formats,
    "placeholders": _placeholders,
    **costs.PARTS,
    **deployer.PARTS,
    **dictionary.PARTS,
}


def filled(text: str) -> str:
    """Return `text` with every generated part updated; KeyError for an unknown part."""
    return generated.filled(text, PARTS)


def main(argv: list[str]) -> int:
    """Name stale documents and return 1; with `--write`, write them."""
    parser = Parser(prog="readme", description="Hold the generated parts of docs/ to what they describe.")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="exit 1 if a document is stale, and name it (the default)")
    either.add_argument("--write", action="store_true", help="write what is stale")
    options = parser.parse_args(argv)
    return int(generated.hold("readme", ROOT, {path: filled(path.read_text()) for path in DOCUMENTS}, options.write))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
