"""What is shipped to Lambda: the right wheels, everything that the handlers import, and nothing that runs only here."""

import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.packaging.build import FUNCTIONS, build_package
from harness.packaging.layer import ROOT, Target

TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
#: Packages of AWS's runtime, which the layer need not contain.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
LARGEST_UNPACKED = 250 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


@pytest.fixture(scope="module", params=list(Target))
def package(request, tmp_path_factory):
    """The zips for one target, and the target."""
    folder = tmp_path_factory.mktemp(request.param)
    return build_package(folder, request.param), folder, request.param


def _unpacked(folder, tmp_path, function):
    for name in (f"{function}.zip", "layer.zip"):
        with zipfile.ZipFile(folder / name) as archive:
            archive.extractall(tmp_path)
    return [tmp_path / "python", tmp_path]


def test_building_again_gives_the_same_bytes(package, tmp_path):
    digests, _, target = package

    assert build_package(tmp_path, target) == digests


def test_the_template_points_at_what_is_built(package):
    """`aws cloudformation package` fails on a missing path, and does not deploy a file that no path names."""
    digests, folder, _ = package

    assert set(re.findall(r"\.\./build/package/(\S+)", TEMPLATE.read_text())) == set(digests)
    assert {path.name for path in folder.iterdir()} == set(digests)


def test_the_layer_for_lambda_holds_wheels_of_its_python_and_processor(package):
    """A wheel of this machine's Python imports here and nowhere else."""
    _, folder, target = package
    if target is not Target.LAMBDA:
        pytest.skip("the emulated AWS runs functions with this very interpreter")
    with zipfile.ZipFile(folder / "layer.zip") as archive:
        names = archive.namelist()
        tags = {
            line.removeprefix("Tag: ")
            for name in names
            if name.endswith(".dist-info/WHEEL")
            for line in archive.read(name).decode().splitlines()
            if line.startswith("Tag: ")
        }
        size = sum(entry.file_size for entry in archive.infolist())

    binaries = [name for name in names if name.endswith(".so")]
    assert binaries
    assert all(name.endswith(".cpython-313-x86_64-linux-gnu.so") for name in binaries)
    assert all(tag.endswith("-none-any") or (tag.startswith("cp313-") and "x86_64" in tag) for tag in tags)
    assert size < LARGEST_UNPACKED


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_from_its_zips_alone(package, tmp_path, function):
    """In the emulated AWS, functions see the emulator's packages; here only those of AWS's runtime."""
    _, folder, target = package
    if target is not Target.EMULATOR:
        pytest.skip("built for another Python than this one")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in RUNTIME:
        spec = find_spec(name)
        assert spec is not None
        origin = Path(spec.origin)
        place = origin.parent if origin.name == "__init__.py" else origin
        (runtime / place.name).symlink_to(place)
    paths = [*_unpacked(folder, tmp_path / "task", function), runtime]
    found = [str(path) for path in paths]
    code = f"import sys; sys.path[:0] = {found}; import {function}.handler as h; h.lambda_handler"

    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def _python_3_13():
    # pyenv's shim is on PATH even if it is broken, so the versions are searched too.
    found = [shutil.which("python3.13"), *map(str, Path.home().glob(".pyenv/versions/3.13.*/bin/python3.13"))]
    for python in filter(None, found):
        if subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0:
            return python
    return None


def test_the_contract_imports_on_lambdas_python(package, tmp_path):
    _, folder, target = package
    if target is not Target.LAMBDA:
        pytest.skip("built for this Python")
    python = _python_3_13()
    if python is None:
        pytest.skip("there is no Python 3.13 on this machine")
    paths = [str(path) for path in _unpacked(folder, tmp_path, FUNCTIONS[0])]
    line = b'{"symbol":"IBM","price":1.5,"volume":2,"timestamp":"2024-01-02T03:04:05Z","exchange":"XNYS"}'
    code = f"import sys; sys.path[:0] = {paths}; from market_data import parse; print(parse({line!r}).price)"

    done = subprocess.run([python, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "1.5", done.stderr
