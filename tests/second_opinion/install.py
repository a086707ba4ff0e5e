"""`python -m tests.second_opinion.install FOLDER`: installs iam-simulate as package-lock.json pins it."""

import shutil
import sys
from pathlib import Path

from harness.npm import NpmFailed, npm

PINNED = ("package.json", "package-lock.json")
HERE = Path(__file__).parent


def install(folder: Path) -> None:
    """Install into a folder, unless these very packages are there. Raises NpmFailed."""
    # npm writes it last, with what it installed.
    done = folder / "node_modules" / ".package-lock.json"
    if done.exists() and all(_same(folder, name) for name in PINNED):
        return
    folder.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    for name in PINNED:
        shutil.copy(HERE / name, folder)
    npm("ci", folder=folder)


def _same(folder: Path, name: str) -> bool:
    copy = folder / name
    return copy.exists() and copy.read_bytes() == (HERE / name).read_bytes()


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]))
    except NpmFailed as error:
        sys.exit(f"second-opinion: npm could not install package-lock.json: {error}")
