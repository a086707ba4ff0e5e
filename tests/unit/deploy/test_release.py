"""A release is found by its commit; a modified tree never takes a commit's name."""

import subprocess
from pathlib import Path

import pytest

from harness.deploy.release import keep, release_name


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    path = tmp_path / "packaged.yaml"
    path.write_text("Resources: {}\n")
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "file").write_text("1")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments], cwd=root, check=True)
    return root


def _head(root: Path) -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_clean_tree_is_its_commit(packaged: Path, checkout: Path) -> None:
    assert release_name(packaged, checkout) == _head(checkout)


def test_a_changed_tree_has_a_name_of_its_own(packaged: Path, checkout: Path) -> None:
    (checkout / "file").write_text("2")
    changed = release_name(packaged, checkout)
    packaged.write_text("Resources: {Other: {}}\n")

    assert changed.startswith(f"{_head(checkout)}-changed-")
    assert release_name(packaged, checkout) != changed


@pytest.mark.parametrize("name", ["my-parameters.json", "check.json", "docs/manifest.json"])
def test_a_new_file_that_goes_into_no_release_changes_nothing(packaged: Path, checkout: Path, name: str) -> None:
    """The runbook makes the release engineer write such files to the checkout."""
    (checkout / name).parent.mkdir(exist_ok=True)
    (checkout / name).write_text("{}")

    assert release_name(packaged, checkout) == _head(checkout)


@pytest.mark.parametrize("folder", ["lambda_src/validation", "glue_src", "template"])
def test_a_new_file_that_goes_into_the_release_is_a_change(packaged: Path, checkout: Path, folder: str) -> None:
    (checkout / folder).mkdir(parents=True)
    (checkout / folder / "new.py").write_text("1")

    assert release_name(packaged, checkout).startswith(f"{_head(checkout)}-changed-")


def test_a_tree_without_git_has_a_name_too(packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Temporary folders may lie in a checkout.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "unpacked").mkdir()

    assert release_name(packaged, tmp_path / "unpacked").startswith("no-commit-")


def test_it_is_kept_where_the_runbook_looks_for_it(packaged: Path) -> None:
    calls: list[tuple[str, ...]] = []

    class Cli:
        def run(self, *arguments: str) -> str:
            calls.append(arguments)
            return ""

    assert keep(Cli(), packaged, "bucket", "abc") == "s3://bucket/releases/abc.yaml"  # type: ignore[arg-type]
    assert calls == [("s3", "cp", str(packaged), "s3://bucket/releases/abc.yaml", "--no-progress")]
