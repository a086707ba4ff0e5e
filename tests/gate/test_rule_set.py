"""The rule set tests itself: every rule has one name, a reason, cases for each outcome, and work to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from harness.catalogue import catalogue, controls
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, RULES, Rule
from harness.gate.engines.outcome import Engine, Judged
from harness.gate.rule_set import RuleSet
from harness.render.source import Source
from tests.gate import self_test

ALL = catalogue.load()
#: What a check that reads the template as written is about. Some are about all resources: `*`.
SECTIONS = ("Parameters", "Outputs", "Conditions", "Mappings", "Rules", "Resources")

each_rule = pytest.mark.parametrize("rule", ALL, ids=[rule.slug for rule in ALL])


def test_there_are_rules_of_every_engine():
    """An empty list would make every test below pass by doing nothing."""
    assert {rule.engine for rule in ALL} == {GUARD, CHECKS, CHECKOV}
    assert {rule.intent for rule in ALL if rule.engine != CHECKOV} == set(self_test.PREFIXES)


# ---------------------------------------------------------------------------------------------------------- names ----


def test_ids_and_slugs_are_told_apart_and_no_slug_is_how_another_begins():
    assert list(self_test.names(ALL)) == []


def test_every_file_is_a_rule_or_its_cases():
    """A file in the wrong place is a rule that nobody runs."""
    assert list(self_test.files(RULES, ALL)) == []


@each_rule
def test_the_slug_is_a_sentence_about_what_is_wanted(rule):
    words = rule.slug.split("_")

    assert rule.slug == rule.path.stem
    assert 3 <= len(words) <= 10
    assert not {"should", "must", "check", "ensure"} & set(words)


@each_rule
def test_the_rule_says_why_in_words_of_the_business(rule):
    assert len(rule.why) > 60
    assert rule.why.endswith((".", "?"))
    assert "best practice" not in rule.why.lower()


def test_no_framework_is_named_outside_of_the_controls():
    """Rules say what is lost; which requirement that serves can change without the rule."""
    assert list(self_test.frameworks(RULES)) == []


def test_every_rule_has_a_control_and_every_control_a_rule():
    assert controls.load(controls.CONTROLS, ALL)


# ------------------------------------------------------------------------------------------------ what they judge ----


@each_rule
def test_the_targets_are_types_that_there_are(rule):
    """A rule about a misspelt type applies to nothing, for ever."""
    known = {"*", *SECTIONS, *PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")}

    assert rule.targets
    assert [target for target in rule.targets if target not in known] == []


@pytest.mark.parametrize("rule", [each for each in ALL if each.engine == GUARD], ids=lambda rule: rule.slug)
def test_a_guard_file_is_one_rule_whose_clauses_all_say_what_is_wrong_and_how_to_mend_it(rule):
    assert list(self_test.guard_rules(rule)) == []


def test_every_type_that_takes_tags_has_to_name_its_environment(pipeline: Source):
    """AWS's schemas say which types take tags; a type that the two rules about tags leave out is not looked at."""
    asked = {rule.slug: set(rule.targets) for rule in ALL if rule.slug.endswith("resource_names_its_environment")}
    taggable = {
        type_
        for type_ in {body["Type"] for body in pipeline.template["Resources"].values()}
        if PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema.get("tagging", {}).get("taggable")
    }

    assert len(asked) == 2
    assert taggable - set().union(*asked.values()) == set()


def test_every_rule_judges_something_of_the_real_template(
    pipeline: Source, renderings: list[Judged], rule_set: RuleSet, engines: list[Engine]
):
    """Where a rule applies to nothing, all that it promises is empty."""
    source = Judged("source", pipeline.template, source_text=pipeline.text)
    silent = {}
    for engine in engines:
        names = {rule.id if rule.engine == CHECKOV else rule.slug for rule in rule_set.of(engine.name)}
        # Nearly all apply in the first scenario already, so one is asked after the other.
        for thing in [renderings[0], *([source] if engine.name == CHECKS else []), *renderings[1:]]:
            if names:
                outcome = engine.judge([thing])[0]
                names -= outcome.passed | {failure.rule for failure in outcome.failures}
        silent[engine.name] = names

    assert silent == {engine.name: set() for engine in engines}


# ---------------------------------------------------------------------------------------------------------- cases ----


@each_rule
def test_the_cases_are_those_of_the_header_with_every_outcome_and_about_this_rule(rule):
    assert list(self_test.cases(rule)) == []


@pytest.mark.parametrize("rule", [each for each in ALL if each.engine != CHECKOV], ids=lambda rule: rule.slug)
def test_there_is_a_case_of_a_bad_one_beside_a_good_one(rule):
    """The mistake of rules that are content with one good resource out of two. Checkov asks one by one."""
    beside = ("beside", "neighbour", "among", "one of", "of which one", "does not hide")

    assert [case for case in rule.cases["FAIL"] if any(word in case for word in beside)], rule.cases["FAIL"]


# ---------------------------------------------------------------------------------- it would notice what is wrong ----

GOOD = """\
# ENC-900  topic_has_a_name
#
# Why       Somebody who gets a message does not know what it is about, and a loss goes unseen.
# Targets   AWS::SNS::Topic
#
# Cases     SKIP  no topic
#           PASS  a name
#           FAIL  no name

let enc900_topics = Resources.*[ Type == 'AWS::SNS::Topic' ]

rule topic_has_a_name when %enc900_topics !empty {
  %enc900_topics.Properties.TopicName exists
  <<
    Violation: a topic has no name.
    Fix: give it one.
  >>
}
"""
GOOD_CASES = """\
- name: SKIP - no topic
  input: {Resources: {}}
  expectations: {rules: {topic_has_a_name: SKIP}}
- name: PASS - a name
  input: {Resources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}}}
  expectations: {rules: {topic_has_a_name: PASS}}
- name: FAIL - no name
  input: {Resources: {A: {Type: AWS::SNS::Topic}}}
  expectations: {rules: {topic_has_a_name: FAIL}}
"""


def written(
    folder: Path, rule: str = GOOD, cases: str | None = GOOD_CASES, slug: str = "topic_has_a_name"
) -> list[Rule]:
    """A rule of this text, and its cases, in a folder; all rules of the folder."""
    guard = folder / "guard" / "encryption"
    (guard / "tests").mkdir(parents=True, exist_ok=True)
    (guard / f"{slug}.guard").write_text(rule)
    if cases is not None:
        (guard / "tests" / f"{slug}_tests.yml").write_text(cases)
    return catalogue.load(folder)


def test_a_good_rule_has_nothing_wrong_with_it(tmp_path):
    assert self_test.complaints(tmp_path, written(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ENC-900", "ACC-900", "the id ACC-900 is not of the form ENC-"),
        ("ENC-900", "ENC-9", "the id ENC-9 is not of the form"),
        ("rule topic_has", "rule topics_have", "the file has the rules ['topics_have_a_name']"),
        ("    Fix: give it one.\n", "", "1 messages, 0 with Violation and Fix"),
        ("Violation: ", "", "1 messages, 0 with Violation and Fix"),
        ("enc900_topics", "topics", "the variable topics does not begin with enc900_"),
        ("PASS  a name", "PASS  a name; a long name", "PASS: header and cases differ: a long name"),
        ("SKIP  no topic\n#           PASS", "PASS", "SKIP: header and cases differ: no topic"),
        ("Somebody", "NIST says that somebody", "topic_has_a_name.guard:3: names NIST"),
        ("Somebody", "SEC rule 17a-4:", "names SEC"),
    ],
)
def test_what_is_wrong_with_a_rule_is_noticed(tmp_path, old, new, said):
    assert old in GOOD
    found = self_test.complaints(tmp_path, written(tmp_path, GOOD.replace(old, new)))

    assert any(said in complaint for complaint in found), found


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("pass: [GoodAName, GoodOther]\nfail: [BadNoName]\n", "PASS: header and cases differ: goodother"),
        ("pass: [GoodAName]\nfail: [BadName]\n", "FAIL: header and cases differ: badname; badnoname"),
        ("pass: [GoodAName]\n", "lists resources under pass and fail"),
        ("pass: [GoodAName]\nfail: []\n", "lists resources under pass and fail"),
        ("pass: [GoodAName\n", "topic_has_a_name_expected.yaml: "),
        ("", "lists resources under pass and fail"),
    ],
)
def test_what_is_wrong_with_what_is_expected_of_checkov_is_noticed(tmp_path, expected, said):
    header = GOOD.partition("\nlet")[0].replace("# ", "").replace("#", "").replace("ENC-900", "CKV_FDP_90")
    (tmp_path / "checkov" / "tests").mkdir(parents=True)
    (tmp_path / "checkov" / "topic_has_a_name.py").write_text(f'"""{header}"""\n')
    (tmp_path / "checkov" / "tests" / "topic_has_a_name.yaml").write_text("Resources: {}\n")
    (tmp_path / "checkov" / "tests" / "topic_has_a_name_expected.yaml").write_text(expected)
    found = self_test.complaints(tmp_path, catalogue.load(tmp_path))

    assert any(said in complaint for complaint in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{topic_has_a_name: FAIL}", "{topic_has_no_name: FAIL}", "expects something of topic_has_no_name"),
        (
            "{topic_has_a_name: FAIL}",
            "{topic_has_a_name: FAIL, other: PASS}",
            "expects something of topic_has_a_name, other",
        ),
        ("{topic_has_a_name: FAIL}", "{topic_has_a_name: PASS}", "FAIL - no name: expects PASS"),
        ("{topic_has_a_name: FAIL}", "{topic_has_a_name: FAILS}", "each with one of SKIP, PASS, FAIL"),
        ("{topic_has_a_name: FAIL}", "{}", "expectations are rules"),
        ("SKIP - no topic", "no topic", "there is no case for SKIP"),
        ("SKIP - no topic", "SKIP - nothing", "SKIP: header and cases differ: no topic; nothing"),
        (GOOD_CASES, "{}", "cases are a list"),
        (GOOD_CASES, "", "null values"),
        ("  input", "  data", "a case has"),
    ],
)
def test_what_is_wrong_with_cases_is_noticed(tmp_path, old, new, said):
    assert old in GOOD_CASES
    found = self_test.complaints(tmp_path, written(tmp_path, cases=GOOD_CASES.replace(old, new)))

    assert any(said in complaint for complaint in found), found
