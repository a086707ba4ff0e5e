"""What of a template only some values reach: conditions, branches, entries of maps, resources, assertions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.render.dependencies import references
from harness.render.dumping import as_key
from harness.render.source import Place

#: What shows a parameter's value.
SHOWING = ("Ref", "Fn::Sub")
#: Of Rules: the values that an account has of a parameter's type, and attributes of what a parameter names.
ASK_AWS = ("Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll")
#: `("condition", name, holds)`, `("exists", section, name)`, `("rule", name)`, or what an `Evaluation` has taken.
Key = tuple[Any, ...]
#: What expressions come to, each as text, where an entry of a map or a list is selected.
Selection = list[tuple[Any, str]]


@dataclass(frozen=True)
class Part:
    """One part: its key, where it is, and who has it: a section and a name in it."""

    key: Key
    place: Place
    owner: tuple[str, str]
    #: What is said of it if no scenario reaches it.
    said: str
    #: What decides whether it is reached.
    decided_by: Any
    #: For an entry of a map or a list, and what is inside of one: what selects it.
    selected_by: Selection | None = None
    #: Whether it is a finding that nothing reaches it.
    is_reported: bool = True


def parts(template: Mapping[str, Any], choices: Any, bounds: Mapping[str, list[str]]) -> Iterator[Part]:
    """Every part; `choices` gives the values that a selection may find, each with what selects it.

    `bounds` are values that a parameter has to show wherever it is referred to.
    """
    for name, condition in template.get("Conditions", {}).items():
        for holds in (True, False):
            said = f"The condition {name} is never {str(holds).lower()}."
            yield Part(("condition", name, holds), ("Conditions", name), ("Conditions", name), said, condition)
    for name, rule in template.get("Rules", {}).items():
        if any(function in as_key(rule.get("RuleCondition")) for function in ASK_AWS):
            # It may hold or not. Taken not to, it excludes nothing from what is judged.
            continue
        for index in range(len(rule["Assertions"])):
            said = f"The rule {name} never applies, so this assertion is never made."
            yield Part(
                ("rule", name), ("Rules", name, "Assertions", index), ("Rules", name), said, rule.get("RuleCondition")
            )
    for section in ("Resources", "Outputs"):
        for name, body in template.get(section, {}).items():
            if "Condition" in body:
                said = f"{name} is never created: {body['Condition']} never holds."
                yield Part(("exists", section, name), (section, name), (section, name), said, _named(body["Condition"]))
            for place, function, argument, within in _functions(body, (section, name)):
                if function == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
                    for branch, word in ((1, "first"), (2, "second")):
                        said = f"The {word} branch of this Fn::If ({argument[0]}) is never taken."
                        key = (id(argument), branch)
                        decided_by = [_named(argument[0]), *(expression for expression, _ in within)]
                        yield Part(key, (*place, branch), (section, name), said, decided_by, within)
                elif section == "Resources" and function in SHOWING:
                    if "Condition" in body or within or "Fn::If" in place:
                        yield from _shown(place, argument, name, bounds, within)
                elif section == "Resources":
                    yield from _selected(place, function, argument, name, choices, within)


def _shown(place: Place, node: Any, name: str, bounds: Mapping[str, list[str]], within: Selection) -> Iterator[Part]:
    """A parameter's values where it is referred to only sometimes: elsewhere any scenario with a value shows it."""
    for parameter in {each[0] for each in references(node)} & bounds.keys():
        reference = {"Ref": parameter}
        for value in bounds[parameter]:
            # No finding: a branch may be there for some of the values.
            yield Part(
                (id(node), (parameter, value)), place, ("Resources", name), "", reference,
                [*within, (reference, value)], is_reported=False,
            )  # fmt: skip


def _selected(place: Place, function: str, argument: Any, name: str, choices: Any, within: Selection) -> Iterator[Part]:
    in_map = function == "Fn::FindInMap"
    found: dict[Any, Selection] = {}
    for pairs, value in choices(function, argument):
        found.setdefault(selected(argument, "" if in_map else pairs[0][1], value), pairs)
    for key, pairs in found.items():
        keys = tuple(text for _, text in (pairs if in_map else pairs[:1]))
        written_out = not in_map and isinstance(argument[1], list)
        entry = ("Mappings", *keys) if in_map else (*place, 1, int(keys[0])) if written_out else (*place, 1)
        said = f"{name} never gets {'.'.join(keys)} of the {'map' if in_map else 'list'}."
        selected_by = [*within, *pairs]
        decided_by = [expression for expression, _ in selected_by]
        # A parameter's list has as many entries as the deployer likes, and may have more uses.
        is_reported = in_map or not any(references(argument[1])) or written_out
        yield Part((id(argument), key), entry, ("Resources", name), said, decided_by, selected_by, is_reported)
    if function == "Fn::FindInMap" and isinstance(argument, list) and len(argument) == 4:
        said = "The DefaultValue of this Fn::FindInMap is never taken."
        yield Part((id(argument), None), (*place, 3), ("Resources", name), said, argument[1:3], within)


def selected(argument: Any, index: str, value: Any) -> Any:
    """What tells an entry from the others that a selection may find: in a list that is written out, its index alone."""
    if not index:
        return as_key(value)
    return index if isinstance(argument[1], list) else (index, as_key(value))


def _named(condition: Any) -> dict[str, Any]:
    return {"Condition": condition}


def _functions(
    value: Any, place: Place, within: Selection | None = None
) -> Iterator[tuple[Place, str, Any, Selection]]:
    """Each function, with what selects it where it stands in a list of which one entry is selected."""
    within = within or []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("Fn::If", "Fn::FindInMap", "Fn::Select"):
                yield (*place, key), key, inner, within
            elif key in SHOWING:
                yield (*place, key), key, value, within
            if key == "Fn::Select" and isinstance(inner, list) and len(inner) == 2 and isinstance(inner[1], list):
                yield from _functions(inner[0], (*place, key, 0), within)
                for index, each in enumerate(inner[1]):
                    selected = [*within, (inner[0], str(index))]
                    yield from _functions(each, (*place, key, 1, index), selected)
            else:
                yield from _functions(inner, (*place, key), within)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _functions(inner, (*place, index), within)
