"""Rules that judged our template and find nothing to judge in it any more are findings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.catalogue import proof
from harness.gate import command, waivers
from harness.gate.pinned import NO_LONGER_APPLIES, no_longer_applying
from harness.gate.verdicts import FAIL, NOT_APPLICABLE, NOT_EVALUATED, PASS, RuleVerdict
from tests.gate.conftest import Ended

TOPIC = "Metadata: {{Template: {}}}\nResources:\n  Alerts:\n    Type: AWS::SNS::Topic\n"


@pytest.mark.parametrize(
    ("before", "now", "is_found"),
    [
        (PASS, NOT_APPLICABLE, True), (PASS, NOT_EVALUATED, True), (FAIL, NOT_APPLICABLE, True),
        (PASS, PASS, False), (PASS, FAIL, False), (NOT_APPLICABLE, NOT_APPLICABLE, False),
    ],
)  # fmt: skip
def test_a_rule_that_stops_applying_is_a_finding(before: str, now: str, is_found: bool) -> None:
    pinned = {"keys_rotate": proof.Proof("ENC-001", "keys_rotate", "checks", before, 1, 0, "")}
    found = [*no_longer_applying(pinned, [RuleVerdict("ENC-001", "keys_rotate", "checks", now, 0, 0, 0, 0)])]

    assert [each.message.split(" judged")[0] for each in found] == ["ENC-001 keys_rotate"] * is_found


def test_a_new_rule_need_not_apply() -> None:
    assert [*no_longer_applying({}, [RuleVerdict("ENC-1", "new", "checks", NOT_APPLICABLE, 0, 0, 0, 0)])] == []


@pytest.mark.parametrize("name", [waivers.TEMPLATE_NAME, "another"])
def test_the_rules_of_the_proof_are_held_to_our_template_alone(
    gate: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    """A lone topic that calls itself ours lacks nearly everything that our rules judge."""
    template = tmp_path / "template.yaml"
    template.write_text(TOPIC.format(name))
    said = [each["message"] for each in gate(template, "--format", "json").findings(NO_LONGER_APPLIES)]
    # cfn-lint and Checkov's own rules are not in the proof.
    assert bool(said) is (name == waivers.TEMPLATE_NAME)
    assert len({each.split()[1] for each in said}) == len(said) > 200 or not said


def test_with_one_engine_or_one_region_nothing_has_to_apply(
    gate: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(TOPIC.format(waivers.TEMPLATE_NAME))

    assert gate(template, "--engine", "checks", "--format", "json").findings(NO_LONGER_APPLIES) == []
    monkeypatch.setattr(command, "ENGINES", ("checks",))
    assert gate(template, "--region", "eu-west-1", "--format", "json").findings(NO_LONGER_APPLIES) == []
