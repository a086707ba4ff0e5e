"""`tox -e lock`: which files' hashes are kept, what is rejected, and how requirement files nest."""

import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement

from harness import lock

TXT = sorted(path.with_suffix(".txt") for path in lock.REQUIREMENTS.glob("*.in"))


@pytest.mark.parametrize(
    ("filename", "kept"),
    [
        ("a-1.0.tar.gz", True),
        ("a-1.0-py3-none-any.whl", True),
        ("a-1.0-py2.py3-none-any.whl", True),
        ("a-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True),
        ("a-1.0-cp313-cp313-manylinux_2_28_aarch64.whl", True),
        ("a-1.0-cp39-abi3-macosx_11_0_arm64.whl", True),
        ("a-1.0-cp311-cp311-macosx_10_9_universal2.whl", True),
        ("a-1.0-py3-none-manylinux_2_34_x86_64.whl", True),
        ("a-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", False),
        ("a-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl", False),
        ("a-1.0-pp311-pypy311_pp73-manylinux_2_17_x86_64.whl", False),
        ("a-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", False),
        ("a-1.0-cp311-cp311-manylinux_2_17_i686.whl", False),
        ("a-1.0-cp311-cp311-win_amd64.whl", False),
    ],
)
def test_a_file_is_kept_if_a_machine_of_ours_can_take_it(filename: str, kept: bool) -> None:
    assert lock.fits(filename) is kept


def index_with(*files: tuple[str, str, str | None]) -> lock.Index:
    """An index with these files of the package `a`: version, name, required Python."""
    found = [
        SimpleNamespace(
            version=version,
            link=SimpleNamespace(filename=name, hash_name="sha256", hash=f"of {name}", requires_python=python),
        )
        for version, name, python in files
    ]
    repository: Any = SimpleNamespace(allow_all_wheels=nullcontext, find_all_candidates=lambda name: found)
    return lock.Index(repository)


def test_the_hashes_are_those_of_the_pinned_version() -> None:
    wheel, source = "a-2-py3-none-any.whl", "a-2.tar.gz"
    index = index_with(("1", "a-1.tar.gz", ">=3.12"), ("2", source, ">=3.9"), ("2", wheel, None))

    assert index.hashes(Requirement("a==2")) == [f"sha256:of {wheel}", f"sha256:of {source}"]


def test_a_package_that_the_oldest_python_cannot_take_is_refused() -> None:
    """Like soupsieve 4, which requires 3.11.5: seen on Debian 12 with Python 3.11.2."""
    index = index_with(("4.1", "a-4.1-py3-none-any.whl", ">=3.11.5"))

    with pytest.raises(lock.Refused, match=r"a==4\.1 asks for Python >=3\.11\.5, which leaves out 3\.11\.0"):
        index.hashes(Requirement("a==4.1"))


def test_a_package_without_a_file_for_us_is_refused() -> None:
    index = index_with(("1", "a-1-cp311-cp311-win_amd64.whl", None))

    with pytest.raises(lock.Refused, match="no file"):
        index.hashes(Requirement("a==1"))


def test_requirements_nest_as_their_sources_do() -> None:
    """A source that includes another lists only its additions, and a family has one version of a package."""
    for family in lock.families(lock.REQUIREMENTS):
        written = {stem: set(re.findall(r"^[\w.-]+==\S+", text_of(stem), re.MULTILINE)) for stem in family.members()}

        assert set().union(*written.values()) == set(pins_of(family.root).values())
        for stem, included in family.includes.items():
            assert re.findall(r"^-r (.*)\.txt$", text_of(stem), re.MULTILINE) == sorted(included)
            assert not any(written[stem] & set(pins_of(each).values()) for each in included)


def text_of(stem: str) -> str:
    """A written file."""
    return (lock.REQUIREMENTS / f"{stem}.txt").read_text()


def pins_of(stem: str) -> dict[str, str]:
    """The pins of a written file and of those it includes."""
    return lock.pins(Path(lock.REQUIREMENTS / f"{stem}.txt"))


@pytest.mark.parametrize("path", TXT, ids=lambda path: path.stem)
def test_every_pin_has_a_hash_and_no_host(path: Path) -> None:
    text = path.read_text()

    assert "://" not in text
    assert all("--hash=sha256:" in each for each in text.split("==")[1:])
