"""Finds the rules in `rules/` and reads their headers.

One rule a file, which its id and slug name: ENC-005 is `rules/*/*/enc_005_<slug>.guard` or `.py`.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "rules"

#: In display order.
INTENTS = ("encryption", "access", "network", "retention", "resilience", "observability", "change")
#: Id prefixes of Guard rules and checks, by intent.
PREFIXES = dict(zip(("ENC", "ACC", "NET", "RET", "RES", "OBS", "CHG"), INTENTS, strict=True))
#: Checkov's policies cover encryption, which comes first, and least privilege.
LAST_ENCRYPTION_POLICY = 4
GUARD, CHECKS, CHECKOV = "cfn-guard", "checks", "checkov"

_HEADER = re.compile(
    r"(?P<id>\S+)  (?P<slug>[a-z0-9_]+)\n\s*\n"
    r"Why +(?P<why>.+?)\n(?:\s*\n)?Targets +(?P<targets>.+?)(?:\n\s*\n.*)?\Z",
    re.DOTALL,
)

#: What the name of a rule's file begins with, before the slug.
_NUMBER = re.compile(r"\A[a-z]+(?:_[a-z]+)?_[0-9]+_")


class BadRule(Exception):
    """A rule file lacks a required part; the message names the file."""


@dataclass(frozen=True)
class Rule:
    """A rule."""

    id: str
    slug: str
    engine: str
    path: Path
    why: str
    targets: tuple[str, ...]

    @property
    def intent(self) -> str:
        """The intent: a Guard rule's or check's folder; for a Checkov policy, by its number."""
        if self.engine != CHECKOV:
            return self.path.parent.name
        return "encryption" if int(self.id.rpartition("_")[2]) <= LAST_ENCRYPTION_POLICY else "access"

    @property
    def case_file(self) -> Path:
        """Where the cases are, as `harness.catalogue.cases` reads them."""
        return self.path.parent / "cases" / f"{self.path.stem}.yaml"

    @cached_property
    def messages(self) -> tuple[tuple[str, str], ...]:
        """(violation, fix) of each clause of a Guard rule, in the file's order."""
        found = re.findall(r"<<\s*Violation:\s*(.+?)\s*Fix:\s*(.+?)\s*>>", self.path.read_text(), re.DOTALL)
        return tuple((_joined(violation), _joined(fix)) for violation, fix in found)


def location(engine: str, rule_id: str, slug: str) -> str:
    """A rule's path relative to the project, from its id and slug alone.

    KeyError for an id that none of this project's rules can have.
    """
    if engine == CHECKOV:
        return f"rules/checkov/{stem(rule_id, slug)}.py"
    folder, suffix = {GUARD: ("guard", "guard"), CHECKS: ("checks", "py")}[engine]
    return f"rules/{folder}/{PREFIXES[rule_id.partition('-')[0]]}/{stem(rule_id, slug)}.{suffix}"


def stem(rule_id: str, slug: str) -> str:
    """What a rule's file is called, without its suffix."""
    return f"{rule_id.lower().replace('-', '_')}_{slug}"


def slug_of(path: Path) -> str:
    """The slug in the name of a rule's file."""
    return _NUMBER.sub("", path.stem)


def load(folder: Path = RULES) -> list[Rule]:
    """Every rule under a folder laid out like `rules/`, by id. Raises BadRule for an invalid header."""
    rules = [read(path, engine) for engine, paths in _files(folder) for path in paths]
    if not rules:
        raise BadRule(f"{folder}: there is no rule")
    return sorted(rules, key=lambda rule: _sortable(rule.id))


def read(path: Path, engine: str) -> Rule:
    """One rule from its file."""
    try:
        return _read(path, engine, path.read_text())
    except ValueError as error:  # not UTF-8
        raise BadRule(f"{path}: {error}") from error


@cache
def _read(path: Path, engine: str, text: str) -> Rule:
    """Cached: a test run reads every rule many times over."""
    try:
        header = "\n".join(_until_code(text.splitlines())) if engine == GUARD else ast.get_docstring(ast.parse(text))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        raise BadRule(f"{path}: {error}") from error
    match = _HEADER.match((header or "").strip() + "\n")
    if not match:
        raise BadRule(f"{path}: the header does not have an id and slug, Why and Targets as rules/README.md shows")
    if path.stem != stem(match["id"], match["slug"]):
        raise BadRule(f"{path}: the header calls it {match['id']} {match['slug']}")
    targets = tuple(each.strip() for each in _joined(match["targets"]).split(",") if each.strip())
    return Rule(match["id"], match["slug"], engine, path, _joined(match["why"]), targets)


def fingerprint(folder: Path = RULES) -> str:
    """SHA-256 of everything that affects a verdict: rules, waivers, controls, and the code they use."""
    digest = hashlib.sha256()
    for root, paths in ((folder, _deciding(folder)), (ROOT, _imported())):
        for path in sorted(paths, key=lambda each: each.relative_to(root).as_posix()):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _imported() -> Iterable[Path]:
    for package in ("harness/alarms", "harness/mutants", "harness/render", "rules/lib"):
        yield from (ROOT / package).rglob("*.py")


def _deciding(folder: Path) -> Iterable[Path]:
    for name in ("waivers.yaml", "controls.yaml", "judged.yaml"):
        if (folder / name).is_file():
            yield folder / name
    for path in folder.rglob("*"):
        # Tool caches start with a dot.
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in (".guard", ".py") and path.is_file() and not hidden:
            yield path


def _files(folder: Path) -> Iterable[tuple[str, list[Path]]]:
    yield GUARD, sorted(folder.glob("guard/*/*.guard"))
    yield CHECKS, sorted(folder.glob("checks/*/*.py"))
    yield CHECKOV, sorted(path for path in folder.glob("checkov/*.py") if not path.name.startswith("_"))


def _until_code(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        if line.strip() and not line.startswith("#"):
            return
        yield line.removeprefix("#").removeprefix(" ")


def _joined(text: str) -> str:
    return " ".join(text.split())


def _sortable(rule_id: str) -> tuple[str, int]:
    prefix, _, number = rule_id.replace("_", "-").rpartition("-")
    return prefix, int(number) if number.isdigit() else 0
