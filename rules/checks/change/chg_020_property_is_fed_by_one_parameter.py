"""CHG-020  property_is_fed_by_one_parameter

Why       A setting that was copied from another resource keeps that one's parameter: it deploys, but follows a
          different switch than its neighbours. Whoever then shortens the access logs also deletes a function's logs,
          without warning.
Targets   Parameters
"""

from collections import Counter
from typing import Any

from harness.render.resources import at, walk
from rules.lib import Problem, Problems
from rules.lib.cached import cached, cached_by_part
from rules.lib.iam import Path

JUDGES = "source"

#: Ids of subnets and the like are not settings.
SETTINGS = ("Number", "String")

#: A kind of resource, and the way to one of its properties without the indexes of lists.
Property = tuple[str, Path]


def subjects(template: dict[str, Any]) -> list[str]:
    """The resources that share a kind and a property fed by parameters with another resource."""
    fed = _fed(template)
    return [name for name in _resources(template) if any(name in each and len(each) > 1 for each in fed.values())]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """Properties that take another parameter than those of most others; of two that differ, either may be wrong."""
    for (kind, path), fed in _fed(template).items():
        if subject not in fed or len(fed) < 2:
            continue
        counts = Counter(frozenset(names.values()) for names in fed.values())
        usual, most = counts.most_common(1)[0]
        own = frozenset(fed[subject].values())
        if len(counts) > 1 and (own != usual or list(counts.values()).count(most) > 1):
            others = sorted({name for names in fed.values() for name in names.values()} - own)
            yield Problem(
                f"{'.'.join(map(str, path))} takes {' and '.join(sorted(own))}, but others of {kind} take"
                f" {' and '.join(others) or 'fewer parameters'}.",
                "refer to the same parameter as the others do, or state the value that is meant to differ.",
                ("Resources", subject, *next(iter(fed[subject]))),
            )


@cached
def _fed(template: dict[str, Any]) -> dict[Property, dict[str, dict[Path, str]]]:
    """For each property the resources that parameters feed it in, with the places and the parameters' names."""
    found: dict[Property, dict[str, dict[Path, str]]] = {}
    for name, resource in _resources(template).items():
        for path, parameter in _referred(resource):
            # An entry's Id says what it is for: a lifecycle rule of another bucket with another one is no copy.
            steps = (
                at(resource, *path[: index + 1], "Id") if isinstance(step, int) else step
                for index, step in enumerate(path)
            )
            if at(template, "Parameters", parameter, "Type") not in SETTINGS:
                continue
            general = tuple(step for step in steps if isinstance(step, str))
            if not _is_its_own(general):
                key = (str(at(resource, "Type")), general)
                found.setdefault(key, {}).setdefault(name, {})[path] = parameter
    return found


@cached_by_part
def _referred(resource: Any) -> list[tuple[Path, str]]:
    """What a resource's properties refer to, and where."""
    return [
        (path, value["Ref"])
        for path, value in walk(at(resource, "Properties"), ("Properties",))
        if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("Ref"), str)
    ]


def _is_its_own(path: Path) -> bool:
    # What tells a resource from its neighbours: its name, a subnet's place, its hour, its tags (which have a rule).
    own = ("AvailabilityZone", "CidrBlock", "Schedule")
    return "Tags" in path or str(path[-1]).endswith("Name") or path[-1] in own


def _resources(template: dict[str, Any]) -> dict[str, Any]:
    resources = template.get("Resources")
    return resources if isinstance(resources, dict) else {}
