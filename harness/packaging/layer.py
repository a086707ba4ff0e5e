"""Installs the layer's packages from requirements/layer.txt for a target platform."""

import hashlib
import os
import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "layer.txt"
CACHE = ROOT / ".cache" / "layer"


class Target(StrEnum):
    """The platform that runs the functions."""

    #: AWS Lambda as configured in the template: python3.13 on x86_64.
    LAMBDA = "lambda"
    #: The emulated AWS, which runs functions with its own interpreter, the layer first on the path.
    EMULATOR = "emulator"


PIP_OPTIONS: dict[Target, tuple[str, ...]] = {
    Target.LAMBDA: (
        "--only-binary=:all:",
        "--implementation=cp",
        "--python-version=3.13",
        # Lambda's python3.13 runs on Amazon Linux 2023, whose glibc is 2.34.
        "--platform=manylinux_2_34_x86_64",
        "--platform=manylinux_2_28_x86_64",
        "--platform=manylinux2014_x86_64",
        "--platform=manylinux_2_17_x86_64",
    ),
    Target.EMULATOR: (),
}


class PackagingError(Exception):
    """The zips could not be built; the message is one line."""


def install_requirements(target: Target) -> Path:
    """Return a folder with the layer's pinned packages for `target`; pip fills it on first use."""
    seed = "\n".join((REQUIREMENTS.read_text(), sys.version, target, *PIP_OPTIONS[target]))
    folder = CACHE / f"{target}-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
    if folder.exists():
        return folder
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    try:
        _install(target, partial)
        try:
            (partial / "site").rename(folder)
        except OSError:
            # Another process was faster; its folder has the same files.
            if not folder.exists():
                raise
    finally:
        # Also after Ctrl-C, which stops pip before it cleans up.
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _install(target: Target, partial: Path) -> None:
    temporary = partial / "tmp"
    temporary.mkdir(parents=True)
    command = [
        sys.executable, "-I", "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--require-hashes",
        "--target", str(partial / "site"), *PIP_OPTIONS[target], "-r", str(REQUIREMENTS),
    ]  # fmt: skip
    environment = {**os.environ, "TMPDIR": str(temporary)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = (result.stderr.strip() or "no message").splitlines()[-1]
        raise PackagingError(f"pip could not install {REQUIREMENTS.name} for {target}: {reason}")
