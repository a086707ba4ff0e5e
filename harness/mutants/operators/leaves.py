"""Every property that a type has by its schema, however deep: set where it is absent, changed where it is a literal."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.mutants.mutation import changed
from harness.mutants.operators.registry import NO_VALUE, Edit, Template, operator, type_of
from harness.mutants.places import DOCUMENTS
from harness.render import schemas, unknown
from harness.render.parameters import text
from harness.render.resources import walk
from harness.render.schemas import ENTRY
from harness.render.source import Place
from rules.lib import code, judged

#: Names of properties, without entries of lists.
Path = tuple[str, ...]
TYPICAL = "typical"
#: So many other values of an enum are tried.
SIBLINGS = 2
#: Keys that AWS knows where the schema takes any, by the path there.
_KNOWN: dict[Path, tuple[str, ...]] = {
    ("DefaultArguments",): tuple(sorted(code.OF_GLUE)),
    # https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
    ("EventPattern",): ("account", "id", "region", "resources", "time", "version"),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    ("DashboardBody",): ("end", "periodOverride", "start", "variables"),
    ("DashboardBody", "widgets", "properties"): (
        "accountId", "annotations", "end", "legend", "liveData", "markdown", "setPeriodToTimeRange", "sparkline",
        "singleValueFullPrecision", "stacked", "start", "stat", "table", "timezone", "trend", "yAxis",
    ),
}  # fmt: skip


class Document(NamedTuple):
    """An object of free keys, or JSON as text: the schema ends there. Policies have operators of their own."""

    resource: str
    place: Place
    path: Path
    content: Any
    is_text: bool

    def edit(self, inside: Place, value: Any, change: str) -> Edit:
        """The edit that puts `value` at a place of the content."""
        if not self.is_text:
            return Edit(self.resource, (*self.place, *inside), value, change)
        content = changed(self.content, inside, value) if inside else value
        return Edit(self.resource, self.place, json.dumps(content), f"{'/'.join(schemas.named(inside))} {change}")


class Leaf(NamedTuple):
    """A value that is a whole, in a resource or in a document, which is the resource's Properties then."""

    document: Document
    inside: Place
    path: Path
    value: Any
    schema: Mapping[str, Any]

    def edit(self, value: Any) -> Edit:
        """The edit that puts `value` in its place."""
        return self.document.edit(self.inside, value, str(value))


@operator
def set_absent_leaf(template: Template) -> Iterator[Edit]:
    """A property that no resource of its type sets, with a value that is typical of its schema."""
    stated: dict[str, set[Path]] = {}
    for leaf in _leaves(template):
        stated.setdefault(type_of(template, leaf.document.resource), set()).add(leaf.path)
    for type_, there in stated.items():
        for path in schemas.leaves(type_):
            names = schemas.named(path)
            # A longer path is one of free keys, a shorter one where somebody else says the whole.
            if not any(names[: len(each)] == each or each[: len(names)] == names for each in there):
                values = _typical(type_, path)
                # What no rule judges is refused whatever it is. What may be set is right with some values only.
                for value in values if judged.is_listed(type_, names) else values[:1]:
                    yield _setting(template, type_, path, value)


@operator
def exchange_leaf(template: Template) -> Iterator[Edit]:
    """A value is another of its enum, a bound of its numbers, or the other boolean."""
    for leaf in _distinct(template):
        if "enum" in leaf.schema or "string" not in str(leaf.schema.get("type", "")):
            made = unknown.made(TYPICAL, leaf.schema)
            others = [each for each in made if text(leaf.value) not in (each, f"{each}.0")]
            for value in others[:SIBLINGS]:
                yield leaf.edit(_like(leaf.value, value))


@operator
def misspell_leaf(template: Template) -> Iterator[Edit]:
    """A text has a typo. That of an enum cfn-lint refuses in whatever template, as CloudFormation does."""
    for leaf in _distinct(template):
        if "enum" not in leaf.schema and isinstance(leaf.value, str) and leaf.value:
            yield leaf.edit(_typo(leaf.value))


@operator
def misspell_key(template: Template) -> Iterator[Edit]:
    """A key has a typo where the schema takes any: an argument's, a variable's, an event's, a dashboard's."""
    for document, inside, content in _objects(template):
        for key in content:
            renamed = {_typo(each) if each == key else each: value for each, value in content.items()}
            yield document.edit(inside, renamed, f"{key} is {_typo(key)}")


@operator
def add_key(template: Template) -> Iterator[Edit]:
    """A key that AWS knows, or nobody does, where the schema takes any."""
    for document, inside, content in _objects(template):
        path = (*document.path, *schemas.named(inside))
        for key in sorted({*_KNOWN.get(path, ()), TYPICAL} - content.keys()):
            value = [TYPICAL] if path[0] == "EventPattern" else TYPICAL
            yield document.edit(inside, {**content, key: value}, f"{key} {value}")


def _distinct(template: Template) -> Iterator[Leaf]:
    """Leaves of a type, path and value once; prose, and a number of JSON, once whatever it is."""
    seen = set()
    for leaf in _leaves(template):
        alike = " " in leaf.value if isinstance(leaf.value, str) else leaf.document.is_text
        key = type_of(template, leaf.document.resource), leaf.path, "" if alike else str(leaf.value)
        if key not in seen and isinstance(leaf.value, str | int | float):
            seen.add(key)
            yield leaf


def _objects(template: Template) -> Iterator[tuple[Document, Place, dict[str, Any]]]:
    """(document, place, keys with values) of free keys; those of a type and path once."""
    seen = set()
    for document in _documents(template):
        for inside, content in walk(document.content):
            if isinstance(content, dict) and not any(each.startswith(("Fn::", "Ref")) for each in content):
                where = (type_of(template, document.resource), *document.path, *schemas.named(inside))
                # Lines of a graph differ in what they state: the first one stands for all.
                alike = where if document.is_text else (*where, *content)
                if alike not in seen:
                    seen.add(alike)
                    yield document, inside, content


def _leaves(template: Template) -> Iterator[Leaf]:
    for name, body in template["Resources"].items():
        whole = Document(name, ("Resources", name, "Properties"), (), body.get("Properties", {}), is_text=False)
        for inside, value in unknown.wholes(whole.content, ()):
            in_schema = unknown.schema_place(inside)
            path = schemas.named(in_schema)
            if value != NO_VALUE and not DOCUMENTS & {*path}:
                yield Leaf(whole, inside, path, value, schemas.leaf(body["Type"], in_schema))
    for document in _documents(template):
        for inside, value in unknown.wholes(document.content, ()) if document.is_text else ():
            schema = {"type": "boolean" if isinstance(value, bool) else "number"}
            path = (*document.path, *schemas.named(inside))
            yield Leaf(document, inside, path, value, {} if isinstance(value, str) else schema)


def _documents(template: Template) -> Iterator[Document]:
    for name, body in template["Resources"].items():
        ends = {schemas.named(path) for path in schemas.leaves(body["Type"])}
        for inside, value in walk(body.get("Properties", {})):
            place = ("Resources", name, "Properties", *inside)
            path = schemas.named(unknown.schema_place(inside))
            if isinstance(value, dict) and path in ends and not DOCUMENTS & {*path} and not value.keys() & {"Fn::If"}:
                yield Document(name, place, path, value, is_text=False)
            if isinstance(value, str) and value.lstrip().startswith("{"):
                try:
                    content = json.loads(value)
                except ValueError:
                    continue
                yield Document(name, place, tuple(each for each in path if each != "Fn::Sub"), content, is_text=True)


def _typical(type_: str, path: tuple[str, ...]) -> list[Any]:
    """Values that the schema of a leaf allows: two that are as different as can be, or one."""
    schema = schemas.leaf(type_, path)
    if made := unknown.made(TYPICAL, schema):
        return [*made[:1], *made[1:][-1:]]
    return [{TYPICAL: TYPICAL} if "object" in str(schema.get("type")) else TYPICAL]


def _setting(template: Template, type_: str, path: tuple[str, ...], value: Any) -> Edit:
    """The edit that sets a leaf, in the first resource of those that have most of what is around it."""
    ways = [
        (name, *_deepest(body["Properties"], path))
        for name, body in template["Resources"].items()
        if body["Type"] == type_
    ]
    name, place, rest = min(ways, key=lambda each: len(each[2]))
    for step in rest[:0:-1]:
        value = [value] if step == ENTRY else {step: value}
    return Edit(
        name, ("Resources", name, "Properties", *place), value, "/".join(schemas.named((*rest[1:], str(value))))
    )


def _deepest(value: Any, path: tuple[str, ...]) -> tuple[Place, tuple[str, ...]]:
    """The place of a path as far as it is there, with the step that is not yet, and the steps from that one on."""
    place: Place = ()
    for index, step in enumerate(path):
        while isinstance(value, dict) and "Fn::If" in value:
            branch = 2 if value["Fn::If"][1] == NO_VALUE else 1
            place, value = (*place, "Fn::If", branch), value["Fn::If"][branch]
        if step == ENTRY and isinstance(value, list):
            place, value = (*place, 0), value[0]
        elif isinstance(value, dict) and step in value:
            place, value = (*place, step), value[step]
        elif isinstance(value, dict) and step != ENTRY:
            return (*place, step), path[index:]
        else:  # a text or a function, in the place of which something else comes
            return place, path[index - 1 :]
    return place, ("",)


def _like(value: Any, other: str) -> Any:
    """Another value as it is written where the schema does not say, which is as the value."""
    return json.loads(other) if isinstance(value, bool | int | float) and other in ("true", "false") else other


def _typo(text_: str) -> str:
    """Two neighbours change places, or the only character comes twice."""
    for index in range(len(text_) // 2, len(text_)):
        if text_[index - 1] != text_[index]:
            return text_[: index - 1] + text_[index] + text_[index - 1] + text_[index + 1 :]
    return text_ * 2
