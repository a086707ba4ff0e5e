"""A template file as plain data: intrinsic functions in the long form, and the line each value stands at."""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.render.errors import UnreadableTemplate

Step = str | int
Place = tuple[Step, ...]

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html, and the
#: rule-specific ones. `Ref` and `Condition` have no prefix.
FUNCTIONS = frozenset(
    {
"Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals",
        "Fn::FindInMap", "Fn::GetAtt", "Fn::GetAZs", "Fn::GetStackOutput", "Fn::If", "Fn::ImportValue", "Fn::Join",
        "Fn::Length", "Fn::Not", "Fn::Or", "Fn::RefAll", "Fn::Select", "Fn::Split", "Fn::Sub", "Fn::ToJsonString",
        "Fn::Transform", "Fn::ValueOf", "Fn::ValueOfAll", "Ref", "Condition",
    }
)  # fmt: skip
_FOR_EACH = "Fn::ForEach::"
_FIRST = (
    "first run aws cloudformation create-change-set with it, then judge what aws cloudformation get-template "
    "--change-set-name NAME --template-stage Processed prints"
)
#: The one transform whose work is all done here: what it adds is in FUNCTIONS (or is a macro, and refused as such).
_RENDERED_TRANSFORM = "AWS::LanguageExtensions"
#: CloudFormation takes templates of up to a megabyte; aliases may not multiply a small file beyond that.
MAXIMUM_BYTES = 1_000_000
MAXIMUM_VALUES = 200_000
MAXIMUM_DEPTH = 100

_SCALAR = (str, int, float)
_YAML = "tag:yaml.org,2002:"
#: A plain scalar of these is text: 2012-10-17 is a policy's language and no day, `=` an operator, `<<` a separator.
_TEXT = tuple(f"{_YAML}{kind}" for kind in ("timestamp", "value", "merge"))
_KINDS = tuple(f"{_YAML}{kind}" for kind in ("bool", "float", "int", "map", "seq", "str"))
#: An escape of JSON's, whole: two halves of a character beyond 16 bits, which YAML does not take, or any other.
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|.)", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """A template as read: `template` is its data, `lines` where each value of it begins (1 is the first line)."""

    path: Path
    text: str
    sha256: str
    template: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of a value, or of the nearest thing around it that the file holds."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 1


def plain(text: str) -> Any:
    """The value of YAML without CloudFormation's tags, by libyaml: PyYAML's own reader takes ten times as long.

    Raises yaml.YAMLError.
    """
    return yaml.load(text, Loader=yaml.CSafeLoader)


def read(path: Path) -> Source:
    """Read a template. Raises UnreadableTemplate, with the line, for whatever is not one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableTemplate(f"{path}: {error.strerror}") from error
    if len(content) > MAXIMUM_BYTES:
        raise UnreadableTemplate(f"{path}: {len(content)} bytes are more than CloudFormation takes ({MAXIMUM_BYTES})")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTemplate(f"{path}: byte {error.start} is not UTF-8") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Source:
    """A template from its text; `path` is for messages."""
    template, lines = _Reader(path).read(text)
    _require_template(template, lines, path)
    return Source(path, text, hashlib.sha256(text.encode()).hexdigest(), template, lines)


class _Reader:
    """Builds the data of one file and remembers the lines. By hand, since PyYAML's constructor forgets both."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[Place, int] = {}
        self._open: set[int] = set()
        self._size = 0
        self._is_json = False
        # PyYAML decides what a plain scalar is: a number, a boolean, text.
        self._scalars = yaml.SafeLoader("")

    def read(self, text: str) -> tuple[Any, Mapping[Place, int]]:
        if text.lstrip().startswith("{"):
            # JSON may be indented by tabs, YAML's flow style may not; inside of JSON's strings there is no bare tab.
            text = _ESCAPE.sub(_character, text.replace("\t", " "))
        try:
            self._require_depth(text)
            self._is_json = _is_json(text)
            node = yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.reader.ReaderError as error:
            number = text.count("\n", 0, error.position) + 1
            raise UnreadableTemplate(f"{self._path}:{number}: not YAML: {error.reason}") from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or " ".join(str(error).split())
            line = f":{mark.line + 1}" if mark else ""
            raise UnreadableTemplate(f"{self._path}{line}: not YAML: {problem}") from error
        if node is None:
            raise UnreadableTemplate(f"{self._path}: the file is empty")
        return self._value(node, ()), self._lines

    def _require_depth(self, text: str) -> None:
        # Before there are nodes: they are made by recursion in C, which has no limit but the end of the process.
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAXIMUM_DEPTH:
                    raise self._fail(event, f"nested more than {MAXIMUM_DEPTH} levels deep")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def _fail(self, at: yaml.Node | yaml.Event, message: str) -> UnreadableTemplate:
        line = at.start_mark.line + 1 if at.start_mark else 1
        return UnreadableTemplate(f"{self._path}:{line}: {message}")

    def _value(self, node: yaml.Node, place: Place) -> Any:
        if len(self._lines) >= MAXIMUM_VALUES:
            raise self._fail(node, f"more than {MAXIMUM_VALUES} values; aliases multiply them")
        self._size += len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        if self._size > MAXIMUM_BYTES:
            raise self._fail(node, f"more than {MAXIMUM_BYTES} characters; aliases multiply them")
        if len(place) > 2 * MAXIMUM_DEPTH:  # a function's short form is two steps, and an alias may lead further down
            raise self._fail(node, f"nested more than {MAXIMUM_DEPTH} levels deep")
        if id(node) in self._open:
            raise self._fail(node, "an alias stands inside of what it repeats")
        self._open.add(id(node))
        try:
            self._lines.setdefault(place, node.start_mark.line + 1)
            function = self._function(node)
            return self._plain(node, (*place, function), function) if function else self._plain(node, place)
        finally:
            self._open.discard(id(node))

    def _function(self, node: yaml.Node) -> str:
        tag: str = node.tag
        if tag in _KINDS or tag in _TEXT:
            return ""
        if tag == f"{_YAML}null":
            raise self._fail(node, "CloudFormation allows no null values")
        if not tag.startswith("!"):
            raise self._fail(node, f"not a value of CloudFormation's: !!{tag.removeprefix(_YAML)}")
        name = tag[1:]
        function = name if name in ("Ref", "Condition") else f"Fn::{name}"
        if function not in FUNCTIONS:
            raise self._fail(node, f"unknown intrinsic function !{name}")
        self._require_no_macro(node, function)
        return function

    def _require_no_macro(self, at: yaml.Node, key: str) -> None:
        if key == "Fn::Transform" or key.startswith(_FOR_EACH):
            raise self._fail(at, f"{key} is a macro, which AWS runs: what it makes cannot be judged; {_FIRST}")

    def _plain(self, node: yaml.Node, place: Place, function: str = "") -> Any:
        value: Any
        if isinstance(node, yaml.MappingNode):
            value = self._mapping(node, place)
        elif isinstance(node, yaml.SequenceNode):
            value = [self._value(each, (*place, index)) for index, each in enumerate(node.value)]
        else:
            value = node.value if function else self._scalar(node)
        if not function:
            return value
        if function == "Fn::GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {function: _attribute(value) if function == "Fn::GetAtt" else value}

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.startswith("!"):
                raise self._fail(key_node, "a key has to be text")
            # As written: CloudFormation's keys are text, also those that look like numbers, and Yes and No.
            key = key_node.value
            if key == "<<" and key_node.tag.endswith(":merge"):
                raise self._fail(key_node, "CloudFormation knows no merge keys (<<)")
            if key in result:
                raise self._fail(key_node, f"the key {key} is given twice")
            self._require_no_macro(key_node, key)
            if key.startswith("Fn::") and key not in FUNCTIONS:
                raise self._fail(key_node, f"unknown intrinsic function {key}")
            self._lines[*place, key] = key_node.start_mark.line + 1
            result[key] = self._value(value_node, (*place, key))
            if key == "Fn::GetAtt" and isinstance(result[key], str):
                result[key] = result[key].split(".", 1)
            if key == "Fn::GetAtt":
                result[key] = _attribute(result[key])
        return result

    def _scalar(self, node: yaml.Node) -> Any:
        if self._is_json and isinstance(node, yaml.ScalarNode) and not node.style:
            return json.loads(node.value)
        if node.tag in _TEXT:
            return node.value
        try:
            value = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise self._fail(node, f"not a value of CloudFormation's: {node.value[:40]}") from error
        if isinstance(value, float) and not math.isfinite(value):
            raise self._fail(node, f"not a value of CloudFormation's: {node.value}")
        if type(value) is int and str(value) != node.value.lstrip("+"):
            # An account's number that begins with zero, a time, a number with underscores: AWS reads them so too.
            raise self._fail(node, f"{node.value} is read as the number {value}: put it in quotes if it is text")
        return value


def _is_json(text: str) -> bool:
    try:
        # NaN and Infinity are Python's, not JSON's.
        json.loads(text, parse_constant=lambda name: float("-"))
    except ValueError:
        return False
    return True


def _character(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[0]
    return bytes.fromhex(escape[1] + escape[2]).decode("utf-16-be")


def _attribute(value: Any) -> Any:
    # An attribute with dots in its name (a nested stack's outputs have them) may be written as several entries.
    if isinstance(value, list) and len(value) > 2 and _all_are(str, value):
        return [value[0], ".".join(value[1:])]
    return value


def _require_template(template: Any, lines: Mapping[Place, int], path: Path) -> None:
    for place, problem in _refusals(template):
        # The nearest thing around it that the file holds.
        line = next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), 1)
        raise UnreadableTemplate(f"{path}:{line}: {problem}")


def _refusals(template: Any) -> Iterator[tuple[Place, str]]:
    """What cannot be judged, with its place. First what AWS rewrites: until then it need not look like a template."""
    if isinstance(template, dict) and "Transform" in template:
        yield from _transforms(template["Transform"])
    for place, problem in _problems(template):
        yield place, f"not a CloudFormation template: {problem}"
    for name, resource in template["Resources"].items():
        if resource["Type"].endswith("::MODULE"):
            said = (
                f"{name} is a module ({resource['Type']}), which AWS expands: what it makes cannot be judged; {_FIRST}"
            )
            yield ("Resources", name, "Type"), said


def _transforms(written: Any) -> Iterator[tuple[Place, str]]:
    for index, each in enumerate(written if isinstance(written, list) else [written]):
        name = each.get("Name") if isinstance(each, dict) else each
        if name != _RENDERED_TRANSFORM:
            place = ("Transform", index) if isinstance(written, list) else ("Transform",)
            shown = name if isinstance(name, str) else json.dumps(each)[:80]
            yield place, f"Transform {shown} is expanded by AWS: what it makes cannot be judged; {_FIRST}"


def _problems(template: Any) -> Iterator[tuple[Place, str]]:
    """What has not the form it must have, with its place. Later ones rely on what earlier ones found to be there."""
    if not isinstance(template, dict):
        yield (), "it is not an object"
    if not isinstance(template.get("Resources"), dict) or not template["Resources"]:
        yield ("Resources",), "it has no Resources"
    for section in ("Parameters", "Mappings", "Conditions", "Rules", "Outputs", "Metadata"):
        if not isinstance(template.get(section, {}), dict):
            yield (section,), f"{section} is not an object"
    for section in ("Parameters", "Mappings", "Rules", "Outputs", "Resources"):
        for name, each in template.get(section, {}).items():
            if not isinstance(each, dict):
                yield (section, name), f"{name} is not an object"
    for name, resource in template["Resources"].items():
        place = ("Resources", name)
        if not isinstance(resource.get("Type"), str):
            yield place, f"the resource {name} has no Type"
        if not isinstance(resource.get("Properties", {}), dict):
            yield (*place, "Properties"), f"the Properties of {name} are not an object"
        waited = resource.get("DependsOn", [])
        if not isinstance(waited, str) and not (isinstance(waited, list) and _all_are(str, waited)):
            yield (*place, "DependsOn"), f"the DependsOn of {name} is not a name or a list of names"
    for name, parameter in template.get("Parameters", {}).items():
        yield from _parameter_problems(("Parameters", name), name, parameter)
    for name, rule in template.get("Rules", {}).items():
        assertions = rule.get("Assertions")
        if not isinstance(assertions, list) or not all(
            isinstance(each, dict) and "Assert" in each for each in assertions
        ):
            yield ("Rules", name), f"the rule {name} has no Assertions that Assert"


def _parameter_problems(place: Place, name: str, parameter: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    if not isinstance(parameter.get("Type"), str):
        yield place, f"the parameter {name} has no Type"
    allowed = parameter.get("AllowedValues", [""])
    if not isinstance(allowed, list) or not allowed or not _all_are(_SCALAR, allowed):
        yield (*place, "AllowedValues"), f"the AllowedValues of {name} are not a list of texts"
    for key, kind in (("Default", _SCALAR), ("AllowedPattern", str)):
        if not isinstance(parameter.get(key, ""), kind):
            yield (*place, key), f"the {key} of {name} is not a text"
    for key in ("MinValue", "MaxValue", "MinLength", "MaxLength"):
        if not re.fullmatch(r"[+-]?[0-9]{1,30}([.][0-9]{1,30})?", str(parameter.get(key, 0))):
            yield (*place, key), f"the {key} of {name} is not a number"


def _all_are(kind: Any, values: list[Any]) -> bool:
    return all(isinstance(each, kind) for each in values)
