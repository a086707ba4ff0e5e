"""The contract's parts fit together: types, rules and the layers between them."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import market_data
from market_data.rules import RULES
from tests import contract_model
from tests.imports import imported_by

SOURCES = sorted(Path(market_data.__file__).parent.glob("*.py"))


def test_there_are_sources() -> None:
    """An empty glob would make the tests below pass by doing nothing."""
    assert len(SOURCES) > 10


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_contract_stands_on_msgspec_and_the_standard_library_alone(path: Path) -> None:
    """Harness, functions and producers share it; they all carry its imports."""
    assert imported_by(path) <= {"market_data", "msgspec"} | sys.stdlib_module_names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_number_can_become_a_float(path: Path) -> None:
    """The only float comes from Kinesis: the arrival time."""
    tree = ast.parse(path.read_text())
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "float"]
    assert len(names) == (path.stem == "envelope")


@pytest.mark.parametrize("struct", RULES, ids=lambda struct: struct.__name__)
def test_every_field_has_a_rule(struct: type[msgspec.Struct]) -> None:
    """A field without a rule would pass the fast path and be rejected by the exact one."""
    assert set(RULES[struct]) == {field.name for field in msgspec.structs.fields(struct)}


def test_importing_the_contract_is_cheap() -> None:
    """It is part of every cold start."""
    code = "import sys, market_data; print(*sys.modules)"
    folder = str(Path(market_data.__file__).parents[1])
    loaded = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert not {"argparse", "asyncio", "boto3", "hypothesis", "logging"} & set(loaded.split())


def test_the_model_is_independent() -> None:
    """A model that shares code with what it models agrees with its mistakes."""
    assert not imported_by(Path(contract_model.__file__)) & {"market_data", "msgspec"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_group_of_a_pattern_is_possessive(path: Path) -> None:
    """Before Python 3.11.5 a possessive group that fails keeps what it had taken: `"1."` was read as a number."""
    assert re.findall(r"\)(?:[?*+]|\{[0-9,]+\})\+", path.read_text()) == []
