"""Each grant of each role, taken away by itself, is missed: by a run, by a retry, or by what judges the policies."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.access import table
from harness.access.command import CALLS, ROOT, TABLE
from harness.access.compare import Known
from harness.access.grants import grants
from harness.access.judge import in_scenario
from harness.deploy.stack import TEMPLATE
from harness.emulator import calls_record
from harness.emulator.process import Emulator
from harness.pipeline import run as run_module
from harness.pipeline.run import Run
from harness.render.scenarios import Scenarios
from harness.render.source import read
from tests.integration.engines import QUICK, assert_prices_agree, in_spark
from tests.integration.grants_taken import EVALUATED, GRANTS, LISTED, RETRIED, RUN, packaged_without, without
from tests.integration.runs import Outcome

pytestmark = pytest.mark.stack

#: Enough for a bad record of each kind: some are quarantined by the consumer, some by the validator.
SMALL = {"count": 100, "bad_per_mille": 200}


def test_each_grant_is_in_one_group() -> None:
    """Whatever is in no other is in EVALUATED, and fails test_permission_check.py unless the check names it."""
    every = [str(each) for each in grants(read(TEMPLATE).template)]

    assert sorted([*RUN, *RETRIED, *EVALUATED, *LISTED]) == sorted(every)
    assert {GRANTS[name].role for name in every} == {
        name for name, each in read(TEMPLATE).template["Resources"].items() if each["Type"] == "AWS::IAM::Role"
    }


def rows(names: Sequence[str], *daily: str) -> list[Any]:
    """All of them; each takes a run, so the others are left to the nightly profile."""
    assert {*daily} <= {*names}
    # The summary of what was skipped splits at `::`.
    return [
        pytest.param(name, id=name.replace("::", "."), marks=[] if name in daily else pytest.mark.nightly)
        for name in names
    ]


@pytest.mark.parametrize(
    "name",
    rows(
        RUN,
        "KinesisConsumerRole WriteJobRows: dynamodb:UpdateItem ProcessingJobTable",
        "DataValidationRole ReportRejectedRecords: sqs:SendMessage ValidationDeadLetterQueue",
        "GlueJobRole FindOpenWork: dynamodb:Query ProcessingJobTable/index/StatusIndex",
    ),
)
def test_a_run_is_refused_and_names_the_role_and_the_action(tmp_path: Path, reusable: Emulator, name: str) -> None:
    """The emulated AWS itself refuses: the permission check, which would name some before, is skipped."""
    assert_is_missed(name, Outcome(tmp_path / "run", None, taking(name), reusable, {"check_grants"}, **SMALL))


@pytest.mark.parametrize("name", rows(RETRIED))
def test_a_retry_is_refused_and_names_the_role_and_the_action(tmp_path: Path, reusable: Emulator, name: str) -> None:
    retries = Retries().before
    assert_is_missed(name, Outcome(tmp_path / "run", retries, taking(name), reusable, {"check_grants"}, **SMALL))


def test_the_roles_call_what_the_record_says_and_a_retry_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every grant: `rules/calls.csv` is what this run records. And those above fail for no other reason."""
    report = tmp_path / "calls.jsonl"
    monkeypatch.setattr(run_module, "Emulator", partial(Emulator, settings={calls_record.REPORT: str(report)}))
    retries = Retries()
    outcome = Outcome(tmp_path / "run", retries.before, **SMALL)
    recorded = calls_record.as_csv(calls_record.called(report, retries.resources))
    written = ROOT / "build/calls.csv"
    written.parent.mkdir(exist_ok=True)
    written.write_text(recorded)

    assert outcome.exit_code == 0, outcome.summary["error"]
    assert retries.repaired
    changes = calls_record.drift(recorded, CALLS.read_text())
    assert not changes, f"{changes}\nIf that is meant: cp build/calls.csv rules/calls.csv"
    # This run's feed is the generated one; tests/captures has the captures'.
    assert_prices_agree(outcome.folder / "parquet", (*QUICK, in_spark))


# Not kinesis:GetRecords: without it, Lambda refuses to create the mapping (test_refusals).
def test_what_a_service_lacks_ends_the_run(tmp_path: Path, reusable: Emulator) -> None:
    """One of those that the permission check names; test_permission_check.py has all."""
    name = "KinesisConsumerRole ReadStream: kinesis:ListShards MarketDataStream"

    assert name in EVALUATED
    assert_is_missed(name, Outcome(tmp_path / "run", None, taking(name), reusable, **SMALL))


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in LISTED])
def test_what_is_shown_in_another_way_is_missed_by_the_table(name: str) -> None:
    template, grant = read(TEMPLATE).template, GRANTS[name]
    meant = table.read(TABLE, template)
    scenarios = Scenarios(without(template, grant))
    values = scenarios.completed({"Environment": "development", "VpcOwnerAccountId": "210987654321"})
    assert values is not None
    rendering = scenarios.rendering(values)
    found = in_scenario(rendering.stack(), meant.meant(rendering), Known())

    assert {(each.spare, each.who, *each.actions) for each in found} == {(False, grant.role, grant.action)}


def taking(name: str) -> Any:
    return partial(packaged_without, grant=GRANTS[name])


def assert_is_missed(name: str, outcome: Outcome) -> None:
    grant = GRANTS[name]
    stated = read(TEMPLATE).template["Resources"][grant.role]["Properties"]["RoleName"]["Fn::Sub"]
    role, error = stated.replace("${Environment}", "development"), outcome.summary["error"]

    assert outcome.exit_code == 1
    assert role in error
    assert grant.action in error


class Retries:
    """A run in which both the validator and the job do a second time what they had not marked as done."""

    def __init__(self) -> None:
        self.before = {"transform": self.validate_again, "account": self.transform_again}
        self.repaired = False
        #: Physical ids by logical id.
        self.resources: dict[str, str] = {}
        self._validated: list[Any] = []

    def validate_again(self, run: Run) -> None:
        """An attempt has stored its verdicts, and ended before its rows; S3 notifies once more."""
        self.resources = run.resources
        s3, bucket = run.emulator.client("s3"), run.resources["RawDataBucket"]
        dynamodb, table = run.emulator.client("dynamodb"), run.resources["ProcessingJobTable"]
        for row in dynamodb.scan(TableName=table)["Items"]:
            dynamodb.delete_item(TableName=table, Key={name: row[name] for name in ("JobId", "Timestamp")})
            body = s3.get_object(Bucket=bucket, Key=row["JobId"]["S"])["Body"].read()
            s3.put_object(Bucket=bucket, Key=row["JobId"]["S"], Body=body)
        run.drain()
        self._validated = dynamodb.scan(TableName=table)["Items"]

    def transform_again(self, run: Run) -> None:
        """A run of the job has ended before its rows, and somebody has changed an hour in the catalogue."""
        dynamodb, glue = run.emulator.client("dynamodb"), run.emulator.client("glue")
        for row in self._validated:
            dynamodb.put_item(TableName=run.resources["ProcessingJobTable"], Item=row)
        where = {"DatabaseName": run.resources["GlueDatabase"], "TableName": "trade"}
        hour = glue.get_partitions(**where)["Partitions"][0]
        elsewhere = {**hour["StorageDescriptor"], "Location": "s3://elsewhere/"}
        entry = {"Values": hour["Values"], "StorageDescriptor": elsewhere}
        glue.batch_update_partition(**where, Entries=[{"PartitionValueList": hour["Values"], "PartitionInput": entry}])
        run.transform()
        (now,) = (p for p in glue.get_partitions(**where)["Partitions"] if p["Values"] == hour["Values"])
        self.repaired = now["StorageDescriptor"]["Location"] == hour["StorageDescriptor"]["Location"]
