"""Installs tox as `.tools/bin/tox` and sets up the named environments. Standard library only: it runs first.

The second time it finds its stamps. Several at once (`tox -p`) wait for one another.
"""

# So that a Python from 3.7 on, whose built-in types take no [...], gets as far as being told that it is too old.
from __future__ import annotations

import fcntl
import hashlib
import os
import ssl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
REQUIREMENTS = ROOT / "requirements" / "bootstrap.txt"
OLDEST_PYTHON = (3, 11)
LOCK = ROOT / ".cache" / "set-up.lock"
#: tox's working directory, in the variable that tox itself reads and sets.
ENVIRONMENTS = Path(os.environ.get("TOX_WORK_DIR") or ROOT / ".tox")
#: Environments that also need their command run.
RUN = {"cfn-guard"}


def main(environments: list[str]) -> int:
    """Install the pinned tox and set up `environments` where needed; return 2 on failure."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code = _install_tox()
        for name in environments:
            code = code or _set_up(name)
        return code


def _install_tox() -> int:
    if sys.version_info < OLDEST_PYTHON:
        return _fail(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed; this is {sys.version.split()[0]}")
    stamp = TOOLS / "bootstrap.stamp"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if (TOOLS / "bin" / "tox").exists() and stamp.exists() and stamp.read_text() == wanted:
        return 0
    print("bootstrap: installing tox into .tools (once)", flush=True)
    python = TOOLS / "bin" / "python"
    if subprocess.run([sys.executable, "-m", "venv", "--clear", TOOLS], check=False).returncode:
        return _fail("`python3 -m venv` failed; on Debian and Ubuntu the package python3-venv brings it")
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)]
    if subprocess.run(command, env=_environment(python), check=False).returncode:
        return _fail("pip could not install requirements/bootstrap.txt; its message is above")
    stamp.write_text(wanted)
    return 0


def _set_up(name: str) -> int:
    # Calling tox takes a second per environment.
    stamp = ENVIRONMENTS / name / "set-up.stamp"
    sources = [ROOT / "tox.ini", *sorted((ROOT / "requirements").glob("*.txt"))]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in sources) + sys.version.encode()).hexdigest()
    if name not in RUN and stamp.exists() and stamp.read_text() == wanted:
        return 0
    # tox prints only if it installs something.
    new = not stamp.parent.exists()
    quiet = ["-q"] if new else ["-qq"]
    if new:
        print(f"bootstrap: setting up the environment {name} (once; it may take a minute or two)", flush=True)
    command = [str(TOOLS / "bin" / "tox"), "run", *quiet, *([] if name in RUN else ["--notest"]), "-e", name]
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
        return _fail(f"tox could not set up the environment {name}; its messages are above")
    stamp.write_text(wanted)
    return 0


def _environment(python: Path) -> dict[str, str]:
    """pip's environment: a cache in the repository, and the system's certificates unless configured.

    The pip that comes with Python trusts only the certificates it carries, so it fails behind a proxy that signs
    TLS anew. Newer ones (tox installs one) ask the system by themselves.
    """
    environment = dict(os.environ)
    environment.setdefault("PIP_CACHE_DIR", str(ROOT / ".cache" / "pip"))
    environment.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    chosen = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    system = ssl.get_default_verify_paths().cafile
    if ".cert=" not in chosen and system is not None:
        environment["PIP_CERT"] = system
    return environment


def _fail(message: str) -> int:
    print(f"bootstrap: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
