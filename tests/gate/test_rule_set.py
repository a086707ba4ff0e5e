"""The rule set tests itself: every rule has one name, a reason, cases for each outcome, and applies to the template."""

from pathlib import Path

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from harness.catalogue import catalogue, controls
from harness.catalogue.cases import Case, beside, content, load
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, RULES, Rule
from harness.catalogue.patches import BadPatch, changed, pointer
from harness.gate.engines.outcome import Engine, Target
from harness.gate.rule_set import RuleSet
from harness.render.source import Source
from tests.gate import self_test

ALL = catalogue.load()
#: The resource types of checks that read the template as written; `*`: all resources.
SECTIONS = ("Parameters", "Outputs", "Conditions", "Mappings", "Rules", "Resources")

each_rule = pytest.mark.parametrize("rule", ALL, ids=[rule.slug for rule in ALL])


def test_there_are_rules_of_every_engine():
    """An empty list would make every test below pass by doing nothing."""
    assert {rule.engine for rule in ALL} == {GUARD, CHECKS, CHECKOV}
    assert {rule.intent for rule in ALL if rule.engine != CHECKOV} == set(self_test.PREFIXES)


# ---------------------------------------------------------------------------------------------------------- names ----


def test_ids_and_slugs_are_distinct_and_no_slug_is_how_another_begins():
    assert list(self_test.names(ALL)) == []


def test_every_file_is_a_rule_or_its_cases():
    """A file in the wrong place is a rule that nobody runs."""
    assert list(self_test.files(RULES, ALL)) == []


@each_rule
def test_the_slug_is_a_sentence_about_what_is_wanted(rule):
    words = rule.slug.split("_")

    assert rule.slug == catalogue.slug_of(rule.path)
    assert 3 <= len(words) <= 10
    assert not {"should", "must", "check", "ensure"} & set(words)


@each_rule
def test_the_rule_says_why_in_words_of_the_business(rule):
    assert len(rule.why) > 60
    assert rule.why.endswith((".", "?"))
    assert "best practice" not in rule.why.lower()


def test_no_framework_is_named_outside_of_the_controls():
    """Rules state the risk; the requirements that they serve can change without the rule."""
    assert list(self_test.frameworks(RULES)) == []


def test_every_rule_has_a_control_and_every_control_a_rule():
    assert controls.load(controls.CONTROLS, ALL)


# ------------------------------------------------------------------------------------------------ what they judge ----


@each_rule
def test_the_targets_are_types_that_there_are(rule):
    """A rule for a misspelt type never applies."""
    known = {"*", *SECTIONS, *PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")}

    assert rule.targets
    assert [target for target in rule.targets if target not in known] == []


@pytest.mark.parametrize("rule", [each for each in ALL if each.engine == GUARD], ids=lambda rule: rule.slug)
def test_a_guard_file_is_one_rule_whose_clauses_all_say_what_is_wrong_and_how_to_mend_it(rule):
    assert list(self_test.guard_rules(rule)) == []


def test_every_type_that_takes_tags_has_to_name_its_environment(pipeline: Source):
    """AWS's schemas say which types support tags; a type that both tag rules omit would go unchecked."""
    asked = {rule.slug: set(rule.targets) for rule in ALL if rule.slug.endswith("resource_names_its_environment")}
    taggable = {
        type_
        for type_ in {body["Type"] for body in pipeline.template["Resources"].values()}
        if PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema.get("tagging", {}).get("taggable")
    }

    assert len(asked) == 2
    assert taggable - set().union(*asked.values()) == set()


@pytest.mark.nightly
def test_every_rule_judges_something_of_the_real_template(
    pipeline: Source, renderings: list[Target], rule_set: RuleSet, engines: list[Engine]
):
    """A rule that applies to nothing proves nothing. Every day its line in proof.csv shows it (test_rule_pages.py)."""
    source = Target("source", pipeline.template, source_text=pipeline.text)
    silent = {}
    for engine in engines:
        names = {rule.id if rule.engine == CHECKOV else rule.slug for rule in rule_set.of(engine.name)}
        # Nearly all rules apply in the first scenario, so scenarios are tried one by one.
        for target in [renderings[0], *([source] if engine.name == CHECKS else []), *renderings[1:]]:
            if names:
                outcome = engine.judge([target])[0]
                names -= outcome.passed | {failure.rule for failure in outcome.failures}
        silent[engine.name] = names

    assert silent == {engine.name: set() for engine in engines}


# ---------------------------------------------------------------------------------------------------------- cases ----


@each_rule
def test_the_rule_has_a_case_for_every_outcome(rule):
    assert list(self_test.cases(rule)) == []


def test_there_are_at_most_two_lines_of_cases_for_a_line_of_rules():
    """Cases that are much longer than their rules are not read by anybody."""
    lines = {what: sum(getattr(rule, what).read_text().count("\n") for rule in ALL) for what in ("path", "case_file")}

    assert lines["case_file"] <= 2 * lines["path"]


@each_rule
def test_what_fits_on_a_line_of_a_case_file_is_on_one(rule):
    assert list(self_test.layout(rule.case_file.read_text())) == []


@pytest.mark.parametrize("rule", [each for each in ALL if each.engine != CHECKOV], ids=lambda rule: rule.slug)
def test_a_bad_one_beside_a_good_one_is_refused(rule):
    """For rules that would pass if one of two resources is good. Checkov judges them one by one."""
    generated = [case.title for case in load(rule) if case.name.startswith("a good one beside a bad one (")]

    assert generated or len(content(rule)["beside"]) > 40


# ---------------------------------------------------------------------------------- it would notice what is wrong ----

GOOD = """\
# ENC-900  topic_has_a_name
#
# Why       Somebody who gets a message does not know what it is about, and a loss goes unseen.
# Targets   AWS::SNS::Topic

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
base: {Resources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}}}
malformed: [{FAIL: A/Properties, as: [text, missing]}]
cases:
  - {SKIP: no topic, template: {Resources: {}}}
  - {PASS: a name}
  - {FAIL: no name, remove: A/Properties}
  - {FAIL: nothing at all, base: a name, replace: {A/Properties: {}}}
"""


def written(
    folder: Path, rule: str = GOOD, cases: str | None = GOOD_CASES, slug: str = "topic_has_a_name"
) -> list[Rule]:
    """Write a rule with this text and its cases to a folder; return all rules of the folder."""
    guard = folder / "guard" / "encryption"
    (guard / "cases").mkdir(parents=True, exist_ok=True)
    stem = catalogue.stem(rule.split()[1], slug)
    (guard / f"{stem}.guard").write_text(rule)
    if cases is not None:
        (guard / "cases" / f"{stem}.yaml").write_text(cases)
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
        ("Somebody", "NIST says that somebody", "topic_has_a_name.guard:3: names NIST"),
        ("Somebody", "SEC rule 17a-4:", "names SEC"),
    ],
)
def test_what_is_wrong_with_a_rule_is_noticed(tmp_path, old, new, said):
    assert old in GOOD
    found = self_test.complaints(tmp_path, written(tmp_path, GOOD.replace(old, new)))

    assert any(said in complaint for complaint in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Subject: ", "Topic: ", "the one resource of a policy's case is called Subject"),
        ("PASS: a name", "SKIP: a name", "Checkov says PASS or FAIL of each resource"),
        ("no name", "A-name", "another case has the same letters"),
    ],
)
def test_what_is_wrong_with_a_policys_cases_is_noticed(tmp_path, old, new, said):
    header = GOOD.partition("\nlet")[0].replace("# ", "").replace("#", "").replace("ENC-900", "CKV_FDP_90")
    (tmp_path / "checkov" / "cases").mkdir(parents=True)
    (tmp_path / "checkov" / "ckv_fdp_90_topic_has_a_name.py").write_text(f'"""{header}"""\n')
    text = """\
base: {Resources: {Subject: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}}}
cases:
  - {PASS: a name}
  - {FAIL: no name}
  - {FAIL: A name}
"""
    (tmp_path / "checkov" / "cases" / "ckv_fdp_90_topic_has_a_name.yaml").write_text(text.replace(old, new))
    found = self_test.complaints(tmp_path, catalogue.load(tmp_path))

    assert any(said in complaint for complaint in found), found


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("{PASS: a name}", "PASS: a name", None),
        ("- {PASS: a name}", "- PASS:\n      a name", "- PASS:"),
        ("- {FAIL: no name, remove: A/Properties}", "- FAIL: no name\n    remove: A/Properties", "- FAIL: no name"),
        ("[text, missing]", "[text,\n  missing]", "malformed: [{FAIL: A/Properties, as: [text,"),
        ("no topic", "no topic" + 90 * "!", f"- {{SKIP: no topic{90 * '!'}, template: {{Resources: {{}}}}}}"),
        ("{PASS: a name}", f"PASS:\n      {'a name ' * 20}", None),
    ],
)  # fmt: skip
def test_how_a_case_file_is_laid_out(old, new, line):
    assert {found.strip() for found in self_test.layout(GOOD_CASES.replace(old, new))} == ({line} if line else set())


def test_a_place_may_be_named_by_how_it_ends():
    queues = [{"Arn": "one", "Tags": []}, {"Arn": "two"}]
    base = {"Resources": {"A": {"Properties": {"Queues": queues, "a/b": {"Name": "x"}}}}}

    assert changed(base, {"remove": "A/*/1/Arn"}) == changed(base, {"remove": "/Resources/A/Properties/Queues/1/Arn"})
    assert pointer("A/*/Tags", base) == "/Resources/A/Properties/Queues/0/Tags"
    assert pointer("A/*/Queues/2", base, "add") == "/Resources/A/Properties/Queues/2"
    assert pointer("/Resources/*/Name", base) == "/Resources/A/Properties/a~1b/Name"
    for place, verb in (
        ("A/*/Arn", "replace"),
        ("A/*/Name", "add"),
        ("A/*/Queues/0/B", "replace"),
        ("B/*/Arn", "remove"),
    ):
        with pytest.raises(BadPatch, match="places end so"):
            pointer(place, base, verb)


def test_what_is_not_written_out_is_made_from_the_base(tmp_path):
    """Each wrong shape at a place, and a bad resource beside a good one under another name."""
    everywhere = GOOD_CASES.replace(", as: [text, missing]", "").replace(
        "FAIL: A/Properties}", "FAIL: A/Properties/TopicName}"
    )
    cases = {case.title: case.template["Resources"] for case in load(written(tmp_path, cases=everywhere)[0])}
    shapes = {title.rpartition(" is ")[2]: each for title, each in cases.items() if "TopicName is" in title}

    assert set(shapes) == {"missing", "a number", "a list", "an empty list", "a map", "an empty map"}
    assert shapes["a number"] == {"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": 7}}}
    assert shapes["missing"] == {"A": {"Type": "AWS::SNS::Topic", "Properties": {}}}
    good, bad = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "a"}}, {"Type": "AWS::SNS::Topic"}
    assert list(cases["FAIL - a good one beside a bad one (no name)"].items()) == [("A", good), ("AOfNeighbour", bad)]
    assert list(cases["FAIL - a bad one beside a good one (no name)"].items()) == [("AOfNeighbour", bad), ("A", good)]


def test_a_neighbour_is_referred_to_by_its_new_name():
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Other": {"Fn::Sub": "${Q.Arn}/Q/${AWS::Region}"}}}
    policy = {
        "Type": "AWS::SQS::QueuePolicy",
        "DependsOn": "Q",
        "Properties": {"Queues": [{"Ref": "Q"}, {"Fn::GetAtt": ["Q", "Arn"]}]},
    }
    bad = Case("bad", "FAIL", {"Resources": {"Q": queue, "P": policy}})

    first, _ = beside([Case("good", "PASS", {"Resources": {"Q": queue}}), bad])

    assert first.template["Resources"] == {
        "Q": queue,
        "QOfNeighbour": queue | {"Properties": {"Other": {"Fn::Sub": "${QOfNeighbour.Arn}/Q/${AWS::Region}"}}},
        "POfNeighbour": policy
        | {
            "DependsOn": "QOfNeighbour",
            "Properties": {"Queues": [{"Ref": "QOfNeighbour"}, {"Fn::GetAtt": ["QOfNeighbour", "Arn"]}]},
        },
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "FAIL: no name",
            "FAILS: no name",
            "a case has one of SKIP, PASS, FAIL, and perhaps add, base, parameters, remove",
        ),
        ("FAIL: no name", "FAIL: no name, PASS: a name", "a case has one of SKIP, PASS, FAIL, and perhaps add"),
        ("SKIP:", "PASS:", "there is no case for SKIP"),
        ("FAIL: no name", "FAIL: no name, title: no name", "a case has one of SKIP, PASS, FAIL, and perhaps add"),
        ("- {FAIL: no name, remove: A/Properties}", "- text", "a case has one of SKIP, PASS, FAIL, and perhaps add"),
        ("FAIL: nothing at all", "FAIL: no name", "two cases are called FAIL - no name"),
        ("base: a name", "base: another", "nothing at all: no case before it is called another"),
        ("remove: A/", "remove: B/", "no name: B/Properties does not fit: "),
        ("remove: A/Properties", "remove: [A/Properties, A/Properties]", "no name: A/Properties does not fit: "),
        ("remove: A/Properties", "remove: A/*/Name", "no name: A/*/Name: 0 places end so"),
        ("remove: A/Properties", "add: A/Properties", "no name: add has values by their places"),
        ("remove: A/Properties", "add: {B/Properties/TopicName: a}", "no name: B/Properties/TopicName does not fit: "),
        ("remove: A/Properties", "replace: {A/Other: a}", "no name: A/Other does not fit: "),
        ("template: {Resources: {}}", "template: text", "no topic: the template is no mapping"),
        ("template:", "base: a name, template:", "no topic: a case with a template has no base and no changes"),
        ("base: {Res", "shared: {Res", "a case file has only base and cases, and optionally malformed and beside"),
        ("FAIL: A/Properties, as", "FAIL: B, as", "malformed: /Resources/B: the base has nothing there"),
        ("FAIL: A/Properties, as", "FAIL: A/*/Name, as", "A/*/Name: 0 places end so"),
        ("[text, missing]", "[words]", "malformed: /Resources/A/Properties: words is none of missing, text"),
        ("as: [text", "like: [text", "malformed: a place has one of SKIP, PASS, FAIL, and perhaps as"),
        ("FAIL: A/Properties, as", "FAILS: A/Properties, as", "malformed: a place has one of SKIP, PASS, FAIL"),
        ("PASS: a name", "SKIP: a name", "beside: there is no good case that a bad one could stand beside"),
        (GOOD_CASES, "base: {}\ncases: {}", "base is a template, cases are a list"),
        (GOOD_CASES, "", "null values"),
    ],
)
def test_what_is_wrong_with_cases_is_noticed(tmp_path, old, new, said):
    assert old in GOOD_CASES
    found = self_test.complaints(tmp_path, written(tmp_path, cases=GOOD_CASES.replace(old, new)))

    assert any(said in complaint for complaint in found), found
