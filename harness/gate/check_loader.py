"""Loads the Python checks and runs them."""

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.catalogue.catalogue import slug_of
from harness.render.resources import Stack
from rules.lib.iam import Unreadable
from rules.lib.problem import Problem


@dataclass(frozen=True)
class Check:
    """A check by its slug. One that judges the source gets the template as written, others a rendered stack."""

    slug: str
    module: ModuleType

    @cached_property
    def source(self) -> str:
        """Its source text."""
        return Path(self.module.__file__ or "").read_text()

    @property
    def judges_source(self) -> bool:
        """Whether it reads the template as written: parameters, outputs, conditional parts."""
        return bool(getattr(self.module, "JUDGES", "rendering") == "source")

    def run(self, judged: Stack | dict[str, Any]) -> Iterator[tuple[str, list[Problem]]]:
        """Each subject with its problems; nothing where the check does not apply.

        A policy that cannot be read is a problem of the subject, and where subjects are looked for, a subject itself.
        """
        try:
            subjects = list(self.module.subjects(judged))
        except Unreadable as odd:
            yield odd.logical_id, [_unreadable(odd, odd.logical_id)]
            return
        for subject in subjects:
            try:
                yield subject, list(self.module.problems(judged, subject))
            except Unreadable as odd:
                yield subject, [_unreadable(odd, subject)]


def load(paths: Iterable[Path]) -> list[Check]:
    """The checks in these files."""
    return [Check(slug_of(path), _module(path)) for path in paths]


def _unreadable(odd: Unreadable, subject: str) -> Problem:
    of = "" if odd.logical_id == subject else f"in {odd.logical_id}, "
    return Problem(
        f"{of}{odd}, so nobody can tell what it grants.",
        "write it as IAM reads it: statements with an Effect of Allow or Deny and the names of actions.",
        odd.path if odd.logical_id == subject else (),
    )


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"rules_checks_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
