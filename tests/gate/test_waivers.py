"""Waivers: the only way to accept a finding, and every problem with one is reported."""

import datetime
from pathlib import Path

import pytest

from harness.catalogue.catalogue import load as load_rules
from harness.gate import command, waivers
from harness.gate.verdicts import Finding
from harness.gate.waivers import BadWaivers, Known, Waiver
from harness.render.source import read

TODAY = datetime.date(2026, 11, 25)
YESTERDAY, TOMORROW = TODAY - datetime.timedelta(1), TODAY + datetime.timedelta(1)
ENTRY = """\
- rule: topic_refuses_plain_http
  resource: Alerts
  reason: The topic has no subscriber yet.
  owner: platform security
  expires: 2027-06-30
"""
PATH = Path("rules/waivers.yaml")


def _finding(rule="ENC-018", slug="topic_refuses_plain_http", resource="Alerts"):
    return Finding(rule, slug, "checks", resource, 3, f"Resources.{resource}", "it is open.", "close it.", ("default",))


def _waiver(rule="ENC-018", resource="Alerts", expires=TOMORROW, line=1):
    return Waiver(rule, resource, "because", "somebody", expires, line)


def _known(complete=True):
    rules = frozenset({"ENC-018", "topic_refuses_plain_http", "ENC-017", "queue_refuses_plain_http"})
    return Known(PATH, frozenset({"Alerts", "Queue"}), rules, complete)


def _applied(given, found, complete=True):
    """The messages of open findings, and the reasons of waived ones."""
    after = waivers.apply(given, found, _known(complete), TODAY)
    return [each.message for each in after if not each.waived], [each.waived for each in after if each.waived]


# ------------------------------------------------------------------------------------------------- waived, or not ----


@pytest.mark.parametrize("name", ["ENC-018", "topic_refuses_plain_http"])
def test_a_finding_is_waived_by_the_id_or_the_slug_of_its_rule(name):
    assert _applied([_waiver(name)], [_finding()]) == ([], ["because (somebody, until 2026-11-26)"])


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"Template": "financial-pipeline"}, True),
        ({"Template": "another"}, False),
        ({}, False),
        (None, False),
        (["Template"], False),
    ],
)
def test_waivers_are_for_a_template_by_its_name(metadata, expected):
    assert waivers.are_for({"Metadata": metadata}) is expected


def test_a_copy_of_the_template_elsewhere_has_the_same_waivers(tmp_path):
    copy = tmp_path / "copied.yaml"
    copy.write_bytes(command.TEMPLATE.read_bytes())

    assert waivers.are_for(read(copy).template)
    assert not waivers.are_for({"Resources": {}})


@pytest.mark.parametrize("other", [_finding(resource="Queue"), _finding("ENC-017", "queue_refuses_plain_http")])
def test_a_waiver_lets_no_other_resource_and_no_other_rule_through(other):
    assert _applied([_waiver()], [_finding(), other])[0] == [other.message]


def test_every_finding_of_the_rule_on_the_resource_is_waived():
    found = [_finding(), _finding()]

    assert len(_applied([_waiver()], found)[1]) == 2


def test_a_waiver_holds_on_its_last_day():
    assert _applied([_waiver(expires=TODAY)], [_finding()])[0] == []


def test_an_expired_waiver_lets_nothing_through_and_is_a_finding_itself():
    standing, waived = _applied([_waiver(expires=YESTERDAY)], [_finding()])

    assert waived == []
    assert standing == ["it is open.", "Invalid waiver: it expired on 2026-11-24."]


@pytest.mark.parametrize(
    ("waiver", "said"),
    [
        (_waiver("ENC-999"), "there is no rule ENC-999, or it found nothing"),
        (_waiver(resource="Alarms"), "the template has no resource Alarms"),
        (_waiver("ENC-017"), "ENC-017 finds nothing in Alerts: the waiver is not needed"),
    ],
)
def test_a_waiver_that_waives_nothing_is_a_finding(waiver, said):
    """It would accept a later mistake that nobody has reviewed."""
    standing, waived = _applied([waiver], [_finding()])

    assert waived == []
    assert standing == ["it is open.", f"Invalid waiver: {said}."]


def test_the_second_of_two_equal_waivers_is_not_needed():
    standing, waived = _applied([_waiver(), _waiver(line=7)], [_finding()])

    assert len(waived) == 1
    assert standing == ["Invalid waiver: ENC-018 finds nothing in Alerts: the waiver is not needed."]


@pytest.mark.parametrize("first", [_waiver(expires=YESTERDAY), _waiver("ENC-017")])
def test_no_waiver_lets_another_ones_mistake_through(first):
    """A finding about a waiver has the waiver's rule and resource, so an equal waiver could be thought to match it."""
    second = Waiver(first.rule, first.resource, "because", "somebody", TOMORROW, 7)
    wrong = Waiver(f"waiver:{first.rule}", first.resource, "because", "somebody", TOMORROW, 13)
    found = [_finding()] if first.rule == "ENC-018" else []
    after = waivers.apply([first, second, wrong], found, _known(), TODAY)

    assert not [each for each in after if each.engine == waivers.ENGINE and each.waived]
    assert next(each.line for each in after if each.engine == waivers.ENGINE) == first.line


def test_a_finding_about_a_waiver_says_where_the_waiver_is():
    problem = waivers.apply([_waiver("ENC-999", line=31)], [], _known(), TODAY)[0]

    assert (problem.engine, problem.path, problem.line) == ("waivers", "rules/waivers.yaml", 31)
    assert "line 31" in problem.fix


@pytest.mark.parametrize("waiver", [_waiver("ENC-017"), _waiver("CKV_AWS_18")])
def test_with_some_engines_only_a_waiver_for_another_engine_is_not_found_wrong(waiver):
    """`--engine cfn-lint` cannot know whether Checkov still has the finding."""
    assert _applied([waiver], [_finding()], complete=False) == (["it is open."], [])


def test_with_some_engines_only_a_waiver_still_has_to_name_a_resource_and_not_to_have_expired():
    given = [_waiver(expires=YESTERDAY), _waiver("ENC-017", "Alarms")]

    assert _applied(given, [_finding()], complete=False)[0][1:] == [
        "Invalid waiver: it expired on 2026-11-24.",
        "Invalid waiver: the template has no resource Alarms.",
    ]


# ------------------------------------------------------------------------------------------------------- the file ----


@pytest.fixture
def file(tmp_path):
    return tmp_path / "waivers.yaml"


def test_a_waiver_is_read_with_its_line(file):
    file.write_text(f"# Why there are waivers.\n\n{ENTRY}\n{ENTRY}")
    first, second = waivers.load(file)

    assert (first.line, second.line) == (3, 9)
    assert first.expires == datetime.date(2027, 6, 30)
    assert (first.rule, first.resource) == ("topic_refuses_plain_http", "Alerts")


@pytest.mark.parametrize("text", ["", "# None.\n", "[]\n"])
def test_a_file_without_waivers_is_fine(file, text):
    file.write_text(text)

    assert waivers.load(file) == []


@pytest.mark.parametrize("missing", ["rule", "resource", "reason", "owner", "expires"])
def test_a_waiver_without_a_field_is_refused(file, missing):
    lines = [line.replace("- ", "  ") for line in ENTRY.splitlines() if missing not in line.partition(":")[0]]
    file.write_text("-" + "\n".join(lines)[1:])

    assert _refusal(file) == f"{file}:1: a waiver has exactly the fields rule, resource, reason, owner, expires"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  owner", "  approved: true\n  owner", "has exactly the fields"),
        ("platform security", "''", "has exactly the fields"),
        ("The topic has no subscriber yet.", "", "has exactly the fields"),
        ("- rule: topic_refuses_plain_http", "- rule:", "has exactly the fields"),
        ("2027-06-30", "next year", "expires must be a date"),
        ("2027-06-30", "'2027-06-30'", "expires must be a date"),
        ("2027-06-30", "2027-06-30 12:00:00", "expires must be a date"),
        ("2027-06-30", "20270630", "expires must be a date"),
        ("2027-06-30", "2027-02-31", "day is out of range"),
        ("- rule", "rule", "must be a list of waivers"),
        (ENTRY, "waivers: []", "must be a list of waivers"),
        (ENTRY, "later", "must be a list of waivers"),
        (ENTRY, "- later", "a waiver has"),
        (ENTRY, "- [a, b]", "a waiver has"),
        (ENTRY, "- rule: [a", "expected"),
        (ENTRY, "- rule: !include a.yaml", "could not determine a constructor"),
    ],
)
def test_a_waiver_that_is_none_is_refused(file, old, new, said):
    file.write_text(ENTRY.replace(old, new).replace("\n  ", "\n") if new == "rule" else ENTRY.replace(old, new))

    assert said in _refusal(file)


def test_a_file_that_cannot_be_read_is_refused(file):
    assert "No such file" in _refusal(file)
    file.write_bytes(b"\xff\xfe\x00")
    assert "waivers.yaml: " in _refusal(file)


def _refusal(file):
    with pytest.raises(BadWaivers) as refused:
        waivers.load(file)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# ------------------------------------------------------------------------------------------------- in the command ----

TOPIC = f"Metadata: {{Template: {waivers.TEMPLATE_NAME}}}\nResources:\n  Alerts:\n    Type: AWS::SNS::Topic\n"


@pytest.fixture
def judged_as_ours(gate, file, tmp_path, monkeypatch):
    """A template in place of the project's own, and a waiver file for it."""
    template = tmp_path / "template.yaml"
    template.write_text(TOPIC)
    monkeypatch.setattr(command, "WAIVERS", file)

    def run(waived):
        file.write_text(waived)
        return gate(template, "--engine", "checks", "--format", "json")

    return run


def test_a_waived_finding_is_reported_and_does_not_count(judged_as_ours):
    before = judged_as_ours("")
    entries = "".join(
        ENTRY.replace("topic_refuses_plain_http", each["slug"]).replace("2027", "2999")
        for each in before.report["findings"]
    )
    after = judged_as_ours(entries)

    assert before.code == 1
    assert after.code == 0
    assert [each["waived"] for each in after.report["findings"]] == [
        "The topic has no subscriber yet. (platform security, until 2999-06-30)" for _ in before.report["findings"]
    ]


def test_a_bad_waiver_is_one_line_and_no_verdict(judged_as_ours, verdicts, file):
    verdicts.parent.mkdir(parents=True)
    verdicts.write_text("{}")

    assert judged_as_ours(ENTRY.replace("2027-06-30", "2027-02-31")).line.startswith(f"gate: {file}")
    assert not verdicts.exists()


def test_the_projects_waivers_are_for_the_projects_template_only(gate, judged_as_ours, tmp_path):
    """Another template may have a resource of the same name."""
    judged_as_ours(ENTRY.replace("2027", "2999"))
    other = tmp_path / "other.yaml"
    other.write_text(TOPIC.replace(waivers.TEMPLATE_NAME, "another"))
    ended = gate(other, "--engine", "checks", "--format", "json")

    assert ended.findings("topic_refuses_plain_http")[0]["waived"] == ""
    assert not [each for each in ended.report["findings"] if each["engine"] == "waivers"]


def test_the_projects_waivers_name_what_there_is(pipeline):
    """The rule ids of cfn-lint and Checkov are known only after a run, so the gate's own run checks them."""
    ours = {name for rule in load_rules() for name in (rule.id, rule.slug)}
    own = ("CKV_AWS_", "CKV2_AWS_", "E", "W", "I")

    for waiver in waivers.load(command.WAIVERS):
        assert waiver.resource in pipeline.template["Resources"]
        assert waiver.rule in ours or waiver.rule.startswith(own)
        assert waiver.expires > datetime.date.today()  # noqa: DTZ011
