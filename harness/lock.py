"""`tox -e lock`: resolve requirements/*.in anew into hash-pinned *.txt files that name no download host."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
OPTIONS = (
    "--quiet", "--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header",
    "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host",
)  # fmt: skip


def main(argv: list[str]) -> int:
    """Resolve the files named in `argv` (stems; all without any), passing `--upgrade` on if it is there."""
    upgrade = [word for word in argv if word == "--upgrade"]
    stems = [word for word in argv if word != "--upgrade"] or sorted(path.stem for path in REQUIREMENTS.glob("*.in"))
    for stem in stems:
        source = REQUIREMENTS / f"{stem}.in"
        if not source.is_file():
            print(f"lock: requirements/{stem}.in: no such file", file=sys.stderr)
            return 2
        command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *upgrade, "-o", f"{stem}.txt", source.name]
        if code := subprocess.run(command, cwd=REQUIREMENTS, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
