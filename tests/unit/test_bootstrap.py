"""The first thing that `make` runs, with the machine's Python."""

import ast
from pathlib import Path

from harness import bootstrap


def test_a_python_that_is_too_old_can_read_it():
    """Otherwise a newcomer first sees a traceback: before 3.9, `list[str]` is an error unless evaluated late."""
    source = ast.parse(Path(bootstrap.__file__).read_text(), feature_version=(3, 7))
    first = next(node for node in source.body if isinstance(node, ast.ImportFrom))

    assert (first.module, [each.name for each in first.names]) == ("__future__", ["annotations"])


def test_a_python_that_is_too_old_is_named_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "OLDEST_PYTHON", (99, 0))

    assert bootstrap._install_tox() == 2
    assert capsys.readouterr().err.startswith("bootstrap: Python 99.0 or newer is needed; this is 3.")
