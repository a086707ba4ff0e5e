"""Reads lists and code blocks in documents as data, for tests that compare a document with what it describes."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A list item: the text before and after its first colon, and its fields by label."""

    name: str
    text: str
    fields: dict[str, str]


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def items(page: str, heading: str) -> list[Item]:
    """The items with fields (`  - Label: text`) below a heading of the second level; each text on one line."""
    section = re.split(r"\n## ", page.partition(f"\n## {heading}\n")[2])[0]
    return [_item(block) for block in re.findall(r"^- .*(?:\n  .*)+", section, re.MULTILINE) if "\n  - " in block]


def _item(block: str) -> Item:
    first, *fields = (" ".join(part.split()) for part in re.split(r"\n  - ", block.removeprefix("- ")))
    name, _, text = first.partition(": ")
    labelled = (field.partition(": ") for field in fields)
    return Item(name, text, {label: content for label, _, content in labelled})
