"""Our template and code do not have the original's defects, and each one that is put back is detected."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.gate.engines.cfn_lint_rules import REGION_BLIND
from tests.defects.reading import PATH, ROOT, Template, read, write
from tests.defects.table import DEFECTS, InCode, InTemplate
from tests.shared import REFERENCE, needed

ORIGINAL = REFERENCE / "original-defects.md"
CFN_LINT = Path(sys.executable).with_name("cfn-lint")
#: The parts of the repository that a test of the code needs.
PARTS = ("lambda_src", "glue_src", "harness", "tests", "template", "schemas")

IN_TEMPLATE = [
    pytest.param(case, id=f"{name}-{number}")
    for name, cases in DEFECTS.items()
    for number, case in enumerate(cases, 1)
    if isinstance(case, InTemplate)
]
IN_CODE = [
    pytest.param(case, id=f"{name}-{number}")
    for name, cases in DEFECTS.items()
    for number, case in enumerate(cases, 1)
    if isinstance(case, InCode)
]
CHECKS = {case.values[0].check for case in IN_TEMPLATE if case.values[0].check}


@pytest.fixture(scope="module")
def template() -> Template:
    return read()


def test_every_defect_of_the_original_is_in_the_table() -> None:
    listed = re.findall(r"^\| (D\d+) \|", needed(ORIGINAL).read_text(), re.MULTILINE)

    assert list(DEFECTS) == listed


@pytest.mark.parametrize("check", sorted(CHECKS, key=lambda check: check.__name__))
def test_our_template_has_none_of_them(template: Template, check) -> None:
    assert list(check(template)) == []


@pytest.mark.parametrize("case", [case for case in IN_TEMPLATE if case.values[0].check])
def test_a_defect_put_back_into_the_template_is_seen(template: Template, case: InTemplate) -> None:
    assert case.check is not None

    assert list(case.check(case.reintroduce(template)))


def test_a_defect_put_back_into_the_template_is_seen_by_cfn_lint(template: Template, tmp_path: Path) -> None:
    """All of them in one run: the gate lints our own template, and finds none of their rules broken there."""
    cases = [case for each in IN_TEMPLATE if (case := each.values[0]).lint]
    for case in cases:
        template = case.reintroduce(template)
    file = tmp_path / PATH.name
    file.write_text(write(template))

    # Without the rules that take longest, which are about none of these defects.
    options = ["--regions", "us-east-1", "--ignore-checks", *REGION_BLIND]
    result = subprocess.run([CFN_LINT, "-t", file, *options], capture_output=True, text=True, cwd=tmp_path)

    assert len(cases) > 1
    assert [case.lint for case in cases if not re.search(rf"^{case.lint} ", result.stdout, re.MULTILINE)] == []


#: Runs pytest with the arguments of each line, in a process that has the libraries loaded and nothing of ours.
RUNNER = """
import os, sys
import boto3, hypothesis, moto.core, moto.dynamodb, moto.kinesis, moto.s3, moto.sqs, msgspec, pytest
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.dup2(os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        sys.exit(pytest.main(line.split()))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
#: The last one because hypothesis is loaded.
OPTIONS = "-q -x -p no:cacheprovider -W ignore::pytest.PytestAssertRewriteWarning"


Run = Callable[..., str]


@pytest.fixture(scope="module")
def run_tests(copy_of_code: Path) -> Iterator[Run]:
    """Runs tests of the copy; the answer is pytest's exit code."""
    # A defect must not stay behind as bytecode.
    environment = {**os.environ, "PYTHONPATH": "", "HYPOTHESIS_PROFILE": "dev", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", RUNNER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=copy_of_code, env=environment) as runner:
        assert runner.stdin
        assert runner.stdout
        requests, answers = runner.stdin, runner.stdout

        def run(*tests: str) -> str:
            print(OPTIONS, *tests, file=requests, flush=True)
            return answers.readline().strip()

        yield run


@pytest.fixture(scope="module")
def copy_of_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part)  # with what Python has compiled
    for file in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / file, folder)
    return folder


def test_without_a_defect_the_tests_pass(run_tests: Run) -> None:
    assert run_tests(*(test for case in IN_CODE if "::" in (test := case.values[0].test))) == "0"


@pytest.mark.parametrize("case", IN_CODE)
def test_a_defect_put_back_into_the_code_is_seen(case: InCode, copy_of_code: Path, run_tests: Run) -> None:
    source = copy_of_code / case.file
    text = source.read_text()
    assert text.count(case.old) == 1, f"{case.file} has changed: the table has to follow"
    source.write_text(text.replace(case.old, case.new))

    try:
        code = run_tests(case.test)
    finally:
        source.write_text(text)

    # 1 means that tests ran and some failed. Anything else means a missing or broken test.
    assert code == "1", (copy_of_code / "said").read_text()[-2_000:]
