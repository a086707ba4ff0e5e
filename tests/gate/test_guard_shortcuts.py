"""Guard gets only the parts that a rule can read. The other parts must not change its verdict."""

import pytest

from conftest import NIGHTLY, PROFILE
from harness.catalogue.catalogue import GUARD, load
from harness.gate.engines import cfn_guard
from harness.gate.engines.cfn_guard import CfnGuard, properties_seen, types_seen
from harness.gate.engines.outcome import Target
from harness.render.source import Source

RULES = [rule for rule in load() if rule.engine == GUARD]
ONE = "let buckets = Resources.*[ Type == 'AWS::S3::Bucket' ]\n"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_rule_sees_resources_of_its_targets_and_no_others(rule):
    assert types_seen(rule.path.read_text()) == set(rule.targets)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(ONE, {"AWS::S3::Bucket"}, id="one type"),
        pytest.param("let a = Resources.*[\n  Type in ['A', 'B'] ]\n", {"A", "B"}, id="several types"),
        pytest.param("let a = Resources.*[ Type == 'A'\n  Tags exists ]\n", {"A"}, id="a narrower filter"),
        pytest.param("# Resources are many\n" + ONE, {"AWS::S3::Bucket"}, id="a comment"),
        pytest.param("let a = Resources.*[ Type == 'A' or Tags exists ]\n", None, id="or others"),
        pytest.param("let a = Resources.*[ Type == 'A'\n  or Tags exists ]\n", None, id="or others on the next line"),
        pytest.param("let a = Resources.*[ Tags exists ]\n", None, id="any type"),
        pytest.param(ONE + "let all = Resources.*\n", None, id="all as well"),
        pytest.param(ONE + "let all = Resources[ keys == /Bucket/ ]\n", None, id="by name as well"),
        pytest.param("rule a { Parameters exists }\n", None, id="no resource"),
    ],
)
def test_types_are_known_only_where_every_query_filters_by_them(source: str, expected: set[str] | None):
    assert types_seen(source) == expected


@pytest.mark.parametrize(
    "clause",
    [
        "%buckets.Properties.* exists",
        "%buckets.Properties[ keys == /Tags/ ] exists",
        "%buckets.Properties !empty",
        "%buckets.* exists",
        "%buckets[*] exists",
        "%buckets { Properties { * exists } }",
        "%buckets { Properties exists }",
        "%buckets { this is_struct }",
    ],
)
def test_a_rule_that_goes_through_all_properties_sees_all(clause: str):
    assert properties_seen(f"{ONE}rule a when %buckets !empty {{ {clause} }}") is None


def test_of_properties_by_their_names_a_rule_sees_these():
    found = properties_seen(ONE + "rule a { %buckets.Properties.Tags[*].Key exists << Violation: Name >> }")

    assert found is not None
    assert "Tags" in found
    assert "Name" not in found


def test_what_is_shown_in_parts_is_judged_as_if_shown_whole(
    guard: CfnGuard, pipeline: Source, renderings: list[Target], monkeypatch: pytest.MonkeyPatch
):
    """All scenarios in the nightly profile only: each one takes seconds."""
    source = Target("source", pipeline.template, source_text=pipeline.text)
    some = [source, *(renderings if PROFILE == NIGHTLY else renderings[-1:])]
    parts = guard.judge(some)
    monkeypatch.setattr(cfn_guard, "WORTH_SPLITTING", 1_000_000)
    whole = guard.judge(some)

    for part, expected in zip(parts, whole, strict=True):
        assert sorted(map(str, part.failures)) == sorted(map(str, expected.failures))
        assert (part.passed, part.not_applicable, part.unevaluated) == (
            expected.passed,
            expected.not_applicable,
            expected.unevaluated,
        )
