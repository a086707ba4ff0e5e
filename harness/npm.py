"""Runs npm, which the environments with requirements/node.txt have."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class NpmFailed(Exception):
    """There is no npm, or it failed; the message has what it said."""


def npm(*arguments: str, folder: Path) -> None:
    """Run npm in a folder, with its cache in the repository. No package's own scripts are run. Raises NpmFailed."""
    found = shutil.which("npm")
    if found is None:
        raise NpmFailed("npm is not on PATH")
    # Use the system's certificates, as pip does: some company proxies re-sign TLS traffic.
    environment = os.environ | {"NODE_OPTIONS": "--use-system-ca", "npm_config_cache": str(ROOT / ".cache" / "npm")}
    command = [found, *arguments, "--silent", "--ignore-scripts"]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise NpmFailed(" ".join((result.stderr or result.stdout).split())[:500] or "no message")
