"""What a Python file imports, read without running it. No tests."""

import ast
from pathlib import Path


def imported_by(path: Path) -> set[str]:
    """The top-level packages that a file imports; its own, by a relative import, are left out."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
