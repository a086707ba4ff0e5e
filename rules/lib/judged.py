"""What may be set in a resource, from `rules/judged.yaml`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from harness.render.source import plain
from rules.lib import Resource
from rules.lib.iam import Path as Place

FILE = Path(__file__).parents[1] / "judged.yaml"
#: The properties inside of a property; none: whatever is inside may be.
Tree = Mapping[str, "Tree"]


@cache
def trees() -> dict[str, Tree]:
    """What may be set by the resource's type."""
    found: dict[str, Any] = {}
    for type_, lines in plain(FILE.read_text()).items():
        for start, ends in lines.items():
            for end in ends.split():
                node = found.setdefault(type_, {})
                for step in (*([] if start == "." else start.split("/")), *end.split("/")):
                    node = node.setdefault(step, {})
    return found


def is_listed(type_: str, names: Iterable[str]) -> bool:
    """Whether a property may be set, by the names that lead to it."""
    tree = trees().get(type_, {"": {}})
    for name in names:
        if not tree:
            return True
        if name not in tree:
            return False
        tree = tree[name]
    return True


def unjudged(resource: Resource) -> list[tuple[Place, str]]:
    """(place, path in words) of all that no rule judges in a resource of a known type; the path is empty at the root.

    A place ends at text that is JSON. What should be an object and is none counts as unjudged.
    """
    tree = trees()[resource.type]
    stated = resource.body.get("Properties") or {}
    return resource.once("unjudged", lambda: list(_unjudged(stated, tree, ("Properties",), ())))


def _unjudged(value: Any, tree: Tree, place: Place, names: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    if not tree:
        return
    is_text = isinstance(value, str)
    if is_text and names:
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unjudged(each, tree, place if is_text else (*place, index), names)
    elif not isinstance(value, dict):
        yield place, "/".join(names)
    else:
        for key, each in value.items():
            inside, path = place if is_text else (*place, key), (*names, key)
            if key in tree:
                yield from _unjudged(each, tree[key], inside, path)
            else:
                yield inside, "/".join(path)
