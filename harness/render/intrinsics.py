"""CloudFormation's functions, for one set of parameter values. Raises UnrenderableTemplate where AWS would refuse."""

from __future__ import annotations

import base64
import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.render import attributes, parameters
from harness.render.attributes import NAME_PROPERTIES, Account
from harness.render.errors import UnrenderableTemplate


class _NoValue:
    """`AWS::NoValue`: the property, or the list's entry, is not there."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()

#: `${name}`, or `${!name}`, which stands for `${name}` as it is.
_VARIABLE = re.compile(r"\$\{(!?)([^${}]+)\}")
#: Names and texts can be made of each other, and so grow without an end. No property takes more than this.
MAXIMUM_TEXT = 1_000_000


class Evaluation:
    """Values of one scenario. `values` are all parameters' values as text; conditions and names are worked out once."""

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str], account: Account) -> None:
        self.template = template
        self.values = values
        self.account = account
        self._resources: Mapping[str, Any] = template["Resources"]
        self._conditions: dict[str, bool] = {}
        self._names: dict[str, str] = {}
        self._stored: dict[str, Any] = {}
        self._open: list[str] = []

    def condition(self, name: Any) -> bool:
        """Whether a condition holds."""
        if not isinstance(name, str):
            raise UnrenderableTemplate(f"Condition: {_shown(name)} is not a name")
        if name not in self._conditions:
            declared = self.template.get("Conditions", {})
            if name not in declared:
                raise UnrenderableTemplate(f"there is no condition {name}")
            self._conditions[name] = self._boolean(self._guarded(f"condition {name}", declared[name]), name)
        return self._conditions[name]

    def exists(self, logical_id: str) -> bool:
        """Whether the scenario creates a resource."""
        condition = self._resources[logical_id].get("Condition")
        return condition is None or self.condition(condition)

    def name(self, logical_id: str) -> str:
        """The physical name of a resource, as it is given or as CloudFormation would make it up."""
        if logical_id not in self._names:
            self._names[logical_id] = self._name(logical_id)
        return self._names[logical_id]

    def ref(self, logical_id: str) -> str:
        """What `Ref` gives for a resource."""
        return attributes.ref(self.account, self._resources[logical_id]["Type"], self.name(logical_id))

    def attribute(self, logical_id: str, key: str) -> Any:
        """What `GetAtt` gives for a resource."""
        resource = self._resources[logical_id]
        if resource["Type"] == "AWS::SSM::Parameter" and key == "Value":
            if logical_id not in self._stored:
                given = resource.get("Properties", {}).get("Value", "")
                self._stored[logical_id] = _scalar(f"{logical_id}.Value", self._guarded(f"{logical_id}.Value", given))
            return self._stored[logical_id]
        return attributes.attribute(self.account, resource["Type"], self.name(logical_id), key)

    def value(self, value: Any) -> Any:
        """`value` without functions; NO_VALUE if there is nothing left of it."""
        if isinstance(value, list):
            rendered = [self.value(each) for each in value]
            return [each for each in rendered if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            function, argument = next(iter(value.items()))
            if function == "Ref":
                return self._ref(argument)
            # In a policy's statement, Condition is an object.
            if function in _FUNCTIONS and (function != "Condition" or isinstance(argument, str)):
                return _FUNCTIONS[function](self, argument)
            if function.startswith("Fn::"):
                raise UnrenderableTemplate(f"{function} cannot be rendered: its macro runs on AWS")
        elif function := next((key for key in value if key.startswith("Fn::")), None):
            raise UnrenderableTemplate(f"{function} stands among other keys")
        return {key: rendered for key, each in value.items() if (rendered := self.value(each)) is not NO_VALUE}

    def holds(self, expression: Any) -> bool:
        """Whether a rule's expression holds."""
        return self._boolean(self.value(expression), "a rule")

    def _name(self, logical_id: str) -> str:
        resource = self._resources[logical_id]
        type_ = resource["Type"]
        given: Any = resource.get("Properties", {})
        for key in NAME_PROPERTIES.get(type_, ("",)):
            given = given.get(key) if isinstance(given, dict) else None
        # A name that depends on itself is a cycle, which is a finding of the linter's; it must not stop the judging.
        if given is not None and logical_id not in self._open:
            self._open.append(logical_id)
            try:
                rendered = self.value(given)
            finally:
                self._open.pop()
            if isinstance(rendered, str):
                return rendered
        return attributes.generated_name(self.account, logical_id, type_)

    def _guarded(self, what: str, value: Any) -> Any:
        if what in self._open:
            raise UnrenderableTemplate(f"{what} depends on itself")
        self._open.append(what)
        try:
            return self.value(value)
        finally:
            self._open.pop()

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str):
            raise UnrenderableTemplate(f"Ref: {_shown(name)} is not a name")
        if name in self._resources:
            return self.ref(name)
        if name in self.values:
            return self._parameter(name)
        pseudo = self._pseudo(name)
        # What refers to nothing is a finding (of the linter's), not a reason to judge nothing.
        return f"{name}-which-does-not-exist" if pseudo is None else pseudo

    def _parameter(self, name: str) -> Any:
        value, type_ = self.values[name], self.template["Parameters"][name]["Type"]
        if type_ == "Number":
            return _number(value)
        if type_ == "List<Number>":
            return [_number(each.strip()) for each in value.split(",")]
        if type_ == "CommaDelimitedList" or "List<" in type_:
            return [each.strip() for each in value.split(",")]
        return value

    def _pseudo(self, name: str) -> Any:
        account = self.account
        return {
            "AWS::AccountId": account.account_id,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": account.partition,
            "AWS::Region": account.region,
            "AWS::StackId": account.stack_id,
            "AWS::StackName": account.stack_name,
            "AWS::URLSuffix": account.url_suffix,
        }.get(name)

    def _boolean(self, value: Any, what: str) -> bool:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise UnrenderableTemplate(f"{what} is neither true nor false: {_shown(value)}")

    def get_att(self, argument: Any) -> Any:
        """Fn::GetAtt."""
        logical_id, key = argument if isinstance(argument, list) and len(argument) == 2 else (None, None)
        key = self.value(key)
        if not isinstance(logical_id, str) or not isinstance(key, str):
            raise UnrenderableTemplate(f"Fn::GetAtt: {_shown(argument)} is not a resource and an attribute")
        if logical_id not in self._resources:
            return f"{logical_id}.{key}-which-does-not-exist"
        return self.attribute(logical_id, key)

    def sub(self, argument: Any) -> str:
        """Fn::Sub."""
        template, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(template, str) or not isinstance(given, dict):
            raise UnrenderableTemplate("Fn::Sub takes a text, or a text and its variables")

        def replace(match: re.Match[str]) -> str:
            name = match[2].strip()
            if match[1]:
                return f"${{{match[2]}}}"
            if name in given:
                value = self.value(given[name])
            elif "." in name:
                value = self.get_att(name.split(".", 1))
            else:
                value = self._ref(name)
            return parameters.text(_scalar(f"Fn::Sub: ${{{name}}}", value))

        return _bounded("Fn::Sub", _VARIABLE.sub(replace, template))

    def if_(self, argument: Any) -> Any:
        """Fn::If."""
        return self.value(argument[self.branch(argument)])

    def branch(self, argument: Any) -> int:
        """The index of the branch that an `Fn::If` takes: 1 or 2."""
        if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
            raise UnrenderableTemplate("Fn::If takes a condition and two values")
        return 1 if self.condition(argument[0]) else 2

    def find_in_map(self, argument: Any) -> Any:
        """Fn::FindInMap."""
        if not isinstance(argument, list) or len(argument) not in (3, 4):
            raise UnrenderableTemplate("Fn::FindInMap takes a map and two keys")
        keys = [parameters.text(self.value(each)) for each in argument[:3]]
        found: Any = self.template.get("Mappings", {})
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            if len(argument) == 4 and isinstance(argument[3], dict) and "DefaultValue" in argument[3]:
                return self.value(argument[3]["DefaultValue"])
            raise UnrenderableTemplate(f"Fn::FindInMap: there is no {'.'.join(keys)}")
        return found

    def join(self, argument: Any) -> str:
        """Fn::Join."""
        separator, values = _pair("Fn::Join", argument)
        values = self.value(values)
        if not isinstance(separator, str) or not isinstance(values, list):
            raise UnrenderableTemplate("Fn::Join takes a separator and a list")
        texts = [parameters.text(_scalar("Fn::Join: an entry", each)) for each in values]
        return _bounded("Fn::Join", separator.join(texts))

    def split(self, argument: Any) -> list[str]:
        """Fn::Split."""
        separator, value = _pair("Fn::Split", argument)
        value = self.value(value)
        if not isinstance(separator, str) or not separator or not isinstance(value, (str, int)):
            raise UnrenderableTemplate("Fn::Split takes a separator and a text")
        return parameters.text(value).split(separator)

    def select(self, argument: Any) -> Any:
        """Fn::Select."""
        index, values = _pair("Fn::Select", argument)
        index, values = self.value(index), self.value(values)
        try:
            return values[int(index)] if isinstance(values, list) and int(index) >= 0 else _outside(index)
        except (IndexError, TypeError, ValueError):
            return _outside(index)

    def cidr(self, argument: Any) -> list[str]:
        """Fn::Cidr."""
        arguments = [self.value(each) for each in argument] if isinstance(argument, list) else []
        try:
            network = ipaddress.ip_network(str(arguments[0]))
            bits = int(str(arguments[2])) if len(arguments) > 2 else 8 if network.version == 4 else 64
            subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
            if not 1 <= int(str(arguments[1])) <= 256:
                raise ValueError
            return [str(next(subnets)) for _ in range(int(arguments[1]))]
        except (IndexError, ValueError, TypeError, StopIteration) as error:
            raise UnrenderableTemplate(f"Fn::Cidr: {_shown(arguments)} cannot be divided") from error

    def import_value(self, argument: Any) -> str:
        """Fn::ImportValue: another stack's; a text that says so."""
        return f"imported-{parameters.text(_scalar('Fn::ImportValue', self.value(argument)))}"

    def equals(self, argument: Any) -> bool:
        """Fn::Equals: as text, and with case."""
        left, right = (self.value(each) for each in _pair("Fn::Equals", argument))
        return bool(_comparable(left) == _comparable(right))

    def every(self, argument: Any) -> bool:
        """Fn::And."""
        return all(self._conditions_of("Fn::And", argument))

    def some(self, argument: Any) -> bool:
        """Fn::Or."""
        return any(self._conditions_of("Fn::Or", argument))

    def negate(self, argument: Any) -> bool:
        """Fn::Not."""
        conditions = self._conditions_of("Fn::Not", argument)
        if len(conditions) != 1:
            raise UnrenderableTemplate("Fn::Not takes one condition")
        return not conditions[0]

    def _conditions_of(self, function: str, argument: Any) -> list[bool]:
        if not isinstance(argument, list) or not argument:
            raise UnrenderableTemplate(f"{function} takes a list of conditions")
        return [self._boolean(self.value(each), function) for each in argument]

    def contains(self, argument: Any) -> bool:
        """Fn::Contains, of rules."""
        values, value = _members("Fn::Contains", self, argument)
        return _comparable(value) in [_comparable(each) for each in values]

    def each_member_in(self, argument: Any) -> bool:
        """Fn::EachMemberIn, of rules."""
        values, allowed = _members("Fn::EachMemberIn", self, argument)
        if not isinstance(allowed, list):
            raise UnrenderableTemplate("Fn::EachMemberIn takes two lists")
        return all(_comparable(each) in [_comparable(other) for other in allowed] for each in values)

    def each_member_equals(self, argument: Any) -> bool:
        """Fn::EachMemberEquals, of rules."""
        values, value = _members("Fn::EachMemberEquals", self, argument)
        return all(_comparable(each) == _comparable(value) for each in values)


def _pair(function: str, argument: Any) -> tuple[Any, Any]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise UnrenderableTemplate(f"{function} takes two arguments")
    return argument[0], argument[1]


def _outside(index: Any) -> Any:
    raise UnrenderableTemplate(f"Fn::Select: there is no entry {index}")


def _comparable(value: Any) -> Any:
    return parameters.text(value) if isinstance(value, (str, int, float)) else value


def _members(function: str, evaluation: Evaluation, argument: Any) -> tuple[list[Any], Any]:
    values, other = (evaluation.value(each) for each in _pair(function, argument))
    if not isinstance(values, list):
        raise UnrenderableTemplate(f"{function} takes a list and what its members are compared with")
    return values, other


def _scalar(what: str, value: Any) -> Any:
    if not isinstance(value, (str, int, float)):
        raise UnrenderableTemplate(f"{what} is not a text: {_shown(value)}")
    return value


def _bounded(function: str, text: str) -> str:
    if len(text) > MAXIMUM_TEXT:
        raise UnrenderableTemplate(f"{function} makes more than {MAXIMUM_TEXT} characters")
    return text


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)[:80]


def _number(value: str) -> Any:
    # A number only where it is written as one: CloudFormation keeps a parameter's text, and Sub and Join show it.
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        if str(number) == value and math.isfinite(number):
            return number
    return value


def _get_azs(evaluation: Evaluation, argument: Any) -> list[str]:
    region = _scalar("Fn::GetAZs", evaluation.value(argument)) or evaluation.account.region
    return [f"{region}{zone}" for zone in "abc"]


def _length(evaluation: Evaluation, argument: Any) -> int:
    value = evaluation.value(argument)
    if not isinstance(value, list):
        raise UnrenderableTemplate("Fn::Length takes a list")
    return len(value)


def _base64(evaluation: Evaluation, argument: Any) -> str:
    text = parameters.text(_scalar("Fn::Base64", evaluation.value(argument)))
    return base64.b64encode(text.encode()).decode()


def _to_json_string(evaluation: Evaluation, argument: Any) -> str:
    value = evaluation.value(argument)
    if not isinstance(value, (dict, list)):
        raise UnrenderableTemplate("Fn::ToJsonString takes a list or an object")
    return json.dumps(value, separators=(",", ":"))


_FUNCTIONS: dict[str, Callable[[Evaluation, Any], Any]] = {
    "Condition": lambda evaluation, name: evaluation.condition(name),
    "Fn::And": Evaluation.every,
    "Fn::Base64": _base64,
    "Fn::Cidr": Evaluation.cidr,
    "Fn::Contains": Evaluation.contains,
    "Fn::EachMemberEquals": Evaluation.each_member_equals,
    "Fn::EachMemberIn": Evaluation.each_member_in,
    "Fn::Equals": Evaluation.equals,
    "Fn::FindInMap": Evaluation.find_in_map,
    "Fn::GetAtt": Evaluation.get_att,
    "Fn::GetAZs": _get_azs,
    "Fn::If": Evaluation.if_,
    "Fn::ImportValue": Evaluation.import_value,
    "Fn::Join": Evaluation.join,
    "Fn::Length": _length,
    "Fn::Not": Evaluation.negate,
    "Fn::Or": Evaluation.some,
    "Fn::Select": Evaluation.select,
    "Fn::Split": Evaluation.split,
    "Fn::Sub": Evaluation.sub,
    "Fn::ToJsonString": _to_json_string,
}
