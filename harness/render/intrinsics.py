"""CloudFormation's functions, for one set of parameter values. Raises UnrenderableTemplate where AWS would refuse."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.render import attributes, lists, logic, parameters, unknown
from harness.render.arguments import boolean, bounded, scalar, shown
from harness.render.attributes import NAME_PROPERTIES, Account
from harness.render.dumping import as_key
from harness.render.errors import OnlyAwsKnows, UnrenderableTemplate
from harness.render.evaluator import NO_VALUE
from harness.render.reached import ASK_AWS
from harness.render.sub_variables import VARIABLE


class Evaluation:
    """Values of one scenario. `values` are all parameters' values as text; conditions and names are worked out once.

    `other` is the account that the scenario is about, if it is not `account`: the two change places wherever the
    template names one, which is the same stack, and rules know their own account by one name.
    """

    def __init__(
        self, template: Mapping[str, Any], values: Mapping[str, str], account: Account, other: str = ""
    ) -> None:
        self.template = template
        self.account = account
        self._swapped = re.compile(f"{account.account_id}|{other}") if other not in ("", account.account_id) else None
        self._swaps = {account.account_id: other, other: account.account_id}
        self.values = {name: self._in_place(name, value) for name, value in values.items()} if self._swapped else values
        self._resources: Mapping[str, Any] = template["Resources"]
        self._conditions: dict[str, bool] = {}
        self._names: dict[str, str] = {}
        self._stored: dict[str, Any] = {}
        self._open: list[str] = []
        #: The branches taken, by the id of the `If`'s argument, and what each look-up found, by that of its own; and a
        #: parameter's name and value by the id of the `Ref` or `Sub`.
        self.taken: set[tuple[int, Any]] = set()
        #: What objects of a template come to, by their ids. Each is kept beside it: no other object gets its id then.
        self._known: dict[int, tuple[Any, Any]] | None = None
        self._caches = False

    def cache(self) -> None:
        """From now on keep what objects come to, for `take_over`."""
        self._known, self._caches = {}, True

    def take_over(self, other: Evaluation, logical_id: str) -> None:
        """Use the cache of `other`. Its template differs in one resource alone; both share what is not different.

        Nothing is taken over if that resource has another name, type or stored value: others may refer to it.
        """
        shown = self._shown(logical_id)
        if shown is not None and shown == other._shown(logical_id):
            self._known, self._conditions = other._known, other._conditions
            self._names, self._stored = other._names, other._stored

    def _shown(self, logical_id: str) -> tuple[Any, ...] | None:
        """All of a resource that the rest of the template can see; None if it is not there."""
        if logical_id not in self._resources:
            return None
        type_ = self._resources[logical_id]["Type"]
        stored = type_ == "AWS::SSM::Parameter" and self.attribute(logical_id, "Value")
        return type_, self.name(logical_id), stored

    def _in_place(self, name: str, value: str) -> Any:
        # An ARN that stands in for what nobody says is of the account that it is rendered for, whichever that is.
        parameter = self.template.get("Parameters", {}).get(name, {"Type": ""})
        is_said = value in parameters.written(parameter) or self._swaps[self.account.account_id] in value
        return self.swapped(value) if is_said else value

    def swapped(self, value: Any) -> Any:
        """A text, or an account's number, with the two accounts in each other's place."""
        if self._swapped is None or not isinstance(value, (str, int)):
            return value
        text = self._swapped.sub(lambda match: self._swaps[match[0]], str(value))
        return value if text == str(value) else text

    def condition(self, name: Any) -> bool:
        """Whether a condition holds."""
        if not isinstance(name, str):
            raise UnrenderableTemplate(f"Condition: {shown(name)} is not a name")
        if name not in self._conditions:
            declared = self.template.get("Conditions", {})
            if name not in declared:
                raise UnrenderableTemplate(f"there is no condition {name}")
            self._conditions[name] = boolean(name, self._guarded(f"condition {name}", declared[name]))
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
                self._stored[logical_id] = scalar(f"{logical_id}.Value", self._guarded(f"{logical_id}.Value", given))
            return self._stored[logical_id]
        return attributes.attribute(self.account, resource["Type"], self.name(logical_id), key)

    def value(self, value: Any) -> Any:
        """`value` without functions; NO_VALUE if there is nothing left of it."""
        if self._known is None or not isinstance(value, dict | list):
            return self._value(value)
        if (known := self._known.get(id(value))) is not None:
            return known[1]
        rendered = self._value(value)
        if self._caches:
            self._known[id(value)] = value, rendered
        return rendered

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            rendered = [self.value(each) for each in value]
            return [each for each in rendered if each is not NO_VALUE]
        if not isinstance(value, dict):
            # A dynamic reference, if this is one, that the scenario has a value of.
            return self.swapped(
                self.values.get(value, value) if isinstance(value, str) and value[:2] == "{{" else value
            )
        if len(value) == 1:
            function, argument = next(iter(value.items()))
            if function == "Ref":
                return self._ref(argument, id(value))
            if function == "Fn::Sub":
                return self.sub(argument, id(value))
            # In a policy's statement, Condition is an object.
            if function in _FUNCTIONS and (function != "Condition" or isinstance(argument, str)):
                return _FUNCTIONS[function](self, argument)
            if function in ASK_AWS:
                raise OnlyAwsKnows(f"{function} cannot be rendered: it is for Rules, and AWS alone knows its value")
            if function.startswith("Fn::"):
                raise UnrenderableTemplate(f"{function} cannot be rendered: its macro runs on AWS")
        elif function := next((key for key in value if key.startswith("Fn::")), None):
            raise UnrenderableTemplate(f"{function} stands among other keys")
        return {key: rendered for key, each in value.items() if (rendered := self.value(each)) is not NO_VALUE}

    def holds(self, expression: Any) -> bool:
        """Whether a rule's expression holds."""
        try:
            return boolean("a rule", self.value(expression))
        except OnlyAwsKnows:
            # What AWS may let through has to be judged: an assertion that only AWS can try is taken to hold, and a
            # rule whose condition only AWS can try is taken not to apply.
            rules = self.template.get("Rules", {}).values()
            return not any(expression is each.get("RuleCondition") for each in rules)
        except UnrenderableTemplate as error:
            raise UnrenderableTemplate(f"Rules: {error}") from error

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

    def _ref(self, name: Any, node: int) -> Any:
        if not isinstance(name, str):
            raise UnrenderableTemplate(f"Ref: {shown(name)} is not a name")
        if name in self._resources:
            return self.ref(name)
        if name in self.values and name in self.template.get("Parameters", {}):
            self.taken.add((node, (name, self.values[name])))
            return self._parameter(name)
        pseudo = self._pseudo(name)
        # What refers to nothing is a finding (of the linter's), not a reason to judge nothing.
        return f"{name}-which-does-not-exist" if pseudo is None else pseudo

    def _parameter(self, name: str) -> Any:
        value, type_ = self.values[name], parameters.value_type(self.template["Parameters"][name])
        if type_ == "Number":
            return _number(value)
        if type_ == "List<Number>":
            return [_number(each.strip()) for each in value.split(",")]
        if type_ == "CommaDelimitedList" or type_.startswith("List<"):
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

    def get_att(self, argument: Any) -> Any:
        """Fn::GetAtt."""
        logical_id, key = argument if isinstance(argument, list) and len(argument) == 2 else (None, None)
        key = self.value(key)
        if not isinstance(logical_id, str) or not isinstance(key, str):
            raise UnrenderableTemplate(f"Fn::GetAtt: {shown(argument)} is not a resource and an attribute")
        if (said := self.values.get(f"{logical_id}.{key}")) is not None:
            return said
        if logical_id not in self._resources:
            return f"{logical_id}.{key}-which-does-not-exist"
        return self.attribute(logical_id, key)

    def sub(self, argument: Any, node: int = 0) -> str:
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
                value = self._ref(name, node)
            return parameters.text(scalar(f"Fn::Sub: ${{{name}}}", value))

        return bounded("Fn::Sub", VARIABLE.sub(replace, self.swapped(template)))

    def if_(self, argument: Any) -> Any:
        """Fn::If."""
        branch = self.branch(argument)
        self.taken.add((id(argument), branch))
        return self.value(argument[branch])

    def branch(self, argument: Any) -> int:
        """The index of the branch that an `Fn::If` takes: 1 or 2."""
        if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
            raise UnrenderableTemplate("Fn::If takes a condition and two values")
        return 1 if self.condition(argument[0]) else 2

    def find_in_map(self, argument: Any) -> Any:
        """Fn::FindInMap."""
        if not isinstance(argument, list) or len(argument) not in (3, 4):
            raise UnrenderableTemplate("Fn::FindInMap takes a map and two keys")
        keys = [self.swapped(parameters.text(self.value(each))) for each in argument[:3]]
        found: Any = self.template.get("Mappings", {})
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        self.taken.add((id(argument), None if found is None else as_key(found)))
        if found is None:
            if len(argument) == 4 and isinstance(argument[3], dict) and "DefaultValue" in argument[3]:
                return self.value(argument[3]["DefaultValue"])
            raise UnrenderableTemplate(f"Fn::FindInMap: there is no {'.'.join(keys)}")
        return self.value(found)

    def import_value(self, argument: Any) -> str:
        """Fn::ImportValue: another stack's; a text that says so where the scenario has no value of it."""
        written = parameters.text(scalar("Fn::ImportValue", self.value(argument)))
        return self.values.get(unknown.name_of({"Fn::ImportValue": argument}), f"imported-{written}")

    def stack_output(self, argument: Any) -> str:
        """Fn::GetStackOutput: as an import."""
        if not isinstance(argument, dict) or not {"StackName", "OutputName"} <= argument.keys():
            raise UnrenderableTemplate("Fn::GetStackOutput takes a StackName and an OutputName")
        written = [parameters.text(scalar("Fn::GetStackOutput", self.value(each))) for each in argument.values()]
        return self.values.get(unknown.name_of({"Fn::GetStackOutput": argument}), f"imported-{'-'.join(written)}")


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


_FUNCTIONS: dict[str, Callable[[Evaluation, Any], Any]] = {
    "Condition": Evaluation.condition,
    "Fn::And": logic.every,
    "Fn::Base64": lists.base64_,
    "Fn::Cidr": lists.cidr,
    "Fn::Contains": logic.contains,
    "Fn::EachMemberEquals": logic.each_member_equals,
    "Fn::EachMemberIn": logic.each_member_in,
    "Fn::Equals": logic.equals,
    "Fn::FindInMap": Evaluation.find_in_map,
    "Fn::GetAtt": Evaluation.get_att,
    "Fn::GetStackOutput": Evaluation.stack_output,
    "Fn::GetAZs": lists.availability_zones,
    "Fn::If": Evaluation.if_,
    "Fn::ImportValue": Evaluation.import_value,
    "Fn::Join": lists.join,
    "Fn::Length": lists.length,
    "Fn::Not": logic.negate,
    "Fn::Or": logic.some,
    "Fn::Select": lists.select,
    "Fn::Split": lists.split,
    "Fn::Sub": Evaluation.sub,
    "Fn::ToJsonString": lists.to_json_string,
}
