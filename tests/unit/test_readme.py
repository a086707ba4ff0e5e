"""The README is correct: its commands exist, and its generated parts are up to date."""

import configparser
import re
import shlex
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from harness.deploy import stack
from harness.pages import readme
from harness.pages.readme import DOCUMENTS, filled
from harness.quarantine import command as quarantine
from harness.replay.producer import stored_feed
from harness.replay.sources import DEFAULT_COUNT, open_sources
from market_data import Reason

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
#: The pages that a newcomer reads and copies commands from.
PAGES = (README, *((ROOT / name).read_text() for name in ("CONTRIBUTING.md", "docs/feeds.md", "docs/emulated-aws.md")))
COMMANDS = [
    line.strip()
    for page in PAGES
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip()
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_generated_parts_are_fresh(path: Path):
    assert filled(path.read_text()) == path.read_text()


def test_a_stale_document_is_named_and_only_written_where_that_is_asked_for(tmp_path, monkeypatch, capsys):
    document = tmp_path / "page.md"
    monkeypatch.setattr(readme, "ROOT", tmp_path)
    monkeypatch.setattr(readme, "DOCUMENTS", (document,))
    document.write_text("<!-- generated: reasons -->\nstale\n<!-- end -->\n")
    stale = document.read_text()

    assert readme.main([]) == readme.main(["--check"]) == 1
    assert document.read_text() == stale
    complaint = "readme: page.md is stale; `tox -e readme -- --write` updates it"
    assert capsys.readouterr().err.splitlines() == [complaint] * 2
    assert readme.main(["--write"]) == readme.main([]) == 0
    assert document.read_text() == filled(stale) != stale


def test_the_two_commands_are_there():
    assert "make pipeline" in COMMANDS
    assert "make test" in COMMANDS


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("make ")])
def test_a_make_command_names_a_target_and_known_variables(command):
    makefile = (ROOT / "Makefile").read_text()
    words = re.sub(r'"[^"]*"', "x", command.partition("<")[0]).split()[1:]
    exported = next(line for line in makefile.splitlines() if line.startswith("export ")).split()[1:]

    assert re.search(rf"^{words[0]}:", makefile, re.MULTILINE)
    assert {word.partition("=")[0] for word in words[1:]} <= set(exported)


@pytest.mark.parametrize("command", [each for each in COMMANDS if ".tools/bin/tox" in each])
def test_a_tox_command_names_an_environment(command):
    environments = configparser.ConfigParser(interpolation=None, strict=False)
    environments.read(ROOT / "tox.ini")
    (name,) = re.findall(r"-e (\w+)", command)

    assert f"testenv:{name}" in environments


@pytest.mark.parametrize("command", [each for each in COMMANDS if " quarantine" in each])
def test_a_quarantine_command_has_options_that_there_are(command):
    options = shlex.split(command.partition(">")[0].partition(" quarantine")[2].removeprefix(" -- "))

    with redirect_stdout(StringIO()):  # --raw is refused where standard output is a terminal
        assert set(quarantine.read_options(options).reasons) <= set(Reason)


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("aws ")])
def test_an_aws_command_is_one_that_the_deployment_runs(command):
    """The integration tests deploy with the same options, so a release engineer types what was tested."""
    source = Path(stack.__file__).read_text()

    assert f'"{command.split()[2]}"' in source
    assert all(f'"{option}"' in source for option in re.findall(r"--[a-z0-9-]+", command))


def test_every_path_that_is_named_exists():
    """test_docs.py checks links in docs/; this checks the README and the files beside it."""
    for page in PAGES:
        for path in re.findall(r"`((?:docs|glue_src|harness|lambda_src|rules|schemas|template|tests)/[\w./-]*)`", page):
            assert (ROOT / path).exists(), path
    for name in ("README.md", "CONTRIBUTING.md"):
        for path in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text()):
            assert (ROOT / path).exists(), path


def test_the_readme_is_short():
    assert len(README.split()) < 1500


def test_the_sample_output_is_that_of_the_default_feed():
    """The feed comes from a seed, so everybody gets the README's output."""
    sample = README.partition("```text\n")[2].partition("```")[0]
    shown = {
        name.strip(): int(number.replace(",", ""))
        for name, number in re.findall(r"^│ ([\w: ]+?) +│ +([\d,]+) │$", sample, re.MULTILINE)
    }
    feeds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for item in open_sources(None):
        feeds[stored_feed(item.raw)] += 1
        if item.expected_reason is not None:
            reasons[item.expected_reason] += 1

    assert {name.removeprefix("records in: "): n for name, n in shown.items() if ": " in name} == feeds
    assert shown["records in"] == feeds.total() == DEFAULT_COUNT
    assert shown["quarantined"] == reasons.total()
    assert shown["Parquet rows"] == feeds.total() - reasons.total()
    assert {name: n for name, n in shown.items() if name in set(Reason)}.items() <= reasons.items()
