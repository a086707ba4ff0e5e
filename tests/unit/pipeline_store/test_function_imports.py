"""What the functions may import: it decides the layer's size and the cold start time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import imported_by

LAMBDA_SRC = Path(__file__).parents[3] / "lambda_src"
FUNCTIONS = ("data_validation", "kinesis_consumer")
#: Of AWS's runtime or of the layer; everything else would have to be packaged first.
CARRIED = {"boto3", "botocore", "msgspec", "aws_lambda_powertools"}
OURS = {"market_data", "pipeline_store"}
#: Modules with logic only, as opposed to those that call AWS.
PURE = ["kinesis_consumer.core", "kinesis_consumer.events", "data_validation.core", "data_validation.events"]


def loaded_by(module: str) -> set[str]:
    """Every module that is loaded once this one is, in a process with neither region, credentials nor settings."""
    path = f"import json, sys; sys.path.insert(0, {str(LAMBDA_SRC)!r})"
    code = f"{path}; import {module}; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-I", "-B", "-c", code], env={}, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("package", [*FUNCTIONS, "pipeline_store"])
def test_a_function_imports_only_what_it_is_shipped_with(package: str) -> None:
    """The emulator's workers see its packages too, so a missing one would show only on AWS."""
    files = sorted((LAMBDA_SRC / package).glob("*.py"))
    foreign = {name for file in files for name in imported_by(file)} - set(sys.stdlib_module_names) - CARRIED - OURS
    assert files
    assert foreign == set()


@pytest.mark.parametrize("module", PURE)
def test_what_decides_does_not_know_aws(module: str) -> None:
    """No client, no clock, no environment: so that a property can be tried thousands of times a second."""
    loaded = loaded_by(module)
    assert not {"boto3", "botocore", "aws_lambda_powertools"} & loaded


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_without_settings_and_without_weight(function: str) -> None:
    """A cold start delays the first tick: Powertools' event and batch modules would add 60 ms."""
    loaded = loaded_by(f"{function}.handler")
    utilities = {name for name in loaded if name.startswith("aws_lambda_powertools.utilities.")}
    assert f"{function}.core" in loaded
    assert utilities <= {"aws_lambda_powertools.utilities.jmespath_utils"}  # what the logger itself brings


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_know_nothing_of_each_other(function: str) -> None:
    """They are packaged separately: an import of the other would fail only on AWS."""
    (other,) = set(FUNCTIONS) - {function}
    assert other not in {name for file in (LAMBDA_SRC / function).glob("*.py") for name in imported_by(file)}
