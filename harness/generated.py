"""Parts of a document that are made from what they describe, between `<!-- generated: name -->` and `<!-- end -->`."""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_PART = re.compile(r"(?P<head><!-- generated: (?P<name>\w+) -->\n).*?(?P<tail><!-- end -->)", re.DOTALL)


def filled(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """Return `text` with every generated part updated; KeyError for an unknown part."""
    return _PART.sub(lambda part: f"{part['head']}{parts[part['name']]()}\n{part['tail']}", text)


def hold(program: str, root: Path, wanted: Mapping[Path, str], write: bool) -> bool:
    """Write the stale files, or name them, with the command that writes them. Return whether any stays stale."""
    stale = [path for path, content in wanted.items() if not path.is_file() or path.read_text() != content]
    for path in stale:
        if write:
            path.write_text(wanted[path])
        else:
            again = f"`tox -e {program} -- --write` updates it"
            print(f"{program}: {path.relative_to(root)} is stale; {again}", file=sys.stderr)
    return bool(stale) and not write
