"""Changes of a template, as cases write them: RFC 6902 (JSON Patch), in short.

A change is `add` or `replace` with values by their places, or `remove` with one place or several. A place is a JSON
Pointer, or begins with the logical id of a resource: `Queue/Properties/KmsMasterKeyId`. `*` stands for whatever leads
to the one place in there that ends so: `Policy/*/Statement/0/Effect`.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import jsonpatch

VERBS = ("add", "replace", "remove")
_GAP = "/*/"


class BadPatch(Exception):
    """A change does not fit the template; one line."""


def changed(base: Any, changes: Mapping[str, Any]) -> Any:
    """A copy of a template with changes in their order, verb by verb. Raises BadPatch."""
    template = copy.deepcopy(base)
    for verb, places in changes.items():
        for place, operation in _operations(verb, places):
            try:
                # The values become part of the result, which is changed again by cases that are based on it.
                change = copy.deepcopy(operation) | {"op": verb, "path": pointer(place, template, verb)}
                template = jsonpatch.apply_patch(template, [change], in_place=True)
            except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
                raise BadPatch(f"{place} does not fit: {' '.join(str(error).split())}") from error
    return template


def _operations(verb: str, places: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if verb == "remove":
        places = places if isinstance(places, list) else [places]
        yield from ((str(place), {}) for place in places)
    elif isinstance(places, dict):
        yield from ((str(place), {"value": value}) for place, value in places.items())
    else:
        raise BadPatch(f"{verb} has values by their places")


def pointer(place: str, template: Any, verb: str = "replace") -> str:
    """The JSON Pointer of a place in a template. What is added is not there yet, but what it is added to."""
    at = place if place.startswith("/") else f"/Resources/{place}"
    start, gap, end = at.partition(_GAP)
    if not gap:
        return at
    wanted, _, added = end.rpartition("/") if verb == "add" else (end, "", "")
    inside = jsonpatch.JsonPointer(start).resolve(template, None)
    found = [path for path in _paths(inside, start) if wanted and path.endswith(f"/{wanted}")]
    if len(found) != 1:
        raise BadPatch(f"{place}: {len(found)} places end so")
    return f"{found[0]}/{added}" if added else found[0]


def _paths(value: Any, start: str) -> Iterator[str]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in members:
        path = f"{start}/{str(key).replace('~', '~0').replace('/', '~1')}"
        yield path
        yield from _paths(each, path)
