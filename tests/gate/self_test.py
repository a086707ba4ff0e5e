"""Lists the problems of a folder of rules, one line each. `test_rule_set` applies it to the project's rules."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from harness.catalogue import expansion
from harness.catalogue.cases import OUTCOMES, load
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, INTENTS, BadRule, Rule

PREFIXES = {
    "encryption": "ENC",
    "access": "ACC",
    "network": "NET",
    "retention": "RET",
    "resilience": "RES",
    "observability": "OBS",
    "change": "CHG",
}
#: Frameworks are named in controls.yaml, and in the page that is made of it.
FRAMEWORKS = re.compile(r"\b(NIST|PCI|SEC|FINRA|FFIEC|NYDFS|MiFID|FSBP|DORA|FINOS|17a-4|4511)\b")
NAME_FRAMEWORKS = ("controls.yaml", "README.md")
#: Checkov's policies need no SKIP case: they judge every resource of their type.
_OPTIONAL = {CHECKOV: {"SKIP"}}
#: Maximum line length of a case file.
COLUMNS = 120


def names(rules: list[Rule]) -> Iterator[str]:
    """Ids and slugs that are ambiguous or malformed."""
    for what, given in (("id", [rule.id for rule in rules]), ("slug", [rule.slug for rule in rules])):
        yield from (f"{count} rules have the {what} {name}" for name, count in Counter(given).items() if count > 1)
    for rule in rules:
        prefix = "CKV_FDP_[1-9][0-9]*" if rule.engine == CHECKOV else f"{PREFIXES.get(rule.intent)}-[0-9]{{3}}"
        if not re.fullmatch(prefix, rule.id):
            yield f"{rule.slug}: the id {rule.id} is not of the form {prefix}"
    # `cfn-guard test` matches tests to rules by name prefix.
    for one, other in itertools.permutations(sorted({rule.slug for rule in rules}), 2):
        if other.startswith(one):
            yield f"{one} is how {other} begins"


def files(folder: Path, rules: list[Rule]) -> Iterator[str]:
    """Files in the folders of rules and cases that belong to no rule."""
    known = {rule.path for rule in rules} | {rule.case_file for rule in rules}
    for part in ("guard", "checks", "checkov"):
        for path in sorted((folder / part).rglob("*")):
            if (
                path.is_file()
                and "__pycache__" not in path.parts
                and path not in known
                and not path.name.startswith("_")
            ):
                yield f"{path.relative_to(folder)} belongs to no rule"
    for rule in rules:
        if rule.engine != CHECKOV and rule.intent not in INTENTS:
            yield f"{rule.slug}: {rule.intent} is no intent"


def guard_rules(rule: Rule) -> Iterator[str]:
    """A Guard file that is not exactly one rule, or has a clause without a violation and a fix."""
    text = "\n".join(line for line in rule.path.read_text().splitlines() if not line.lstrip().startswith("#"))
    declared = re.findall(r"^\s*rule\s+(\w+)", text, re.MULTILINE)
    if declared != [rule.slug]:
        yield f"{rule.slug}: the file has the rules {declared}"
    if text.count("<<") != len(rule.messages) or not rule.messages:
        yield f"{rule.slug}: {text.count('<<')} messages, {len(rule.messages)} with Violation and Fix"
    own = rule.id.lower().replace("-", "")
    for variable in re.findall(r"^let\s+(\w+)", text, re.MULTILINE):
        if not variable.startswith(f"{own}_"):
            yield f"{rule.slug}: the variable {variable} does not begin with {own}_"


def cases(rule: Rule) -> Iterator[str]:
    """Cases that cannot be read, and outcomes without a case."""
    try:
        found = {case.expect for case in load(rule)}
        if rule.engine == CHECKOV:
            expansion.subjects(rule)
    except BadRule as error:
        yield f"{rule.slug}: {error}"
        return
    for outcome in OUTCOMES:
        if outcome not in found | _OPTIONAL.get(rule.engine, set()):
            yield f"{rule.slug}: there is no case for {outcome}"


def layout(text: str) -> Iterator[str]:
    """Lines of a case file that are too long, or that wrap a value which would fit on one line."""
    lines = text.splitlines()
    covered: set[int] = set()
    sections = {key.value: value for key, value in yaml.compose(text, Loader=yaml.CSafeLoader).value}
    # The file and its cases are lists, however short.
    cases = sections.pop("cases").value
    nodes = [*((value, len(name) + 2) for name, value in sections.items()), *((case, 4) for case in cases)]
    for node, start in itertools.chain.from_iterable(_nodes(*each) for each in nodes):
        first, last = node.start_mark.line, node.end_mark.line
        if isinstance(node, yaml.ScalarNode):
            # A text that is long itself has a line of its own.
            alone = node.start_mark.column == len(lines[first]) - len(lines[first].lstrip(" -"))
            covered.update(range(first + (not alone), last + 1))
        below = start > node.start_mark.column
        spread = below or "\n" in text[node.start_mark.index : node.end_mark.index].rstrip()
        if spread and start + _width(node, text) <= COLUMNS and getattr(node, "style", None) != "|":
            yield lines[first - below]
    yield from (line for number, line in enumerate(lines) if len(line) > COLUMNS and number not in covered)


def _nodes(node: yaml.Node, start: int) -> Iterator[tuple[yaml.Node, int]]:
    """Every value on a line of its own, with the column where it would begin on its key's line."""
    yield node, start
    for each in () if isinstance(node, yaml.ScalarNode) or node.flow_style else node.value:
        key, value = each if isinstance(each, tuple) else (each, each)
        yield from _nodes(value, value.start_mark.column if key is value else key.end_mark.column + 2)


def _width(node: yaml.Node, text: str) -> int:
    """The columns that a value takes on one line."""
    if isinstance(node, yaml.ScalarNode):
        quotes = 2 if node.style in (None, "") and set(node.value) & set(",[]{}") else 0
        return node.end_mark.index - node.start_mark.index + quotes
    tag = 0 if node.tag.startswith("tag:yaml.org") else len(node.tag) + 1
    pairs = [each if isinstance(each, tuple) else (each,) for each in node.value]
    widths = [sum(_width(each, text) for each in pair) + 2 * len(pair) for pair in pairs]
    return tag + max(2, sum(widths))


def frameworks(folder: Path) -> Iterator[str]:
    """Frameworks named outside the catalogue of controls."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in NAME_FRAMEWORKS and "__pycache__" not in path.parts:
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if found := FRAMEWORKS.search(line):
                    yield f"{path.relative_to(folder)}:{number}: names {found[1]}"


def complaints(folder: Path, rules: list[Rule]) -> list[str]:
    """All of the above."""
    found = [*names(rules), *files(folder, rules), *frameworks(folder)]
    for rule in rules:
        found += [*(guard_rules(rule) if rule.engine == GUARD else ()), *cases(rule)]
        if rule.engine not in (GUARD, CHECKS, CHECKOV):
            found.append(f"{rule.slug}: {rule.engine} is no engine")
    return found
