"""Access alone notices a mutant of a policy, wherever it decides something; what it does not is reviewed."""

from pathlib import Path
from typing import Any

import pytest

from harness.access.table import Table
from harness.gate.engines.errors import EngineError
from harness.mutants.harmless import BadHarmless
from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation, changed
from harness.mutants.policies.judging import PolicyJudge, judge
from harness.mutants.policies.mutants import PolicyMutants, in_policy
from harness.mutants.policies.report import Judged
from harness.mutants.policies.reviewed import Reviewed, load
from harness.mutants.reach import Reach
from tests.unit.access import small

OWN = small.OWN
STATEMENTS = "Resources.Role.Properties.Policies[0].PolicyDocument.Statement"
WRITES = {**small.READS, "Action": "s3:PutObject"}


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return small.table(tmp_path / "access.yaml", small.ROWS)


@pytest.fixture(scope="module")
def reach() -> Reach:
    return Reach(small.TEMPLATE)


def mutant(reach: Reach, place: tuple[str | int, ...], value: Any) -> Mutant:
    mutation = Mutation("policy_x", str(place[1]), place, "y", changed(small.TEMPLATE, place, value))
    return Mutant(mutation, reach.changed(mutation))


def test_what_decides_nothing_otherwise_is_not_noticed(reach: Reach, table: Table):
    listed = mutant(reach, (*OWN, 0, "Action"), ["s3:GetObject"])
    doubled = mutant(reach, (*OWN, 1), {**small.READS, "Sid": "Again"})

    assert judge([listed, doubled], reach, table) == ["", ""]


def test_what_is_allowed_or_denied_or_not_read_is_noticed_with_a_witness(reach: Reach, table: Table):
    spare = mutant(reach, (*OWN, 1), WRITES)
    missing = mutant(reach, (*OWN, 0, "Effect"), "Deny")
    refused = mutant(reach, (*OWN, 0, "NotPrincipal"), "*")
    found = judge([spare, missing, refused], reach, table)

    assert found[0].startswith(f"Role: s3:PutObject on {small.BUCKET}/in/ with aws:securetransport=true: allowed by ")
    assert found[1].startswith(f"Role: s3:GetObject on {small.BUCKET}/in/ with aws:securetransport=true: denied by ")
    assert found[2].startswith(STATEMENTS.removeprefix("Resources.").replace("[0]", ".0"))


def test_what_decides_something_in_another_scenario_alone_is_noticed(tmp_path: Path):
    """The role comes out the same in both scenarios, and in one of them the bucket's policy denies it what is new."""
    never = small.statement("Deny", "s3:PutObject", Principal="*", Resource=f"{small.BUCKET}/*")
    hidden = {"Fn::If": ["IsWide", {"Ref": "AWS::NoValue"}, never]}
    template = small.changed(("Resources", "Policy", "Properties", "PolicyDocument"), small.document(small.TLS, hidden))
    row = {"who": "anybody", "never": "s3:PutObject", "resources": "${Bucket.Arn}/*", "when": "not IsWide", "page": "x"}
    table = small.table(tmp_path / "access.yaml", [*small.ROWS, row], template)
    reach = Reach(template)
    mutation = Mutation("policy_x", "Role", (*OWN, 1), "y", changed(template, (*OWN, 1), WRITES))
    (there,) = found = reach.changed(mutation)

    assert PolicyJudge(reach, table).noticed(Mutant(mutation, found)).startswith("Role: s3:PutObject")
    assert reach.scenarios[there.scenario].values["Wide"] == "no"


def test_of_a_template_with_findings_nothing_is_judged(tmp_path: Path, reach: Reach):
    spare = mutant(reach, (*OWN, 1), WRITES)

    with pytest.raises(EngineError, match="before anything is broken: Role: s3:GetObject"):
        judge([spare], reach, small.table(tmp_path / "access.yaml", small.ROWS[1:]))


def judged(noticed: list[str], *names: str, made: int = 2) -> Judged:
    """Of so many mutants that were made, those with a notice or none."""
    mutations = [
        Mutation("policy_x", "Role", ("Resources", "Role", f"p{index}"), "removed", {}) for index in range(made)
    ]
    mutants = [Mutant(each, []) for each in mutations[: len(noticed)]]
    return Judged(mutants, noticed, mutations, [Reviewed(name, "Decides nothing.") for name in names])


FIRST, SECOND = "policy_x Resources.Role.p0: removed", "policy_x Resources.Role.p1: removed"


def test_what_is_not_noticed_survives_unless_it_is_reviewed():
    assert judged(["spare", "missing"]).problems == []
    assert judged(["spare", ""]).problems == [f"survived: {SECOND}"]
    assert judged([*["spare"] * 19, ""], "policy_x *.p19: *", made=20).problems == []


def test_a_review_of_what_is_noticed_or_not_made_is_stale():
    stale = "stale review: {}: {}"

    assert judged(["spare", "spare"], SECOND).problems == [stale.format(SECOND, f"access notices {SECOND}")]
    assert judged(["spare", "", "spare"], "policy_x *", made=100).problems == [
        stale.format("policy_x *", f"access notices {FIRST}, and 1 more")
    ]
    assert judged(["spare"], "policy_y *").problems == [stale.format("policy_y *", "there is no such mutant")]
    # Of a sample, what is reviewed may be among the others.
    assert judged(["spare"], SECOND).problems == []


@pytest.mark.parametrize(
    ("name", "excused"), [(r"*: \*", ["*"]), ("*: *", ["*", "and *", "x"]), (r"*: and*\*", ["and *"])]
)
def test_a_star_with_a_backslash_is_one(name: str, excused: list[str]):
    changes = ("*", "and *", "x")
    made = [Mutation("policy_x", "Role", ("Resources", "Role"), each, {}) for each in changes]

    assert [each.change for each in made if Reviewed(name, "x").excuses(each)] == excused


def test_too_many_reviewed_ones_are_a_problem():
    assert judged(["", "spare"], SECOND, FIRST).problems[1:] == ["1 of 2 mutants are harmless, more than 6%"]


def test_the_report_says_what_access_noticed_of_each():
    report = judged(["spare", ""]).as_dict("template", 7, 1.25)

    assert (report["made"], report["new"], report["seed"], report["survived"]) == (2, 0, None, [SECOND])
    assert report["counts"] == {"noticed": 1, "harmless": 0, "survived": 1}
    assert report["noticed"] == {FIRST: "spare"}
    assert report["operators"] == {"policy_x": {"noticed": 1, "survived": 1}}
    assert judged(["spare"]).as_dict("template", 7, 1.25)["seed"] == 7


def test_a_sample_is_of_what_changes_something_and_equal_ones_are_known_by_the_first(reach: Reach):
    policies = (*small.OWN[:4],)
    renamed = changed(small.TEMPLATE, (*OWN, 0, "Action"), "s3:PutObject")
    made = [
        Mutation("a", "Role", (*OWN, 0, "Action"), "y", renamed),
        Mutation("b", "Role", policies, "y", renamed),
        Mutation("c", "Role", policies, "y", small.TEMPLATE),
    ]
    mutants = PolicyMutants(reach, made)

    assert {each.mutation.operator for each in mutants.sample(made, 3, seed=1)} == {"a", "b"}
    assert len(mutants.sample(made, 1, seed=1)) == 1
    assert [each.mutation.operator for each in mutants.all()] == ["a"]
    assert [mutants.is_first(each) for each in made] == [True, False, False]


@pytest.mark.parametrize("text", ["- {mutants: [x]}", "- {reason: x}", "x", "[", "- {reason: 1, mutants: [x]}"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "harmless_policies.yaml"
    path.write_text(text)

    with pytest.raises(BadHarmless, match="a reason has mutants"):
        load(path)


@pytest.mark.parametrize(
    ("place", "before", "after", "expected"),
    [
        (OWN, small.TEMPLATE, small.TEMPLATE, True),
        (("Resources", "Role", "Properties", "ManagedPolicyArns"), small.TEMPLATE, small.TEMPLATE, True),
        (("Resources", "Role", "Properties", "Policies"), small.TEMPLATE, changed(small.TEMPLATE, OWN[:4], []), True),
        (("Resources", "Alarms", "Condition"), small.TEMPLATE, small.TEMPLATE, True),
        (("Resources", "Role", "Properties", "Tags"), small.TEMPLATE, small.TEMPLATE, False),
        (("Resources", "Bucket", "Properties", "BucketName"), small.TEMPLATE, small.TEMPLATE, False),
        (("Conditions", "IsWide"), small.TEMPLATE, small.TEMPLATE, False),
    ],
)
def test_a_mutation_is_in_a_policy_by_its_place(place: Any, before: Any, after: Any, expected: bool):
    assert in_policy(before, Mutation("x", place[1], place, "y", after)) is expected
