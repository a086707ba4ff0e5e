"""What a check looked at in a scenario: a mutant that differs elsewhere needs no asking, as the check says the same.

A check is a function of the stack it is given. Where all that it read is equal, it does and says the same again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.gate.check_loader import Check
from harness.render.resources import Resource, Stack

#: Instead of a key: the whole, or which keys there are.
WHOLE = "*"
PARAMETERS = "Parameters"
#: A resource's logical id, and a key of its body or of its Properties; without one, of the scenario's parameters.
Place = tuple[str, str, str]
_ABSENT = object()


@dataclass(frozen=True)
class Observation:
    """The types a check asked for, and the places it read, in one scenario."""

    types: Set[str]
    places: Set[Place]

    def concerns(self, differences: "Differences") -> bool:
        """Whether the check saw anything of what is different now."""
        types = differences.types
        return not (self.places.isdisjoint(differences.places) and (not types or self._asked_for_none_of(types)))

    def _asked_for_none_of(self, types: Set[str]) -> bool:
        return WHOLE not in self.types and self.types.isdisjoint(types)


@dataclass(frozen=True)
class Differences:
    """Places that a mutation changes in a scenario; `types` of resources that come, go, or change name or type."""

    types: Set[str]
    places: Set[Place]


def differences(
    resources: Mapping[str, Resource | None], before: Mapping[str, Resource], given: Iterable[str] = ()
) -> Differences:
    """What is different when `resources` (None: gone) take the place of those of the same name in `before`.

    `given` are the parameters that have another value.
    """
    types: set[str] = set()
    places: set[Place] = {("", PARAMETERS, key) for name in given for key in (name, WHOLE)}
    for name, after in resources.items():
        was = before.get(name)
        if was is None or after is None or _face(was) != _face(after):
            types |= {each.type for each in (was, after) if each is not None}
        else:
            places.update(_differing(name, was, after))
    return Differences(types, places)


def observe(check: Check, stack: Stack) -> Observation:
    """Run a check on a stack and note what it reads."""
    places: set[Place] = set()
    # Resources and a stack of its own: answers that checks share would hide what later checks rely on.
    parameters = _NotingDict(stack.parameters, places.add, "", PARAMETERS)
    watched = Stack({name: _ObservedResource(each, places.add) for name, each in stack.resources.items()}, parameters)
    list(check.run(watched))
    return Observation(watched.types_read, places)


class _NotingDict(dict[str, Any]):
    """A dict that notes which keys are asked for; whatever else is done with it counts as reading the whole."""

    def __init__(self, content: Mapping[str, Any], note: Callable[[Place], None], name: str, section: str) -> None:
        super().__init__(content)
        self._note, self._name, self._section = note, name, section

    def note(self, key: object) -> None:
        """Note that `key`, or WHOLE, is read."""
        self._note((self._name, self._section, str(key)))

    def __getitem__(self, key: str) -> Any:
        self.note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As dict's."""
        self.note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.note(key)
        return super().__contains__(key)


def _noting_whole(method: Callable[..., Any]) -> Callable[..., Any]:
    def noting(self: _NotingDict, *arguments: Any) -> Any:
        self.note(WHOLE)
        return method(self, *arguments)

    return noting


for _name in ("__iter__", "__reversed__", "__len__", "__eq__", "__ne__", "__or__", "__ror__", "__repr__"):
    setattr(_NotingDict, _name, _noting_whole(getattr(dict, _name)))
for _name in ("copy", "items", "keys", "values"):
    setattr(_NotingDict, _name, _noting_whole(getattr(dict, _name)))


class _ObservedResource(Resource):
    """A resource that notes what is read of its body."""

    _resource: Resource
    _note: Callable[[Place], None]

    def __init__(self, resource: Resource, note: Callable[[Place], None]) -> None:
        face = {"logical_id": resource.logical_id, "type": resource.type, "ref": resource.ref, "arn": resource.arn}
        self.__dict__.update(face, _resource=resource, _note=note)

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """Made when it is first asked for: a check asks for few."""
        body, name, note = dict(self._resource.body), self.logical_id, self._note
        if isinstance(body.get("Properties"), dict):
            body["Properties"] = _NotingDict(body["Properties"], note, name, "Properties")
        return _NotingDict(body, note, name, "body")


def _face(resource: Resource) -> tuple[str, str, str]:
    return resource.type, resource.ref, resource.arn


def _differing(name: str, was: Resource, after: Resource) -> Iterator[Place]:
    """Where two bodies differ, and the wholes around."""
    bodies = [("body", was.body, after.body)]
    if isinstance(was.body.get("Properties"), dict) and isinstance(after.body.get("Properties"), dict):
        bodies.append(("Properties", was.properties, after.properties))
    for section, one, other in bodies:
        keys = [key for key in {**one, **other} if one.get(key, _ABSENT) != other.get(key, _ABSENT)]
        if section == "body" and len(bodies) > 1:
            # Its properties are looked at one by one.
            keys = [key for key in keys if key != "Properties"]
        if keys:
            yield from ((name, section, key) for key in (*keys, WHOLE))
