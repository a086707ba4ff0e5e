"""Options for the generated feed: from the command line, else from the environment that make sets."""

import re
from pathlib import Path

import pytest

from harness.pipeline.options import read_options
from harness.replay.sources import DEFAULT_BAD_PER_MILLE, DEFAULT_COUNT, DEFAULT_SEED

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {"COUNT": "7", "SEED": "8", "BAD_PER_MILLE": "9"}


def _read(*argv, **environment):
    options = read_options(list(argv), environment)
    return options.count, options.seed, options.bad_per_mille


def test_by_default_the_feed_is_the_one_of_the_readme():
    assert _read() == (DEFAULT_COUNT, DEFAULT_SEED, DEFAULT_BAD_PER_MILLE)


def test_a_variable_that_is_empty_is_not_given():
    """make exports every variable it lists, given or not."""
    assert _read(COUNT="", SEED=" ", BAD_PER_MILLE="") == _read()


def test_make_passes_them_through_the_environment():
    assert _read(**ENVIRONMENT) == (7, 8, 9)


def test_the_command_line_goes_first():
    assert _read("--count", "1", "--seed", "2", "--bad-per-mille", "3", **ENVIRONMENT) == (1, 2, 3)
    assert _read("--seed", "2", **ENVIRONMENT) == (7, 2, 9)


def test_all_or_none_of_the_records_may_be_bad():
    assert _read("--bad-per-mille", "0", "--seed", "0") == (DEFAULT_COUNT, 0, 0)
    assert _read(BAD_PER_MILLE="1000")[2] == 1000


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "1e3", "1_000", "\u0661", "0x1", "9" * 5_000, "+1"])
@pytest.mark.parametrize("name", ["COUNT", "SEED", "BAD_PER_MILLE"])
def test_a_bad_number_is_reported_in_one_line_under_the_name_that_was_used(capsys, name, text):
    option = "--" + name.lower().replace("_", "-")
    for argv, environment, shown in (([f"{option}={text}"], {}, option), ([], {name: text}, name)):
        with pytest.raises(SystemExit) as ended:
            read_options(argv, environment)
        complaint = capsys.readouterr().err

        assert ended.value.code == 2
        assert complaint.count("\n") == 1
        assert complaint.startswith(f"pipeline: {shown} must be a whole number ")
        assert len(complaint) < 200


@pytest.mark.parametrize(("text", "seed"), [("", None), (" ", None), ("0", 0), ("17", 17)])
def test_faults_are_switched_on_by_their_seed(text, seed):
    assert read_options([], {"FAULTS": text}).faults == seed
    assert read_options(["--faults", "5"], {"FAULTS": text}).faults == 5


@pytest.mark.parametrize("text", ["yes", "-1", "1.5", "\u0661", "9" * 5_000])
def test_a_bad_seed_of_faults_is_reported_in_one_line(capsys, text):
    with pytest.raises(SystemExit) as ended:
        read_options([], {"FAULTS": text})

    complaint = capsys.readouterr().err
    assert (ended.value.code, complaint.count("\n")) == (2, 1)
    assert complaint.startswith("pipeline: FAULTS must be a whole number")


@pytest.mark.parametrize(("name", "text"), [("COUNT", "0"), ("BAD_PER_MILLE", "1001"), ("SEED", "-3")])
def test_a_number_out_of_range_is_refused(name, text):
    with pytest.raises(SystemExit):
        read_options([], {name: text})


def test_make_and_tox_pass_on_every_variable_there_is(capsys):
    """A documented variable that is not passed on would be silently ignored."""
    with pytest.raises(SystemExit):
        read_options(["--help"], {})
    helped = capsys.readouterr().out.partition("environment")[2]
    documented = set(re.findall(r"\b[A-Z_]{4,}\b", helped))
    exported = re.search(r"^export (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    passed = (ROOT / "tox.ini").read_text().partition("[testenv:pipeline]")[2].partition("\n[")[0]

    assert documented >= {"FEED", "VENUE", "KEEP", "PORT", *ENVIRONMENT}
    assert exported is not None
    assert documented <= set(exported[1].split())
    assert documented <= set(passed.split())
