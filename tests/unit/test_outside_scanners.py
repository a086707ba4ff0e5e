"""docs/outside-scanners.md names rules that exist, and answers every finding once.

The scanners are not installed, so no test here runs them. The page says what was run.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from harness.catalogue import catalogue
from tests.documents import Item, items

PAGE = (Path(__file__).parents[2] / "docs" / "outside-scanners.md").read_text()
SLUGS = {rule.slug for rule in catalogue.load()}
SCANNERS = {"cdk-nag", "Registry", "Control Tower", "cfripper", "Serverless Rules"}


def _rows(heading: str) -> list[list[str]]:
    """The cells of the tables below a heading, without header rows."""
    text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return [row for row in rows if row[0] != "scanner" and not set(row[0]) <= set("- ")]


RIGHT, ANSWERED = _rows("Findings that are right"), items(PAGE, "Answered")
#: Each finding's scanners and their rules.
FINDINGS = [(row[0], row[1]) for row in RIGHT] + [(item.name, item.text) for item in ANSWERED]


def test_there_are_findings() -> None:
    """A heading that is not found would make the tests below pass by doing nothing."""
    assert len(RIGHT) >= 1
    assert len(ANSWERED) > 20
    assert len(SLUGS) > 200


@pytest.mark.parametrize("item", ANSWERED, ids=lambda item: item.text.strip("`")[:40])
def test_an_answer_rests_on_rules_that_exist(item: Item) -> None:
    assert list(item.fields) == ["Says", "Stays", "Proof"]
    assert item.text
    assert all(item.fields.values())
    proofs = re.findall(r"`([^`]+)`", item.fields["Proof"])

    assert proofs
    assert set(proofs) - SLUGS == set(), "a rule was renamed or is gone: does the answer still hold?"


@pytest.mark.parametrize(("scanners", "rules"), FINDINGS, ids=lambda value: value.strip("`")[:40])
def test_a_finding_names_its_scanner_and_its_rule(scanners: str, rules: str) -> None:
    assert set(scanners.split(", ")) <= SCANNERS
    assert rules == "the same" or re.findall(r"`[A-Za-z0-9_.-]+`", rules)


def test_a_rule_in_the_text_exists() -> None:
    named = set(re.findall(r"`([a-z]+(?:_[a-z0-9]+){2,})`", PAGE))

    assert named - SLUGS == set()


def test_a_finding_about_a_resource_is_answered_once() -> None:
    """Two rows with the same rule are about different resources."""
    answers = Counter(
        (rule, resource)
        for item in ANSWERED
        for rule in re.findall(r"`([A-Za-z0-9_.-]+)`", item.text)
        for resource in re.findall(r"`([A-Za-z]+)`", item.fields["Says"])
    )

    assert [pair for pair, times in answers.items() if times > 1] == []
