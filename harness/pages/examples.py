"""What a rule refuses and what it accepts, out of its own cases, as they are written there."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import yaml

from harness.catalogue.catalogue import CHECKOV, BadRule, Rule

#: Lines of an example; the rest is in the case file.
LONGEST = 60


@dataclass(frozen=True)
class Example:
    """A case's name and its YAML, with nothing but what the rule is about."""

    name: str
    text: str


def examples(rule: Rule) -> tuple[Example, Example]:
    """The first case that the rule refuses, and the first that it accepts. Raises BadRule when there is none."""
    try:
        text = rule.case_file.read_text()
        file = _CaseFile(text, rule.targets)
        if rule.engine == CHECKOV:
            expected = yaml.safe_load(rule.expected_file.read_text())
            refused, accepted = (file.resource(expected[key][0]) for key in ("fail", "pass"))
            return Example(rule.cases["FAIL"][0], refused), Example(rule.cases["PASS"][0], accepted)
        bad, good = file.first("FAIL"), file.first("PASS")
        if bad.text == good.text:
            # What makes the difference is somewhere else in the template.
            bad, good = file.first("FAIL", whole=True), file.first("PASS", whole=True)
        return bad, good
    except (OSError, yaml.YAMLError, LookupError, TypeError) as error:
        raise BadRule(f"{rule.case_file}: no case to show: {' '.join(str(error).split())}") from error


class _CaseFile:
    """The text of a case file, of which parts are taken out by where YAML's parser found them."""

    def __init__(self, text: str, targets: tuple[str, ...]) -> None:
        self._lines = text.splitlines()
        self._targets = targets
        # Python's parser: C's has other ideas of where a block ends.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            raise TypeError("the file is empty")
        self._root: yaml.Node = root

    def resource(self, name: str) -> str:
        """One resource of a template."""
        resources = _members(_members(self._root)["Resources"][1])
        return self._under("Resources", [resources[name]])

    def first(self, outcome: str, whole: bool = False) -> Example:
        """The first case with this outcome: its resources that the rule judges, or its section, or all of it."""
        for case in self._root.value:
            fields = _members(case)
            name = str(fields["name"][1].value)
            if name.startswith(f"{outcome} - "):
                template = _members(fields["input"][1])
                return Example(name.removeprefix(f"{outcome} - "), self._shown(template, whole))
        raise LookupError(f"none is called {outcome}")

    def _shown(self, template: _Members, whole: bool) -> str:
        resources = _members(template["Resources"][1]) if "Resources" in template else {}
        judged = [entry for entry in resources.values() if _type(entry[1]) in self._targets]
        for section in self._targets if not whole else ():
            if section in template:
                return self._under(section, list(_members(template[section][1]).values()))
        if judged and not whole:
            return self._under("Resources", judged)
        return _shortened("\n".join(self._text(entry) for entry in template.values()))

    def _under(self, section: str, entries: list[_Entry]) -> str:
        body = "\n".join(self._text(entry) for entry in entries)
        return _shortened(f"{section}:\n{textwrap.indent(body, '  ')}" if body else f"{section}: {{}}")

    def _text(self, entry: _Entry) -> str:
        """The lines of a key and its value, at no indentation."""
        key, value = entry
        first, last = key.start_mark.line, value.end_mark.line
        # A block ends where the next thing begins, anything else on its own line.
        block = isinstance(value, yaml.CollectionNode) and not value.flow_style
        lines = self._lines[first : last if block and value.end_mark.column <= key.start_mark.column else last + 1]
        while not lines[-1].strip() or lines[-1].lstrip().startswith("#"):
            lines.pop()
        column = key.start_mark.column
        return "\n".join([lines[0][column:], *(line[column:] for line in lines[1:])])


_Entry = tuple[yaml.ScalarNode, yaml.Node]
_Members = dict[str, _Entry]


def _members(node: yaml.Node) -> _Members:
    if not isinstance(node, yaml.MappingNode):
        raise TypeError(f"line {node.start_mark.line + 1} is not a mapping")
    return {str(key.value): (key, value) for key, value in node.value}


def _type(node: yaml.Node) -> str:
    members = _members(node) if isinstance(node, yaml.MappingNode) else {}
    return str(members["Type"][1].value) if "Type" in members else ""


def _shortened(text: str) -> str:
    lines = text.splitlines()
    return text if len(lines) <= LONGEST else "\n".join([*lines[: LONGEST - 1], "# ... and more in the case file"])
