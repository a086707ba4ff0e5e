"""Parts of a document that are made from what they describe, between `<!-- generated: name -->` and `<!-- end -->`."""

import re
from collections.abc import Callable, Mapping

_PART = re.compile(r"(?P<head><!-- generated: (?P<name>\w+) -->\n).*?(?P<tail><!-- end -->)", re.DOTALL)


def filled(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """Return `text` with every generated part updated; KeyError for an unknown part."""
    return _PART.sub(lambda part: f"{part['head']}{parts[part['name']]()}\n{part['tail']}", text)
