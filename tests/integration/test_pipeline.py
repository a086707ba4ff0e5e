"""The whole stack: real AWS CLI, emulated AWS with IAM enforced, real Spark. Each test is a run of `make pipeline`."""

import gzip
import io
import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest
from rich.console import Console

from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE
from harness.pipeline.command import run_pipeline
from harness.pipeline.glue import spark_python
from harness.pipeline.options import Options
from harness.replay.ledger import digest_of
from market_data.envelope import decode_raw_line, parse_key, unpack

pytestmark = pytest.mark.stack

CAPTURES = Path(os.environ.get("MARKET_DATA_DIR", Path(__file__).parents[3] / "shared" / "data" / "market"))
THREE_CAPTURES = ("us_equity_ibm_trades_20131008", "coinbase_ws_20210417", "cme_es_mbo_20231225_a")


def options(**changes):
    given = {
        "feed": None,
        "venue": None,
        "keep": False,
        "port": None,
        "count": 1_000,
        "seed": 7,
        "template": TEMPLATE,
        "parameters": DEVELOPMENT_PARAMETERS,
    }
    return Options(**{**given, **changes})


class Outcome:
    """Exit code, summary and all that was printed of one run."""

    def __init__(self, folder, interfere=None, **changes):
        self.folder = folder
        self.printed = io.StringIO()
        console = Console(file=self.printed, width=200)
        self.exit_code = run_pipeline(options(**changes), folder, console, interfere)
        self.summary = json.loads((folder / "summary.json").read_text())
        assert self.summary["exit_code"] == self.exit_code
        # Holds however the run ended: what was not found in either place is told as lost.
        accounted = self.summary["parquet_rows"] + self.summary["quarantined"] + self.summary["lost"]
        assert accounted == self.summary["records_in"]

    def rows(self, feed, *columns):
        """Yield the rows of a feed's Parquet."""
        for path in sorted((self.folder / "parquet" / f"feed={feed}").rglob("*.parquet")):
            yield from pyarrow.parquet.ParquetFile(path).read(columns=list(columns)).to_pylist()


@pytest.fixture(scope="module", autouse=True)
def _spark():
    assert spark_python().exists(), "no Spark environment: `tox run -e spark --notest` sets it up"


def test_a_generated_feed_is_accounted_for_and_each_bad_record_has_its_reason(tmp_path):
    """The maker of the feed knows which records are bad and why; nothing else may be refused."""
    seen = {}

    def remember(run):
        seen["expected"] = Counter(entry.expected_reason for entry in run.ledger if entry.expected_reason)

    outcome = Outcome(tmp_path / "run", {"account": remember})

    assert outcome.exit_code == 0, outcome.summary["error"]
    assert outcome.summary["lost"] == outcome.summary["doubled"] == outcome.summary["foreign"] == 0
    assert outcome.summary["quarantined_by_reason"] == dict(seen["expected"])
    assert sum(outcome.summary["records_by_feed"].values()) == outcome.summary["records_in"] == 1_000
    assert "Every record, accounted for" in outcome.printed.getvalue()


def test_a_validated_object_that_vanishes_is_told_as_lost_records(tmp_path):
    """Deleted between validation and Parquet: the job must not pass over it, and the account must name what is gone."""
    gone = {}

    def delete_one(run):
        s3, bucket = run.emulator.client("s3"), run.resources["ProcessedDataBucket"]
        entry = s3.list_objects_v2(Bucket=bucket, Prefix="validated/market-data/feed=market_depth/")["Contents"][0]
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
        gone["positions"] = sorted([line["shard"], line["seq"]] for line in lines)
        gone["key"] = entry["Key"]
        s3.delete_object(Bucket=bucket, Key=entry["Key"])

    outcome = Outcome(tmp_path / "run", {"transform": delete_one})

    assert outcome.exit_code == 1
    assert outcome.summary["lost"] == len(gone["positions"])
    assert outcome.summary["lost_positions"] == gone["positions"][:100]
    assert gone["key"] in outcome.summary["error"]
    shard, sequence = gone["positions"][0]
    assert f"lost: shard {shard} sequence number {sequence}" in outcome.printed.getvalue()


def test_a_record_that_is_twice_in_the_parquet_is_told_as_doubled(tmp_path):
    doubled = {}

    def write_a_line_twice(run):
        s3, bucket = run.emulator.client("s3"), run.resources["ProcessedDataBucket"]
        key = s3.list_objects_v2(Bucket=bucket, Prefix="parquet/feed=trade/")["Contents"][0]["Key"]
        content = io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        table = pyarrow.parquet.ParquetFile(content).read()
        row = table.slice(0, 1)
        doubled["position"] = [row["shard_id"][0].as_py(), row["sequence_number"][0].as_py()]
        changed = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.concat_tables([table, row]), changed)
        s3.put_object(Bucket=bucket, Key=key, Body=changed.getvalue())

    outcome = Outcome(tmp_path / "run", {"account": write_a_line_twice})

    assert outcome.exit_code == 1
    assert outcome.summary["doubled_positions"] == [doubled["position"]]
    shard, sequence = doubled["position"]
    assert f"doubled: shard {shard} sequence number {sequence}" in outcome.printed.getvalue()


@pytest.mark.parametrize(
    ("function", "sid", "action"),
    [
        pytest.param("kinesis-consumer", "WriteJobRows", "dynamodb:UpdateItem", id="consumer"),
        pytest.param("data-validation", "ReportRejectedRecords", "sqs:SendMessage", id="validator"),
        pytest.param("glue", "WriteLineageRows", "dynamodb:PutItem", id="glue"),
        pytest.param("kinesis-consumer", "ReadStream", "kinesis:GetRecords", id="mapping"),
    ],
)
def test_a_role_that_lacks_an_action_is_named_with_it(tmp_path, function, sid, action):
    """The emulated AWS enforces what the code calls; what AWS does with the role by itself, the preflight judges."""
    role = f"financial-{function}-role-development"
    template = tmp_path / "template.yaml"
    template.write_text(_without(TEMPLATE.read_text(), sid, action, role))

    outcome = Outcome(tmp_path / "run", template=template)

    assert outcome.exit_code == 1
    assert role in outcome.summary["error"]
    assert action in outcome.summary["error"]


def _without(template, sid, action, role):
    """Replace `action` by a harmless one in the statement `sid` of the role."""
    # The policies stand before the role's name, which ends its resource.
    end = template.index(role.replace("development", "${Environment}"))
    start = template.rindex(f"Sid: {sid}\n", 0, end)
    at = template.index(action, start)
    assert at < end
    return template[:at] + f"{action.partition(':')[0]}:ListTagsForResource" + template[at + len(action) :]


@pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no captures at {CAPTURES}")
def test_three_captures_arrive_digit_for_digit(tmp_path):
    """US equity trades, a crypto exchange's channel, CME's market by order: nothing lost, no digit changed."""
    seen = {}

    def remember(run):
        seen["entries"] = {tuple(entry.position): entry for entry in run.ledger}
        s3, bucket = run.emulator.client("s3"), run.resources["RawDataBucket"]
        raw = {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="market-data/"):
            for found in page["Contents"]:
                body = io.BytesIO(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
                records = [decode_raw_line(line) for line in unpack(body)]
                assert parse_key(found["Key"]).stretch.count == len(records)
                raw |= {record.position: record.data for record in records}
        seen["raw"] = raw

    feed = " ".join(str(CAPTURES / f"{name}.{_ending(name)}.gz") for name in THREE_CAPTURES)
    outcome = Outcome(tmp_path / "run", {"account": remember}, feed=feed)

    assert outcome.exit_code == 0, outcome.summary["error"]
    assert outcome.summary["lost"] == outcome.summary["doubled"] == outcome.summary["quarantined"] == 0
    assert outcome.summary["records_in"] == 33_381 + 9_943 + 30_000
    _compare_with_the_tape(outcome, seen["entries"])
    assert {position: entry.digest for position, entry in seen["entries"].items()} == {
        position: digest_of(data) for position, data in seen["raw"].items()
    }


def _ending(name):
    return "txt" if name.startswith("coinbase") else "ndjson"


def _compare_with_the_tape(outcome, entries):
    """Every IBM trade and every CME trade against its own line of the capture, by arithmetic of this test's own."""
    lines = {
        name: gzip.decompress((CAPTURES / f"{name}.ndjson.gz").read_bytes()).splitlines()
        for name in THREE_CAPTURES
        if _ending(name) == "ndjson"
    }
    compared = Counter()
    columns = ("shard_id", "sequence_number", "price", "price_text", "volume", "volume_text")
    for row in outcome.rows("trade", *columns):
        entry = entries[row["shard_id"], row["sequence_number"]]
        name = Path(entry.source.path).name.partition(".")[0]
        if name not in lines:
            continue
        sent = json.loads(lines[name][entry.line - 1])
        places = 4 if name.startswith("us_equity") else 9
        assert row["price_text"].replace(".", "").lstrip("0") == sent["price"]
        assert row["price"] == Decimal(sent["price"]).scaleb(-places)
        assert row["volume_text"] == str(sent["size"])
        assert row["volume"] == Decimal(sent["size"])
        compared[name] += 1

    assert compared[THREE_CAPTURES[0]] == 33_381
    assert compared[THREE_CAPTURES[2]] > 1_000
