"""The mutants of a template, cached in build/, so that the tests do not generate them again.

They are generated again when the template changes, or the code that mutates and renders it.
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
from harness.mutants.operators.improvements import IMPROVEMENTS
from harness.mutants.reach import Reach
from harness.render.source import Source
from rules.lib import code, judged

HARNESS = Path(__file__).resolve().parents[1]
#: What decides which mutants there are and how they render. The schemas come from cfn-lint.
CODE = (HARNESS / "render", HARNESS / "mutants", IMPROVEMENTS, judged.FILE, Path(code.__file__))
CACHE = HARNESS.parent / "build" / "mutants" / "cache.pickle"


@dataclass(frozen=True)
class CachedMutants:
    """The mutants of a source, not judged yet. They share unchanged objects with this `source` and no other."""

    source: Source
    reach: Reach
    mutants: list[Mutant]


def cached_mutants(source: Source, cache: Path = CACHE, code: Sequence[Path] = CODE) -> CachedMutants:
    """The mutants of a template from the file `cache`, or generated now and written to it."""
    key = digest(source, code)
    found = _read(cache, key)
    if found is None:
        reach = Reach(source.template)
        mutants = mutants_of(source, reach)
        _write(cache, {"key": key, "source": source, "mutants": mutants})
        return CachedMutants(source, reach, mutants)
    return CachedMutants(found["source"], Reach(found["source"].template), found["mutants"])


def digest(source: Source, code: Sequence[Path] = CODE) -> str:
    """The cache key: it changes with anything that can change a mutant."""
    files = sorted(path for each in code for path in (each.rglob("*.py") if each.is_dir() else [each]))
    parts = [source.sha256, sys.version, cfnlint.version.__version__]
    parts += [text for path in files for text in (path.name, path.read_text())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _read(cache: Path, key: str) -> dict[str, Any] | None:
    try:
        with cache.open("rb") as file:
            # The key is pickled first and separately: data written by other code is never unpickled.
            if pickle.load(file) == key:
                found: dict[str, Any] = pickle.load(file)
                return found
    except (OSError, EOFError, pickle.UnpicklingError):
        pass
    return None


def _write(cache: Path, what: dict[str, Any]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete: several workers may write at the same time.
    temporary = cache.with_suffix(f".{os.getpid()}")
    with temporary.open("wb") as file:
        pickle.dump(what.pop("key"), file)
        pickle.dump(what, file, pickle.HIGHEST_PROTOCOL)
    temporary.replace(cache)
