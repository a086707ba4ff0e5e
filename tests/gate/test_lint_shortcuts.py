"""cfn-lint is asked once about a resource that several scenarios have. It has to say what it says of each scenario."""

import copy
import os
from functools import cache
from typing import Any

import pytest
from cfnlint.conditions.conditions import Conditions
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.runner import run_template_by_data

from conftest import NIGHTLY, PROFILE
from harness.gate.engines import cfn_lint, cfn_lint_rules
from harness.gate.engines.cfn_lint import CfnLint
from harness.gate.engines.cfn_lint_rules import Kind
from harness.gate.engines.outcome import Failure, Target
from harness.render.source import Source

RULES = cache(cfn_lint_rules.all_rules)
#: As cfn-lint has it.
SATISFIABLE = Conditions.satisfiable
#: Enough for the defects.
SOME = ("RawDataBucket", "RawDataBucketPolicy", "AccessLogBucket", "MarketDataStream")


@cache
def plain(rendering: str) -> set[Failure]:
    """What cfn-lint's own runner says of a whole rendering, in JSON."""
    template, errors = decode_str(rendering)
    assert template is not None
    config = ConfigMixIn(
        config_file=os.devnull,
        regions=[*cfn_lint.RENDERED_REGION],
        ignore_checks=[*cfn_lint.OF_SOURCES],
        mandatory_checks=["E", "W"],
    )
    return {*map(cfn_lint.failure, [*errors, *run_template_by_data(template, config, RULES())])}


def broken(template: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with a value at a path."""
    *places, last = path.split("/")
    result = at = copy.deepcopy(template)
    for place in places:
        at = at.setdefault(place, {})
    at[last] = value
    return result


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        ("E3005", "Resources/RawDataBucketPolicy/DependsOn", "Nothing"),
        ("E3019", "Resources/RawDataBucket/Properties/BucketName", "access-log-bucket"),
        ("E3002", "Resources/RawDataBucket/Properties/Colour", "red"),
        ("E3012", "Resources/MarketDataStream/Properties/ShardCount", "many"),
        ("E3001", "Resources/MarketDataStream/Typ", "AWS::Kinesis::Stream"),
        ("E6001", "Outputs/Stream", "no object"),
        ("E1001", "Outsputs/Stream", {"Value": "a"}),
        ("E1003", "Description", "x" * 1025),
    ],
)
def test_a_defect_in_one_scenario_is_found_in_that_one(renderings: list[Target], rule: str, path: str, value: Any):
    resources = renderings[0].template["Resources"]
    sound = Target("sound", {**renderings[0].template, "Resources": {name: resources[name] for name in SOME}})
    if rule == "E3019":
        sound = Target(sound.name, broken(sound.template, "Resources/AccessLogBucket/Properties/BucketName", value))
    defect = Target("with a defect", broken(sound.template, path, value))

    before, found, again = (set(outcome.failures) for outcome in CfnLint().judge([sound, defect, sound]))

    assert rule in {failure.rule for failure in found - before}
    assert (before, found) == (plain(sound.json), plain(defect.json))
    assert again == before


def test_of_each_scenario_the_same_is_found_as_in_the_whole(renderings: list[Target]):
    """One scenario every day, all of them in the nightly profile."""
    some = renderings if PROFILE == NIGHTLY else [renderings[len(renderings) // 2]]

    assert [set(outcome.failures) for outcome in CfnLint().judge(some)] == [plain(each.json) for each in some]


def test_the_source_gets_the_same_answer_as_from_the_runner_as_it_is(pipeline: Source):
    """Conditions are solved once, and a keyword's rules are looked up: nothing else may change. Also with a defect."""
    defect = pipeline.text.replace("AWS::Kinesis::Stream\n", "AWS::Kinesis::Strem\n").replace(
        "      ShardCount:", "      ShardCounts:"
    )
    for text in (pipeline.text, defect) if PROFILE == NIGHTLY else (defect,):
        template, _ = decode_str(text)
        assert template is not None
        config = ConfigMixIn(
            config_file=os.devnull,
            regions=[*cfn_lint.RENDERED_REGION],
            include_checks=["I"],
            mandatory_checks=["E", "I", "W"],
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Conditions, "satisfiable", SATISFIABLE)
            plainly = {*map(cfn_lint.failure, run_template_by_data(template, config, RULES()))}
        asked = cfn_lint._Pass(0, Kind.SOURCE, "source", text)

        assert {*cfn_lint._lint(asked)} == plainly
        assert plainly
