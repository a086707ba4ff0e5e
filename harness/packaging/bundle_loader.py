"""The modules below are those of the repository, and are imported from this script.

So a traceback names the repository's file and line, and modules keep their names apart.
"""

import sys
from collections.abc import Sequence
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Bundle(MetaPathFinder, ExecutionLoader):
    """Import finder and loader for the modules added to it."""

    def __init__(self) -> None:
        self._modules: dict[str, tuple[str, str]] = {}

    def add(self, name: str, file: str, source: str) -> None:
        """Add a module and its file in the repository."""
        self._modules[name] = (file, source)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the bundle, None for others."""
        if fullname not in self._modules:
            return None
        return ModuleSpec(fullname, self, origin=self.get_filename(fullname), is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        """Whether the module is a package."""
        return self.get_filename(fullname).endswith("/__init__.py")

    def get_filename(self, fullname: str) -> str:
        """Return the module's file in the repository, for tracebacks."""
        return self._modules[fullname][0]

    def get_source(self, fullname: str) -> str:
        """Return the module's source, for tracebacks."""
        return self._modules[fullname][1]


BUNDLE = Bundle()
# First, because this script may be named json_to_parquet.py too, and Python searches its folder.
sys.meta_path.insert(0, BUNDLE)
