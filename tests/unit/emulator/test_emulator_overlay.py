"""The overlay's tables and its pinned MiniStack version. The integration tests show that each row works."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from harness.emulator.errors import EmulatorError
from harness.emulator.overlay import additions, behaviours, install

ROOT = Path(install.__file__).resolve().parents[3]


def test_the_pinned_version_is_the_one_installed() -> None:
    assert version("ministack") == install.MINISTACK_VERSION
    install.require_pinned_version()


def test_the_pinned_version_is_the_one_required() -> None:
    """Two pins of one version drift apart unless a test compares them."""
    assert f"ministack=={install.MINISTACK_VERSION}" in (ROOT / "requirements" / "harness.in").read_text()


def test_another_version_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Private names change without notice; an overlay that silently does nothing would invalidate the tests."""
    monkeypatch.setattr(install, "version", lambda _name: "1.5.34")

    with pytest.raises(EmulatorError, match=r"\Athe overlay is written for MiniStack 1\.5\.33; installed: 1\.5\.34\Z"):
        install.require_pinned_version()


def test_no_version_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(install, "version", missing)

    with pytest.raises(EmulatorError, match="installed: none"):
        install.require_pinned_version()


def test_the_listing_names_every_addition_once() -> None:
    listed = install.listing().splitlines()
    rows = [f"| `{a.type}` | `{a.property}` |" for a in additions.PROPERTIES]
    rows += [f"| `{a.type}` | the type itself |" for a in additions.TYPES]
    rows += [f"| {b.where} | {b.what} |" for b in behaviours.BEHAVIOURS]

    assert {row: sum(line.startswith(row) for line in listed) for row in rows} == dict.fromkeys(rows, 1)


def test_the_listing_is_printed_for_the_readme() -> None:
    """Nothing on stderr: docs/emulated-aws.md is generated from this output."""
    command = [sys.executable, "-W", "error", "-m", "harness.emulator.overlay.install", "--list"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == install.listing()
    assert printed.stderr == ""


def test_every_added_property_can_be_withdrawn() -> None:
    """An update that removes a property must be applied; but no AWS call undoes Object Lock."""
    assert [a.property for a in additions.PROPERTIES if a.withdraw is None] == ["ObjectLockEnabled"]


def test_a_lifecycle_property_the_overlay_does_not_know_is_refused() -> None:
    """MiniStack drops it silently; the overlay exists to prevent that."""
    (lifecycle,) = (a for a in additions.PROPERTIES if a.property == "LifecycleConfiguration")
    rule = {"Id": "a", "Status": "Enabled", "ExpirationInDays": 1, "ExpirationDate": "2027-01-01T00:00:00Z"}

    with pytest.raises(ValueError, match="ExpirationDate"):
        lifecycle.apply.parameters("a-bucket", {"Rules": [rule]})
