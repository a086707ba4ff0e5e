"""`rules/access.yaml` has a closed form, names only what there is, and its code lines stand in the code."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.access.command import CALLS, TABLE
from harness.access.grants import Called, plain, read_calls
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
    """Every recorded call is meant, and every call that a row says code makes is recorded."""
    calls = read_calls(CALLS)
    rows = [
        (row, Called(who, action, plain(resource)))
        for row in STATED
        if row.allows
        for who, action, resource in product(row.who, row.actions, row.resources)
    ]

    assert calls
    assert [each for each in sorted(calls) if not any(each.is_of(*right) for _, right in rows)] == []
    # A call on a table of the catalogue is recorded as one on its database.
    by_code = [right for row, right in rows if "code" in row.stated and not right.resource.endswith(":catalog")]
    by_code = [right for right in by_code if ":table/" not in right.resource]
    assert [right for right in by_code if not any(each.is_of(*right) for each in calls)] == []


def test_the_table_names_every_role_of_the_template():
    resources = read_template(OURS).template["Resources"]
    roles = {name for name, each in resources.items() if each["Type"] == "AWS::IAM::Role"}

    assert roles <= {who for row in STATED for who in row.who}
