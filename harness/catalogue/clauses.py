"""The violations and fixes of a rule, from its messages; placeholders are shown as `…`."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from harness.catalogue.catalogue import CHECKOV, GUARD, Rule

GAP = "…"
_GAPS = re.compile(f"{GAP}(?: ?{GAP})+")
#: A name with this many values or more in the file is treated as a placeholder.
_MOST = 4


@dataclass(frozen=True)
class Clause:
    """One violation and its fix."""

    violation: str
    fix: str


def clauses(rule: Rule) -> list[Clause]:
    """The clauses of a rule in file order, without duplicates."""
    if rule.engine == GUARD:
        found = [Clause(*each) for each in rule.messages]
    elif rule.engine == CHECKOV:
        found = [Clause(violation, checkov_sentences(rule)[1]) for violation in _module(rule).yielded()]
    else:
        found = _module(rule).problems
    return list(dict.fromkeys(found))


def checkov_sentences(rule: Rule) -> tuple[str, str]:
    """A Checkov policy's sentence and fix: the arguments of `super().__init__` after id and slug."""
    return _module(rule).named()


def judges_source(rule: Rule) -> bool:
    """Whether a check reads the source instead of the renderings."""
    return rule.engine not in (GUARD, CHECKOV) and _module(rule).constants.get("JUDGES") == ["source"]


def _module(rule: Rule) -> "_Module":
    return _Module(rule.path.read_text())


@cache
class _Module:
    """The syntax of a rule's Python file, by its text: a page asks four times."""

    def __init__(self, text: str) -> None:
        self._tree = ast.parse(text)

    @cached_property
    def constants(self) -> dict[str, list[str]]:
        """Module-level names with literal values."""
        return _assigned(self._tree.body, {})

    @cached_property
    def problems(self) -> list[Clause]:
        """The arguments of `Problem`, and those that `rules.lib.settings` makes one of."""
        return [*self._problems()]

    def _problems(self) -> Iterator[Clause]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setting":
                violation, fix = (_texts(each, self.constants)[0] for each in node.args[3:5])
                yield Clause(violation.replace("{value}", GAP), fix)
        for node, known in self._with_names():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                violations, fixes = (_texts(each, known) for each in node.args[:2])
                if len(fixes) != len(violations):
                    fixes = [" / ".join(fixes)] * len(violations)
                yield from map(Clause, violations, fixes)

    def yielded(self) -> Iterator[str]:
        """The sentences that a Checkov policy yields, alone or after a path."""
        for node, known in self._with_names():
            if isinstance(node, ast.Yield) and node.value is not None:
                last = node.value.elts[-1] if isinstance(node.value, ast.Tuple) else node.value
                yield from (text for text in _texts(last, known) if text != GAP)

    def named(self) -> tuple[str, str]:
        """The sentence and the fix of a Checkov policy."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
                sentence, fix = (_texts(each, self.constants)[0] for each in node.args[2:4])
                return sentence, fix
        return "", ""

    def _with_names(self) -> Iterator[tuple[ast.AST, Mapping[str, list[str]]]]:
        """The nodes in file order, each with the literal values of names in scope."""
        for outer in self._tree.body:
            functions = [node for node in ast.walk(outer) if isinstance(node, ast.FunctionDef)]
            for function in functions:
                known = {**self.constants, **_assigned(list(ast.walk(function)), self.constants)}
                found = sorted(
                    (node for node in ast.walk(function) if isinstance(node, ast.Call | ast.Yield)),
                    key=lambda node: (node.lineno, node.col_offset),
                )
                for node in found:
                    yield node, known


def _assigned(nodes: list[ast.stmt] | list[ast.AST], known: Mapping[str, list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).extend(_texts(node.value, known))
    return {name: texts for name, texts in found.items() if len(texts) < _MOST}


def _texts(node: ast.expr, known: Mapping[str, list[str]]) -> list[str]:
    """The possible texts of an expression: several if it chooses among literals."""
    match node:
        case ast.Constant():
            return [str(node.value)]
        case ast.IfExp():
            return [*_texts(node.body, known), *_texts(node.orelse, known)]
        case ast.Name():
            return known.get(node.id, [GAP])
        case ast.JoinedStr():
            return [_GAPS.sub(GAP, "".join(_filled(part, known) for part in node.values))]
        case _:
            return [GAP]


def _filled(part: ast.expr, known: Mapping[str, list[str]]) -> str:
    if isinstance(part, ast.FormattedValue):
        texts = _texts(part.value, known) if isinstance(part.value, ast.Name) else [GAP]
        return texts[0] if len(texts) == 1 else GAP
    return str(part.value) if isinstance(part, ast.Constant) else GAP
