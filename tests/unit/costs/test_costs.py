"""docs/costs.md: its numbers are the template's and the prices', and a computation by hand has the same total."""

import ast
import json
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from data_validation.core import Tally as Validated
from harness.costs import command, data, model, page
from harness.costs.model import Bill, Load, Uncounted
from harness.render.rendering import Rendering
from harness.render.resources import walk
from harness.render.scenarios import Scenarios
from harness.replay.generator import generate
from kinesis_consumer.core import Tally as Consumed
from kinesis_consumer.core import batch_objects
from kinesis_consumer.events import StreamRecord

DATA = data.load()
PAGE = (page.ROOT / "docs" / "costs.md").read_text()
TEMPLATE = page.template()
_PICKLED = pickle.dumps(TEMPLATE)
BUCKET_KEY = "BucketEncryption.ServerSideEncryptionConfiguration.0.BucketKeyEnabled"
LOAD = Load(Decimal(1000), page.YEAR)


def bill(change: Callable[[dict[str, Any]], Any] = lambda _: None, load: Load = LOAD, **given: str) -> Bill:
    """The bill of a changed template."""
    template = pickle.loads(_PICKLED)
    change(template["Resources"])
    return model.bill(Rendering(template, page.values(given)).template["Resources"], load, DATA)


# ----------------------------------------------------------------------------------------------- by hand ----


def _worked_out(text: str) -> Fraction:
    """What an expression of the page comes to; its words (shards, DPU) are only for the reader."""
    plain = re.sub(r"[A-Za-z]\w*", "", text.replace(",", "").replace("\N{MULTIPLICATION SIGN}", "*"))
    assert re.fullmatch(r"[\d.()+*/ -]+", plain), text
    return Fraction(eval(re.sub(r"\d+(\.\d+)?", r'Fraction("\g<0>")', plain), {"Fraction": Fraction}))


def _by_hand() -> list[tuple[str, Fraction, str]]:
    block = PAGE.partition("\n## The same by hand\n")[2].partition("```text\n")[2].partition("```")[0]
    lines = [line.partition(":")[2] for line in block.splitlines() if " = " in line]
    return [(found, _worked_out(left), line) for line in lines for left, _, found in [line.partition(" = ")]]


@pytest.mark.parametrize(("found", "exact", "line"), _by_hand())
def test_each_line_of_the_computation_by_hand_is_right(found: str, exact: Fraction, line: str) -> None:
    digits = Decimal(found.replace(",", "").removesuffix(" USD"))
    places = -int(digits.as_tuple().exponent)

    assert abs(exact - Fraction(digits)) <= Fraction(1, 2 * 10**places), line


def test_the_computation_by_hand_has_the_total_of_the_table() -> None:
    usd = [found for found, *_ in _by_hand() if found.endswith(" USD")]
    amounts = [Decimal(found.removesuffix(" USD").replace(",", "")) for found in usd]
    (said,) = re.findall(r"^All of these: +([\d,.]+) USD$", PAGE, re.MULTILINE)
    (shown,) = re.findall(r"^\| \*\*total\*\* \| .* \| \*\*([\d,.]+)\*\* \| .* \|$", PAGE, re.MULTILINE)

    assert len(amounts) > 20
    assert f"{sum(amounts):,.2f}" == said == shown == f"{bill().total:,.2f}"


# --------------------------------------------------------------------------------------------- the data ----


def test_every_price_says_where_and_when_it_was_read() -> None:
    for name, price in DATA.prices.items():
        assert re.fullmatch(r"aws\.amazon\.com/[a-z0-9-]+(/[a-z-]+)*/pricing(/[a-z-]+)?", price.page), name
        source = DATA.raw["sources"][price.read]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d|from memory", source["date"]), name
        assert source["what"], name
        assert price.unit, name
    assert {price.read for price in DATA.prices.values()} == set(DATA.raw["sources"])


def test_every_assumption_says_why() -> None:
    assert all(len(each["why"]) > 20 for each in DATA.raw["assumptions"].values())


def test_no_number_is_a_float() -> None:
    assert [place for place, value in walk(DATA.raw) if isinstance(value, float | int)] == []
    for path in Path(data.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id == "float"), path
    assert {type(each) for each in (*bill().amounts.values(), *bill().costs.values())} == {Decimal}


def test_a_price_in_steps_is_paid_step_by_step() -> None:
    standard = DATA.prices["STANDARD"]

    assert standard.cost(Decimal(51200)) == Decimal("1177.60")
    assert standard.cost(Decimal(600000)) == Decimal("1177.60") + 460800 * Decimal("0.022") + 88000 * Decimal("0.021")


def test_every_price_and_assumption_is_used() -> None:
    """A price that no amount is multiplied with would look as if it were counted."""
    used = bill(load=Load(Decimal(10000), page.LATER)).amounts
    text = Path(model.__file__).read_text()

    assert set(used) == set(DATA.prices)
    assert [name for name in DATA.assumptions if f'"{name}"' not in text] == []


def test_every_type_is_priced_or_free() -> None:
    types = {each["Type"] for each in TEMPLATE["Resources"].values()}

    assert set(DATA.free) | model.PRICED == types
    assert set(DATA.free) & model.PRICED == set()


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(Uncounted, match="Nat: AWS::EC2::NatGateway is neither priced nor listed as free"):
        bill(lambda resources: resources.update(Nat={"Type": "AWS::EC2::NatGateway"}))


def test_the_functions_report_as_many_metrics_as_are_counted() -> None:
    assert len(Consumed().as_metrics()) + len(Validated().as_metrics()) == DATA.assumptions["function_metrics"]


def test_records_are_as_large_as_is_assumed() -> None:
    raw = [item.raw for item in generate(20000, seed=3, bad_per_mille=0)]
    shard = "shardId-000000000003"
    records = [StreamRecord(shard, str(10**55 + i), "AAPL", 1700000000000 + i, raw[i]) for i in range(6600)]
    stored = {count: sum(len(each.body) for each in batch_objects(records[:count])) / count for count in (1000, 6600)}

    assert abs(sum(map(len, raw)) / len(raw) - int(DATA.assumptions["record_bytes"])) < 20
    assert stored[6600] < DATA.assumptions["raw_bytes"] < stored[1000]


# ------------------------------------------------------------------------------------------- the amounts ----


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Changes a property of a resource, or removes the resource that alone is named."""

    def change(resources: dict[str, Any]) -> None:
        name, *steps = path.split(".")
        if not steps:
            del resources[name]
            return
        node = resources[name]["Properties"]
        for step in steps[:-1]:
            node = node[int(step) if step.isdecimal() else step]
        node[steps[-1]] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "price", "amount"),
    [
        ("MarketDataStream.RetentionPeriodHours", 24, "retention_shard_hour", "0"),
        ("MarketDataStream.ShardCount", 30, "shard_hour", "21900"),
        ("KinesisEventSourceMapping.MaximumBatchingWindowInSeconds", 20, "get_request", "11826000"),
        ("KinesisEventSourceMapping.MaximumBatchingWindowInSeconds", 0, "data_event", "788400000"),
        ("KinesisEventSourceMapping.BatchSize", 500, "get_request", "47304000"),
        ("KinesisEventSourceMapping.MetricsConfig", {}, "custom_metric", "20"),
        ("DataValidationFunction.MemorySize", 2048, "gb_second", "3160539.5625"),
        ("JsonToParquetJob.DefaultArguments.--enable-auto-scaling", "false", "dpu_hour", "609.712222"),
        ("ParquetScheduleTrigger.Schedule", "cron(10 */6 * * ? *)", "dpu_hour", "374.49"),
        ("SQSVPCEndpoint.SubnetIds", ["subnet-1"], "endpoint_hour", "730"),
        (f"RawDataBucket.{BUCKET_KEY}", False, "key_request", "16328640"),
        ("RawDataBucket.ReplicationConfiguration.Rules", [], "put_request", "18715740"),
        ("ProcessedDataBucket.LifecycleConfiguration.Rules", [], "GLACIER_IR", "0"),
        ("DataLineageTable.PointInTimeRecoverySpecification", {}, "recovery_gb_month", "116.7465"),
        ("StreamNotReadAlarm", None, "alarm_metric", "31"),
        ("PipelineDashboard", None, "dashboard", "0"),
        ("DataEventTrail", None, "data_event", "0"),
    ],
)
def test_the_amounts_are_the_templates(path: str, value: Any, price: str, amount: str) -> None:
    found = bill(_set(path, value))

    assert round(found.amounts.get(price, Decimal(0)), 6) == Decimal(amount)
    assert found.total != bill().total


def test_full_batches_make_objects_that_move_to_the_archive_s_classes() -> None:
    """At 10,000 records/s, an event's 6 MiB are full before the window ends."""
    found = bill(load=Load(Decimal(10000), page.LATER)).amounts
    a_batch = Fraction(6 * 2**20) / (Fraction(640 * 4, 3) + 550)
    objects = 26_280_000_000 / a_batch * 3
    in_glacier = (26_280_000_000 * 100 + objects * 32 * 1024) * 12 / 365 / 2**30

    expected = {
        "data_event": objects * 10,
        "to_GLACIER": objects * 2,
        "to_DEEP_ARCHIVE": objects,
        "to_GLACIER_IR": objects,
        "DEEP_ARCHIVE": in_glacier * (1096 - 365),
        # The archive's from 90 to 365 days, the raw bucket's from then on, and the trail's from 92.
        "GLACIER": in_glacier * (365 - 90 + 1096 - 90) + objects * 10 * 200 * 12 / 365 / 2**30 * (1096 - 92),
    }
    assert {name: round(Fraction(found[name]), 6) for name in expected} == {
        name: round(amount, 6) for name, amount in expected.items()
    }


def test_a_crawl_that_is_never_over_is_paid_all_month() -> None:
    load = Load(Decimal(10000), page.AGES["84th"])
    crawls = bill(load=load).amounts["dpu_hour"] - bill(_set("RawDataCrawler", None), load).amounts["dpu_hour"]

    assert round(crawls, 6) == 2 * 730


def test_what_expires_is_not_stored_any_more() -> None:
    usual, later = bill(load=Load(Decimal(1000), page.LATER)), Load(Decimal(1000), page.LATER)

    for name, value, price in (
        ("LogRetentionDays", "30", "log_gb_month"),
        ("AccessLogRetentionDays", "90", "STANDARD"),
        ("DataEventRetentionDays", "366", "GLACIER"),
    ):
        assert bill(load=later, **{name: value}).costs[price] < usual.costs[price], name


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("MarketDataStream.RetentionPeriodHours", 8760, "more than 168"),
        ("ConsumerErrorAlarm.Period", 10, "ConsumerErrorAlarm: alarms of less"),
        ("CrawlerScheduleTrigger.Schedule", "cron(0 0 L * ? *)", "is not counted"),
    ],
)
def test_what_has_another_price_is_an_error(path: str, value: Any, said: str) -> None:
    with pytest.raises(Uncounted, match=said):
        bill(_set(path, value))


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("cron(10 * * * ? *)", 730),
        ("cron(0,30 8-17 ? * MON-FRI *)", Fraction(365 * 20 * 5, 12 * 7)),
        ("cron(0/15 0 1 1,7 ? *)", Fraction(4 * 2, 12)),
    ],
)
def test_a_schedule_is_counted(schedule: str, runs: int | Fraction) -> None:
    assert abs(Fraction(model.monthly_runs(schedule)) - runs) < Fraction(1, 10**9)


def test_the_options_are_all_parameters_that_change_the_bill() -> None:
    listed = {each["parameter"] for each in DATA.raw["options"]}
    later = Load(Decimal(1000), page.LATER)
    usual = bill(load=later).total

    for each in DATA.raw["options"]:
        assert bill(load=later, **{each["parameter"]: each["to"]}).total != usual, each
    for name, extremes in Scenarios(TEMPLATE).bounds.items():
        if name not in listed:
            assert {bill(load=later, **{name: value}).total for value in extremes} == {usual}, name


def test_every_part_changes_the_bill() -> None:
    rendered = page.resources({})

    for part in DATA.raw["parts"]:
        assert model.bill(page.without(rendered, part), LOAD, DATA).total < bill().total, part


# ------------------------------------------------------------------------------------------- the command ----


def test_the_command_prints_the_page_s_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 0
    assert capsys.readouterr().out in PAGE


def test_the_command_takes_a_parameter_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Two shards do not take 10,000 records a second: no price is better than a wrong one."""
    assert command.main(["--parameters", str(page.FILES / "development.json")]) == 0
    (total,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("| **total** | **98.69** |"))
    assert total.endswith(f" | **{page.NO_PRICE}** |")


def test_json_keeps_the_numbers_exact(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--json"]) == 0

    found = json.loads(capsys.readouterr().out)["1,000 records/s"]
    assert found["lines"]["put_unit"] == {"amount": "2628000000", "usd": "36.79"}
    assert found["total"] == str(bill().total)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("{", "no readable parameter file", id="no json"),
        pytest.param('["Shards=2"]', "the template has no parameter Shards", id="unknown"),
        pytest.param('["ShardCount=3"]', "ShardCount=3: ShardCount must be", id="refused"),
    ],
)
def test_a_bad_parameter_file_is_one_line(
    said: str, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my-parameters.json"
    path.write_text(content)

    assert command.main(["--parameters", str(path)]) == 2
    assert said in capsys.readouterr().err.splitlines()[0]
