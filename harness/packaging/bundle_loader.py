"""Each module stands below as it is in the repository, and is imported from here.

So a traceback names the repository's file and line, and modules keep their names apart.
"""

import sys
from collections.abc import Sequence
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Bundle(MetaPathFinder, ExecutionLoader):
    """Finds and loads the modules that were added to it."""

    def __init__(self) -> None:
        self._modules: dict[str, tuple[str, str]] = {}

    def add(self, name: str, file: str, source: str) -> None:
        """Take a module in, with its file in the repository."""
        self._modules[name] = (file, source)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module of the bundle is loaded, None for any other."""
        if fullname not in self._modules:
            return None
        return ModuleSpec(fullname, self, origin=self.get_filename(fullname), is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        """Say whether the module has modules below it."""
        return self.get_filename(fullname).endswith("/__init__.py")

    def get_filename(self, fullname: str) -> str:
        """Return the module's file in the repository, which is what tracebacks name."""
        return self._modules[fullname][0]

    def get_source(self, fullname: str) -> str:
        """Return the module's source, which is what tracebacks quote."""
        return self._modules[fullname][1]


BUNDLE = Bundle()
# First, because this script may be called json_to_parquet.py too, and its own folder is where Python looks.
sys.meta_path.insert(0, BUNDLE)
