"""Inline suppressions in a template: all are ignored, and all are reported."""

import copy
import re
from collections.abc import Iterator
from typing import Any

from harness.gate.verdicts import Suppression
from harness.render.source import Source

#: Key below `Metadata` -> engine.
_METADATA = {
    "guard": "cfn-guard",
    "cfn-lint": "cfn-lint",
    "cfn_nag": "cfn_nag",
    "checkov": "checkov",
    "bridgecrew": "checkov",
    "cortex": "checkov",
    "tfsec": "tfsec",
}
#: Checkov reads its own from any text, because JSON has no comments.
_COMMENT = re.compile(
    r"((?:checkov|bridgecrew|cortex):\s*skip)[^\n]*"
    r"|#\s*(cfn-lint\b.*(?:ignore|disable)|nosec\b|tfsec:\s*ignore)[^\n]*"
)
_ENGINES = {"cfn-lint": "cfn-lint", "tfsec": "tfsec"}


def find(source: Source) -> list[Suppression]:
    """Every suppression in the metadata and the comments of a template, by line."""
    found = [*_in_metadata(source), *_in_comments(source)]
    return sorted(found, key=lambda each: (each.line, each.engine))


def without(template: dict[str, Any]) -> dict[str, Any]:
    """The template without what `find` finds in its metadata, for engines that always obey it."""
    cleaned = copy.copy(template)
    if isinstance(cleaned.get("Metadata"), dict):
        cleaned["Metadata"] = {key: value for key, value in cleaned["Metadata"].items() if key not in _METADATA}
    cleaned["Resources"] = {
        name: {**body, "Metadata": {key: value for key, value in body["Metadata"].items() if key not in _METADATA}}
        if isinstance(body.get("Metadata"), dict)
        else body
        for name, body in template["Resources"].items()
    }
    return cleaned


def _in_metadata(source: Source) -> Iterator[Suppression]:
    places: list[tuple[tuple[str, ...], Any]] = [(("Metadata",), source.template.get("Metadata"))]
    places += [
        (("Resources", name, "Metadata"), body.get("Metadata")) for name, body in source.template["Resources"].items()
    ]
    for place, metadata in places:
        for key in metadata if isinstance(metadata, dict) else ():
            if key in _METADATA:
                yield Suppression(_METADATA[key], source.line((*place, key)), ".".join((*place, key)))


def _in_comments(source: Source) -> Iterator[Suppression]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if match := _COMMENT.search(line):
            engine = _ENGINES.get(re.split(r"[:\s]", match[1] or match[2])[0], "checkov")
            yield Suppression(engine, number, match[0])
