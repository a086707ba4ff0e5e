"""The four report formats, for a report with every kind of content and for a real one."""

import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.catalogue import catalogue
from harness.gate import command
from harness.gate.formats import FORMATS, text
from harness.gate.verdicts import EngineUsed, Finding, Report, RuleVerdict, ScenarioJudged, Suppression
from tests.terminal import run_on_a_terminal

ROOT = Path(__file__).resolve().parents[2]
#: A rule's file, from the root of the project, by its slug.
FILES = {rule.slug: rule.path.relative_to(ROOT).as_posix() for rule in catalogue.load()}
ESCAPE = "\x1b"
ALERTS = """\
Resources:
  Alerts:
    Type: AWS::SNS::Topic
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_26
            comment: not needed
"""
#: Runs the command in a separate process, with its verdicts at the path in the first argument.
PROCESS = """
import sys
from pathlib import Path
from harness.gate import command
command.VERDICTS = Path(sys.argv[1])
sys.exit(command.main(sys.argv[2:]))
"""


def _finding(rule="ENC-018", slug="topic_refuses_plain_http", engine="checks", **changes):
    usual = {
        "resource": "Alerts",
        "line": 12,
        "path": "Resources.Alerts.Properties",
        "message": "the topic is open.",
        "fix": "close it.",
        "scenarios": ("development", "production"),
    }
    return Finding(rule, slug, engine, **(usual | changes))


def _verdict(rule, slug, engine, verdict):
    counted = dict.fromkeys(("pass", "fail", "not applicable", "not evaluated"), 0) | {verdict: 3}
    return RuleVerdict(rule, slug, engine, verdict, *counted.values())


REPORT = Report(
    template="a folder/template & co.yaml",
    template_sha256="0" * 64,
    engines=[EngineUsed("cfn-guard", "3.1.1"), EngineUsed("cfn-lint", "1.0"), EngineUsed("checks", "1")],
    scenarios=[
        ScenarioJudged("development", {"Environment": "development"}, {"IsProd": False}),
        ScenarioJudged("production", {"Environment": "production"}, {"IsProd": True}),
        ScenarioJudged("production at bounds", {"Environment": "production"}, {"IsProd": True}),
    ],
    rules=[
        _verdict("ENC-001", "key_rotates_every_year", "cfn-guard", "pass"),
        _verdict("ENC-002", "key_stays_usable", "cfn-guard", "not applicable"),
        _verdict("ENC-003", "bucket_uses_a_bucket_key", "cfn-guard", "not evaluated"),
        _verdict("E3004", "E3004", "cfn-lint", "fail"),
        _verdict("W3002", "W3002", "cfn-lint", "fail"),
        _verdict("ENC-018", "topic_refuses_plain_http", "checks", "fail"),
    ],
    findings=[
        _finding(),
        _finding(
            message="the topic is open in another way.", line=14, scenarios=("production", "production at bounds")
        ),
        _finding(
            "E3004", "E3004", "cfn-lint", message="a <circle> of ]]> & \x00 \ud7ff", fix="", scenarios=("source",)
        ),
        _finding("W3002", "W3002", "cfn-lint", waived="A local path is the point. (somebody, until 2999-01-01)"),
        _finding("waiver:ENC-1", "ENC-1", "waivers", path="rules/waivers.yaml", line=3, scenarios=()),
    ],
    suppressions=[Suppression("checkov", 5, "Resources.Alerts.Metadata.checkov")],
)
CLEAN = dataclasses.replace(REPORT, findings=[], suppressions=[])


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("formats") / "template.yaml"
    path.write_text(ALERTS)
    return path


@pytest.fixture(scope="module")
def real(template, tmp_path_factory):
    """The result and verdicts.json of a real run of three engines, by format."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in FORMATS:
            folder = tmp_path_factory.mktemp(name)
            patch.setattr(command, "VERDICTS", folder / "verdicts.json")
            engines = [part for each in ("cfn-lint", "cfn-guard", "checks") for part in ("--engine", each)]
            code = command.main([str(template), *engines, "--format", name, "--output", str(folder / "out")])
            found[name] = (code, (folder / "out").read_text(), json.loads((folder / "verdicts.json").read_text()))
    return found


# -------------------------------------------------------------------------------------------------- verdicts.json ----


def test_verdicts_say_what_was_judged_by_whom_and_how_it_ended(real, template):
    """Other tools read this file; they rely on these fields."""
    code, _, verdicts = real["text"]

    assert verdicts["format"] == 1
    assert verdicts["exit_code"] == code == 1
    assert verdicts["template"] == str(template)
    assert verdicts["template_sha256"] == hashlib.sha256(template.read_bytes()).hexdigest()
    assert [each["name"] for each in verdicts["engines"]] == ["cfn-guard", "cfn-lint", "checks"]
    assert all(re.match(r"\d+(\.\d+)*\Z", each["version"]) for each in verdicts["engines"])
    assert [each["name"] for each in verdicts["scenarios"]] == ["default"]
    assert set(verdicts["findings"][0]) == {field.name for field in dataclasses.fields(Finding)}
    assert set(verdicts["rules"][0]) == {field.name for field in dataclasses.fields(RuleVerdict)}


def test_the_format_changes_nothing_about_the_verdicts(real):
    first, *others = [(code, verdicts) for code, _, verdicts in real.values()]

    assert all(each == first for each in others)


def test_every_finding_of_a_rule_is_a_failure_in_its_verdict(real):
    verdicts = real["json"][2]
    failing = {each["rule"] for each in verdicts["rules"] if each["verdict"] == "fail"}

    assert failing == {each["rule"] for each in verdicts["findings"]}
    assert all(each["failed_in"] for each in verdicts["rules"] if each["rule"] in failing)


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 0),
        ([_finding(waived="because")], 0),
        ([_finding(waived="because"), _finding()], 1),
        ([_finding(engine="waivers")], 1),
    ],
)
def test_only_a_finding_that_is_not_waived_makes_the_exit_code_1(findings, code):
    report = dataclasses.replace(REPORT, findings=findings)

    assert report.exit_code == report.as_dict()["exit_code"] == code


# ----------------------------------------------------------------------------------------------------------- json ----


def test_json_is_what_verdicts_json_holds(real):
    assert json.loads(real["json"][1]) == real["json"][2]
    assert json.loads(FORMATS["json"](REPORT)) == json.loads(json.dumps(REPORT.as_dict()))


# ----------------------------------------------------------------------------------------------------------- text ----


def test_the_text_says_of_a_finding_where_what_how_to_mend_it_and_when():
    assert text.write(REPORT).split("FAIL  ")[1].splitlines() == [
        "a folder/template & co.yaml:12  ENC-018 topic_refuses_plain_http (checks)  Alerts",
        "    the topic is open.",
        "    Fix: close it.",
        "    at Resources.Alerts.Properties",
        "    in production; development",
    ]


@pytest.mark.parametrize(
    ("scenarios", "where"),
    [
        (("source",), "in the source"),
        (("source", "production"), "in production"),
        (("development", "production", "production at bounds"), "in every scenario"),
        (("production", "production at bounds"), "wherever IsProd is true (2 of 3 scenarios)"),
        # As many as there are scenarios, but not in all of them.
        (("development", "production", "another combination"), "in production; development; another combination"),
    ],
)
def test_the_text_says_in_which_scenarios_it_is_so(scenarios, where):
    written = text.write(dataclasses.replace(REPORT, findings=[_finding(scenarios=scenarios)]))
    told = re.search(r"^    ((?:in|wherever) .*)$", written, re.MULTILINE)

    assert told is not None
    assert told[1] == where


def test_the_text_tells_waivers_and_suppressions_apart_from_findings():
    written = text.write(REPORT)

    assert "waived  a folder/template & co.yaml:12  W3002 (cfn-lint)  Alerts\n    A local path is the point." in written
    assert (
        "ignored  a folder/template & co.yaml:5  Resources.Alerts.Metadata.checkov: suppression for checkov" in written
    )
    assert "FAIL  rules/waivers.yaml:3  waiver:ENC-1 ENC-1 (waivers)  Alerts" in written


def test_the_text_ends_with_what_was_judged_and_what_came_of_it():
    assert text.write(REPORT).splitlines()[-3:] == [
        "a folder/template & co.yaml: the source and 3 scenarios, judged by cfn-guard 3.1.1, cfn-lint 1.0, checks 1",
        "rules: 1 pass, 3 fail, 1 not applicable, 1 not evaluated",
        "4 findings, 1 waived",
    ]
    assert text.write(CLEAN).splitlines()[-1] == "no findings"
    assert text.write(dataclasses.replace(CLEAN, findings=[_finding()])).splitlines()[-1] == "1 finding"


def test_the_text_has_colours_only_when_asked():
    assert ESCAPE not in text.write(REPORT)
    coloured = text.write(REPORT, colour=True)
    assert f"{ESCAPE}[31mFAIL{ESCAPE}[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text.write(REPORT)


def test_a_template_cannot_command_the_terminal():
    """Names and messages come from the author of the judged template."""
    trap = f"{ESCAPE}[2J\x9b\u202e\r\x00"
    finding = _finding(trap, trap, trap, resource=trap, path=trap, message=trap, fix=trap, scenarios=(trap,))
    report = dataclasses.replace(
        REPORT, template=trap, findings=[finding, dataclasses.replace(finding, waived=trap)],
        suppressions=[Suppression("checkov", 1, trap)],
    )  # fmt: skip
    written = text.write(report)

    assert all(line.isprintable() for line in written.splitlines())
    assert written.count("\n") == len(written.splitlines())


# ---------------------------------------------------------------------------------------------------------- sarif ----
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json was held against both reports when
# this was written. It is not here: these are the parts of it that code hosts ask for.


@pytest.fixture(params=["made up", "real"])
def sarif(request, real):
    return json.loads(FORMATS["sarif"](REPORT) if request.param == "made up" else real["sarif"][1])


def test_sarif_says_which_version_it_is_and_has_a_run_for_each_engine(sarif):
    assert sarif["version"] == "2.1.0"
    assert sarif["$schema"].endswith("sarif-2.1.0.json")
    drivers = [run["tool"]["driver"] for run in sarif["runs"]]
    assert [each["name"] for each in drivers if each["name"] != "waivers"] == ["cfn-guard", "cfn-lint", "checks"]
    assert all(each["version"] for each in drivers)
    assert all(run["invocations"] == [{"executionSuccessful": True}] for run in sarif["runs"])


def test_sarif_declares_each_rule_once_before_a_result_names_it(sarif):
    for run in sarif["runs"]:
        declared = [rule["id"] for rule in run["tool"]["driver"]["rules"]]

        assert len(declared) == len(set(declared))
        assert {result["ruleId"] for result in run["results"]} == set(declared)
        assert all(rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"])


def test_sarif_has_what_a_result_needs_to_be_shown_at_its_line(sarif):
    results = [result for run in sarif["runs"] for result in run["results"]]
    assert results

    for result in results:
        physical = result["locations"][0]["physicalLocation"]
        assert result["message"]["text"]
        assert result["level"] == "error"
        assert physical["region"]["startLine"] >= 1
        # A URI reference: no spaces, ASCII only.
        assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", physical["artifactLocation"]["uri"])


def test_sarif_names_no_address_that_is_not_one(sarif):
    """helpUri has to be absolute; the rules are in the repository."""
    rules = [rule for run in sarif["runs"] for rule in run["tool"]["driver"]["rules"]]

    assert not [rule for rule in rules if "helpUri" in rule]
    ours = [rule for rule in rules if "waiver" not in rule["id"] and rule["id"] != rule["name"]]
    assert ours
    assert [rule["help"]["text"] for rule in ours] == [f"See {FILES[rule['name']]}." for rule in ours]
    assert not [rule for rule in rules if rule not in ours and "help" in rule]


def test_sarif_marks_waived_results_as_suppressed_with_the_reason():
    runs = json.loads(FORMATS["sarif"](REPORT))["runs"]
    results = {result["ruleId"]: result for run in runs for result in run["results"]}

    assert results["W3002"]["suppressions"] == [
        {"kind": "external", "justification": "A local path is the point. (somebody, until 2999-01-01)"}
    ]
    assert [rule for rule, result in results.items() if "suppressions" in result] == ["W3002"]


def test_sarif_puts_what_is_wrong_with_a_waiver_into_the_file_of_the_waivers():
    runs = json.loads(FORMATS["sarif"](REPORT))["runs"]
    places = [
        result["locations"][0]["physicalLocation"]
        for run in runs
        for result in run["results"]
        if run["tool"]["driver"]["name"] == "waivers"
    ]

    assert places == [{"artifactLocation": {"uri": "rules/waivers.yaml"}, "region": {"startLine": 3}}]
    assert "waivers" not in [run["tool"]["driver"]["name"] for run in json.loads(FORMATS["sarif"](CLEAN))["runs"]]


def test_sarif_counts_as_many_results_as_there_are_findings(sarif, real):
    found = len(REPORT.findings), len(real["sarif"][2]["findings"])

    assert sum(len(run["results"]) for run in sarif["runs"]) in found


# ---------------------------------------------------------------------------------------------------------- junit ----


@pytest.fixture(params=["made up", "real"])
def junit(request, real):
    return ElementTree.fromstring(FORMATS["junit"](REPORT) if request.param == "made up" else real["junit"][1])


def test_junit_counts_what_it_holds(junit):
    assert junit.tag == "testsuites"
    for suite in junit:
        assert suite.tag == "testsuite"
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))


def test_junit_names_a_case_once_in_its_suite(junit):
    for suite in junit:
        names = [case.get("name") for case in suite]

        assert len(names) == len(set(names))
        assert {case.get("classname") for case in suite} <= {suite.get("name")}


def test_junit_has_a_failure_for_each_rule_that_stands_and_none_for_what_is_waived():
    root = ElementTree.fromstring(FORMATS["junit"](REPORT))
    failing = {
        case.get("name"): case.find("failure") for case in root.iter("testcase") if case.find("failure") is not None
    }
    skipped = {
        case.get("name"): case.find("skipped") for case in root.iter("testcase") if case.find("skipped") is not None
    }

    assert set(failing) == {"ENC-018 topic_refuses_plain_http", "E3004", "waiver:ENC-1"}
    assert {name: each.get("message") for name, each in skipped.items() if each is not None} == {
        "ENC-002 key_stays_usable": "not applicable",
        "ENC-003 bucket_uses_a_bucket_key": "not evaluated",
    }
    told = failing["ENC-018 topic_refuses_plain_http"]
    assert told is not None
    assert told.get("message") == "the topic is open."
    assert (told.text or "").splitlines() == [
        "a folder/template & co.yaml:12: Alerts: the topic is open. close it. [development; production]",
        "a folder/template & co.yaml:14: Alerts: the topic is open in another way. close it. "
        "[production; production at bounds]",
    ]


def test_junit_can_be_written_whatever_the_template_holds():
    """XML 1.0 cannot represent NUL."""
    trap = '\x00\x1b\ufffe<]]>&"'
    found = _finding(trap, trap, trap, resource=trap, path=trap, message=trap, fix=trap, scenarios=(trap,))
    report = dataclasses.replace(REPORT, template=trap, findings=[found])

    assert len(list(ElementTree.fromstring(FORMATS["junit"](report)).iter("failure"))) == 1


def test_junit_of_a_clean_report_has_no_failure():
    assert not list(ElementTree.fromstring(FORMATS["junit"](CLEAN)).iter("failure"))


# ---------------------------------------------------------------------------------------------------- the command ----


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_output_file_gets_what_would_be_printed_and_nothing_is_printed(gate, template, tmp_path, name):
    file = tmp_path / "new" / "folder" / "report"
    printed = gate(template, "--engine", "checks", "--format", name)
    written = gate(template, "--engine", "checks", "--format", name, "--output", file)

    assert (written.code, written.out, written.err) == (printed.code, "", "") == (1, "", "")
    assert file.read_text() == printed.out
    assert printed.out.endswith("\n")


def _on_a_terminal(template, folder):
    arguments = [str(folder / "verdicts.json"), str(template), "--engine", "checks"]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    code, got, _ = run_on_a_terminal([sys.executable, "-c", PROCESS, *arguments], environment)
    return code, got


def test_a_terminal_gets_colours(template, tmp_path):
    code, got = _on_a_terminal(template, tmp_path)

    assert code == 1
    assert f"{ESCAPE}[31mFAIL{ESCAPE}[0m" in got


def test_a_terminal_gets_none_where_they_are_not_wanted(gate, template, monkeypatch):
    """https://no-color.org"""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert ESCAPE in gate(template, "--engine", "checks").out

    monkeypatch.setenv("NO_COLOR", "1")
    assert ESCAPE not in gate(template, "--engine", "checks").out


def test_a_pipe_gets_no_colours_and_the_process_ends_with_the_reports_exit_code(template, tmp_path):
    arguments = [str(tmp_path / "verdicts.json"), str(template), "--engine", "checks"]
    ended = subprocess.run(
        [sys.executable, "-c", PROCESS, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert "FAIL  " in ended.stdout
    assert ESCAPE not in ended.stdout
    assert ended.stderr == ""
    assert json.loads((tmp_path / "verdicts.json").read_text())["exit_code"] == 1


def test_a_reader_who_has_seen_enough_changes_nothing(template, tmp_path):
    """`gate | head -1`."""
    arguments = [str(tmp_path / "verdicts.json"), str(template), "--engine", "checks"]
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()

    assert (process.returncode, complaint) == (1, b"")
    assert json.loads((tmp_path / "verdicts.json").read_text())["exit_code"] == 1


def test_the_subcommand_is_there():
    ended = subprocess.run(
        [sys.executable, "-m", "harness", "gate", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0
    assert "Exit codes: 0 clean, 1 findings, 2 could not judge." in ended.stdout
