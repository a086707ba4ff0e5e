"""`rules/access.yaml` has a closed form, names only what there is, and its code lines stand in the code."""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.access.command import TABLE
from harness.access.table import BadTable, Row, read
from harness.deploy.stack import TEMPLATE as OURS
from harness.render.scenarios import Scenarios
from harness.render.source import read as read_template
from tests.unit.access.small import ROWS, TEMPLATE, table

ROOT = Path(__file__).resolve().parents[3]
STATED = [Row(number, each) for number, each in enumerate(yaml.safe_load(TABLE.read_text())["rows"], 1)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"why": None}, "a text is no text"),
        ({"whom": "x"}, "whom is no key of a row"),
        ({"never": "s3:*"}, "either may or never"),
        ({"page": "x"}, "either may or never, and either code or page"),
        ({"may": "s3:GetObjekt"}, "s3:GetObjekt is no action of AWS's"),
        ({"who": "Rolle"}, "Rolle is no role, endpoint, service or account"),
        ({"who": "Bucket"}, "Bucket is no role, endpoint, service or account"),
        ({"resources": "${Buckets.Arn}/x"}, "the template has no Buckets"),
        ({"when": "IsNarrow"}, "the template has no condition IsNarrow"),
        ({"if": {"StringEquals": {"aws:x": {"a": 1}}}}, "a value is no text"),
    ],
)
def test_a_row_that_is_not_in_the_form_is_refused(tmp_path: Path, change: dict[str, Any], message: str):
    with pytest.raises(BadTable, match=f"row 1.*{message}"):
        table(tmp_path / "access.yaml", [ROWS[0] | change]).meant(Scenarios(TEMPLATE).all[0].rendering)


@pytest.mark.parametrize("text", ["rows", "rows: 1", "rows: []\nmore: 1", "rows: [1]", "\x00"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str):
    (tmp_path / "access.yaml").write_text(text)
    with pytest.raises(BadTable, match=r"access\.yaml"):
        read(tmp_path / "access.yaml", {"Resources": {}})


@pytest.mark.parametrize("row", [each for each in STATED if "code" in each.stated], ids=str)
def test_the_code_of_a_row_stands_in_its_file(row: Row):
    path, _, text = row.stated["code"].partition(": ")

    assert text in (ROOT / path).read_text()


def test_the_table_is_the_record_of_calls():
    """Every recorded call is meant; every call that a row says code makes is recorded, or says why it is not."""
    with (ROOT / "rules" / "calls.csv").open() as file:
        called = {(each["role"], each["action"], each["resource"]) for each in csv.DictReader(file)}
    rows = [(row, who, right) for row in STATED for who in row.who for right in row.rights]

    assert called
    assert [each for each in sorted(called) if not any(_means(each, who, right) for _, who, right in rows)] == []
    unsaid = {
        (row.number, who, action)
        for row in STATED
        if row.source == "code"
        for who in row.who
        for action in row.actions
        if ("unrecorded" in row.stated)
        == any(_means(each, who, right) for each in called for right in row.rights if right.startswith(f"{action} "))
    }
    assert unsaid == set()


def _means(called: tuple[str, str, str], who: str, right: str) -> bool:
    role, action, resource = called
    does, _, on = right.partition(" ")
    if (role, action) != (who, does):
        return False
    # The record has logical ids for names; of a bucket outside the template, only that it is another one.
    name = on.rpartition(":")[2].removeprefix("database/")
    return resource in (name, on) or (resource.startswith("other ") and on.startswith("arn:"))


def test_the_table_names_every_role_of_the_template():
    resources = read_template(OURS).template["Resources"]
    roles = {name for name, each in resources.items() if each["Type"] == "AWS::IAM::Role"}

    assert roles <= {who for row in STATED for who in row.who}
