"""The mutants as they were made, in build/: tests look at those that were judged, and need not render them again.

They are made again whenever the template differs from then, or the code that breaks and renders it.
"""

import hashlib
import os
import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cfnlint.version

from harness.mutants.distinct import mutants_of
from harness.mutants.judge import Mutant
from harness.mutants.reach import Reach
from harness.render.source import Source

HARNESS = Path(__file__).resolve().parents[1]
#: What decides which mutants there are, and how they come out; cfn-lint brings the schemas.
CODE = (HARNESS / "render", HARNESS / "mutants")
KEPT = HARNESS.parent / "build" / "mutants" / "made.pickle"


@dataclass(frozen=True)
class Made:
    """The mutants of a source, not judged; they share what they do not change with this source, and with no other."""

    source: Source
    reach: Reach
    mutants: list[Mutant]


def made(source: Source, kept: Path = KEPT, code: Sequence[Path] = CODE) -> Made:
    """The mutants of a template as the file `kept` has them, or made now, and kept."""
    key = digest(source, code)
    found = _read(kept, key)
    if found is None:
        reach = Reach(source.template)
        mutants = mutants_of(source, reach)
        _write(kept, {"key": key, "source": source, "mutants": mutants, "let_through": reach.let_through})
        return Made(source, reach, mutants)
    return Made(found["source"], Reach(found["source"].template, found["let_through"]), found["mutants"])


def digest(source: Source, code: Sequence[Path] = CODE) -> str:
    """What has to be the same for the mutants to be the same."""
    files = sorted(path for folder in code for path in folder.rglob("*.py"))
    parts = [source.sha256, sys.version, cfnlint.version.__version__]
    parts += [text for path in files for text in (path.name, path.read_text())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _read(kept: Path, key: str) -> dict[str, Any] | None:
    try:
        with kept.open("rb") as file:
            # The key stands first, and by itself: what was kept by other code is not read.
            if pickle.load(file) == key:
                found: dict[str, Any] = pickle.load(file)
                return found
    except (OSError, EOFError, pickle.UnpicklingError):
        pass
    return None


def _write(kept: Path, what: dict[str, Any]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Under its name only when it is whole: several workers may keep theirs at the same time.
    mine = kept.with_suffix(f".{os.getpid()}")
    with mine.open("wb") as file:
        pickle.dump(what.pop("key"), file)
        pickle.dump(what, file, pickle.HIGHEST_PROTOCOL)
    mine.replace(kept)
