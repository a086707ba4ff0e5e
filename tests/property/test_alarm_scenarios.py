"""Runs the template's alarms through failure scenarios: exactly the expected ones fire, in time, and clear."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from harness.alarms.definition import Alarm, read
from harness.alarms.evaluation import history
from harness.alarms.reading import READINGS, STANDARD, Reading
from harness.alarms.states import State
from harness.alarms.world import Fault, Names, Traffic, Trouble, World
from harness.deploy.stack import TEMPLATE
from harness.render.resources import at, items
from harness.render.scenarios import Scenarios
from harness.render.source import read as read_template
from rules.lib import Resource, Stack
from rules.lib.alarms import ALARM
from rules.lib.events import crawler_event, job_event, rules_for, target_arns
from rules.lib.metrics import name_of

HOUR, DAY = 60, 1440
#: Short, instead of 72 hours in every scenario; the default has its own scenario.
SILENCE_HOURS = 6
#: How often states are evaluated.
STEP = 5
#: When failures start: a day and a half after the deployment, between two runs of the job.
START = 2200


def stack_with(**values: str) -> Stack:
    """The template, rendered."""
    scenarios = Scenarios(read_template(TEMPLATE).template)
    rendered = scenarios.completed(values)
    assert rendered is not None
    return scenarios.rendering(rendered).stack()


@pytest.fixture(scope="module")
def stack() -> Stack:
    """With a short silence of the producers."""
    return stack_with(ProducerSilenceHours=str(SILENCE_HOURS))


def names_of(stack: Stack) -> Names:
    """The template's names of the resources that publish metrics."""
    resources = stack.resources
    crawlers = [resources["RawDataCrawler"], resources["ProcessedDataCrawler"]]
    services = [
        str(at(resources[name].properties, "Environment", "Variables", "POWERTOOLS_SERVICE_NAME"))
        for name in ("KinesisConsumerFunction", "DataValidationFunction")
    ]
    worked = {"ValidationQueue", "ReplicationFailureQueue"}
    rules = items(at(resources["RawDataBucket"].properties, "ReplicationConfiguration", "Rules"))
    return Names(
        stream=name_of(resources["MarketDataStream"]),
        mapping=name_of(resources["KinesisEventSourceMapping"]),
        consumer=name_of(resources["KinesisConsumerFunction"]),
        validator=name_of(resources["DataValidationFunction"]),
        consumer_service=services[0],
        validator_service=services[1],
        namespace="FinancialPipeline",
        validation_queue=name_of(resources["ValidationQueue"]),
        replication_queue=name_of(resources["ReplicationFailureQueue"]),
        other_queues=tuple(name_of(each) for id_, each in stack.of("AWS::SQS::Queue").items() if id_ not in worked),
        tables=tuple(name_of(each) for each in stack.of("AWS::DynamoDB::Table").values()),
        raw_bucket=name_of(resources["RawDataBucket"]),
        archive_bucket=name_of(resources["ArchivedDataBucket"]),
        replication_rules=tuple(str(each["Id"]) for each in rules),
        topics=tuple(name_of(each) for each in stack.of("AWS::SNS::Topic").values()),
        job_event=lambda state: job_event(resources["JsonToParquetJob"], state),
        crawler_events=tuple(_crawled(each) for each in crawlers),
    )


def _crawled(crawler: Resource) -> Callable[[str], Mapping[str, Any]]:
    return lambda state: crawler_event(crawler, state)


def world_of(stack: Stack, *troubles: Trouble, **other: Any) -> World:
    """A deployment of the template, with injected failures."""

    def matching(event: Mapping[str, Any]) -> list[str]:
        return [name_of(rule) for rule in rules_for(stack, event).values()]

    return World(names_of(stack), troubles, rules_for=matching, **other)


def alarms_of(stack: Stack) -> dict[str, Alarm]:
    """Every alarm of the template by its logical id."""
    return stack.once("alarms", lambda: {name: read(each.properties) for name, each in stack.of(ALARM).items()})


def alarmed(
    stack: Stack, world: World, end: int, reading: Reading = STANDARD, start: int = START - HOUR
) -> dict[str, list[tuple[int, bool]]]:
    """The minutes at which each alarm entered and left ALARM."""
    found: dict[str, list[tuple[int, bool]]] = {}
    for name, alarm in alarms_of(stack).items():
        before = False
        for minute, state in history(alarm, world.numbers, start, end, reading=reading, every=STEP):
            if (state is State.ALARM) != before:
                before = state is State.ALARM
                found.setdefault(name, []).append((minute, before))
    return found


@dataclass(frozen=True, eq=False)
class Scenario:
    """A failure and its duration; which alarms must fire within how many minutes, and which event rules must match."""

    fault: Fault
    minutes: int
    #: Alarm -> within how many minutes of the beginning. The reason stands at each.
    expected: Mapping[str, int]
    events: frozenset[str] = frozenset()
    world: Mapping[str, Any] = field(default_factory=dict)
    #: Within how many minutes of the end everything is OK again.
    over: int = 60


#: What happens in each scenario, computed once for all interpretations.
WORLDS: dict[Scenario, World] = {}


def world_in(stack: Stack, scenario: Scenario) -> World:
    """What happens in a scenario."""
    if scenario not in WORLDS:
        end = START + scenario.minutes
        trouble = Trouble(scenario.fault, START, end)
        WORLDS[scenario] = world_of(stack, trouble, **scenario.world).run(end + scenario.over)
    return WORLDS[scenario]


#: A record an hour.
SPARSE = {"traffic": Traffic(records=1, every=60, window=5)}
NOT_READ = {"StreamNotReadAlarm": 30}
SCENARIOS = {
    # Nothing else detects it: ages and errors are measured on records that are read.
    "mapping disabled": Scenario(Fault.MAPPING_DISABLED, 120, NOT_READ),
    "mapping disabled, a record an hour": Scenario(Fault.MAPPING_DISABLED, 240, NOT_READ, world=SPARSE),
    "mapping disabled, another consumer reads": Scenario(
        Fault.MAPPING_DISABLED, 120, NOT_READ, world={"another_reads": True}
    ),
    # Without kinesis:GetRecords or kms:Decrypt the poller's call fails, whether that is counted or not.
    "role without kinesis:GetRecords": Scenario(Fault.READS_REFUSED, 120, NOT_READ),
    "role without kms:Decrypt": Scenario(Fault.READS_REFUSED, 120, NOT_READ, world={"counts_refusals": False}),
    "role without kinesis:GetRecords, a record an hour": Scenario(Fault.READS_REFUSED, 240, NOT_READ, world=SPARSE),
    "role without kms:Decrypt, a record an hour": Scenario(
        Fault.READS_REFUSED, 240, NOT_READ, world={"counts_refusals": False, **SPARSE}
    ),
    # The consumer polls normally; only the missing records show.
    "producer stopped": Scenario(
        Fault.PRODUCER_STOPPED, SILENCE_HOURS * HOUR + 180, {"StreamSilentAlarm": (SILENCE_HOURS + 1) * HOUR}
    ),
    # The crash is reported on the first attempt, the batch half an hour later, when its retries are exhausted. The
    # other nine shards are read, so the stream is too.
    "batch given up": Scenario(Fault.BATCH_FAILS, 30, {"ConsumerErrorAlarm": 5, "FailedBatchAlarm": 35}),
    # S3's count, and the second message beside the test message. Here SQS counts at once; a queue that was idle for six
    # hours is counted up to 15 minutes late, which the alarms' texts add.
    "replication failed": Scenario(
        Fault.REPLICATION_FAILS, 1, {"ReplicationFailureAlarm": 5, "ReplicationFailureListedAlarm": 5}
    ),
    # Without the test message a single failure is one message: only S3's metric reports it.
    "replication failed, queue emptied": Scenario(
        Fault.REPLICATION_FAILS, 1, {"ReplicationFailureAlarm": 5}, world={"emptied": True}
    ),
    # Has a number only while writes are refused: without FILL it would not come back.
    "a table refuses writes": Scenario(Fault.TABLE_REFUSES, 30, {"JobTableThrottleAlarm": 15}),
    # A single failure is an event without an alarm: the next crawl comes within two days.
    "crawl failed": Scenario(Fault.CRAWL_FAILS, DAY, {}, events=frozenset({"GlueFailureRule"})),
    "crawl never": Scenario(
        Fault.CRAWL_NOT_STARTED,
        3 * DAY,
        # Two days after the last success, which was up to a day before, plus the hour of an alarm over days.
        {"RawCrawlOverdueAlarm": 50 * HOUR, "ProcessedCrawlOverdueAlarm": 50 * HOUR},
        over=DAY + 2 * HOUR,
    ),
    "job run failed": Scenario(Fault.JOB_FAILS, HOUR, {}, events=frozenset({"GlueFailureRule"})),
    "run never started": Scenario(Fault.JOB_NOT_STARTED, 12 * HOUR, {"ParquetOverdueAlarm": 6 * HOUR}, over=2 * HOUR),
}


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_exactly_the_alarms_meant_go_off_and_come_back(stack: Stack, scenario: Scenario, reading: Reading) -> None:
    """Under every interpretation of AWS's documentation."""
    end = START + scenario.minutes
    world = world_in(stack, scenario)
    if scenario.fault is Fault.TABLE_REFUSES and not reading.fills_the_empty:
        # With both, nothing would clear it: docs/decisions/0022, `fill-after-silence` of the first deployment.
        reading = replace(reading, ignores_for_dynamodb=False)

    found = alarmed(stack, world, end + scenario.over, reading)

    assert set(found) == set(scenario.expected), found
    for name, within in scenario.expected.items():
        (fired, _), *rest = found[name]
        # FILL may leave a metric empty that has no number in the whole range: then an alarm looks back further.
        alarm = alarms_of(stack)[name]
        slack = STEP + reading.delay
        if not reading.fills_the_empty or (reading.extra and not alarm.expressions):
            slack += reading.extra * alarm.minutes
        assert START <= fired <= START + within + slack, (name, fired - START)
        assert [on for _, on in rest] == [False], (name, rest)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_exactly_the_event_rules_meant_tell_somebody(stack: Stack, scenario: Scenario) -> None:
    """A failed run sends an event. The rule that counts successes has no target and notifies nobody."""
    world = world_in(stack, scenario)

    telling = {name_of(rule): name for name, rule in stack.of("AWS::Events::Rule").items() if target_arns(rule)}
    assert {telling[rule] for _, rule in world.matched if rule in telling} == scenario.events


TRAFFICS = {
    "busy": {},
    "a record an hour, batches of five minutes": SPARSE,
    "batches of five minutes": {"traffic": Traffic(window=5)},
    "S3's test message deleted": {"emptied": True},
    "every five hours": {"traffic": Traffic(records=10, every=300)},
}


@pytest.mark.parametrize("world", TRAFFICS.values(), ids=TRAFFICS)
def test_after_a_deployment_and_a_healthy_day_no_alarm_is_on(stack: Stack, world: Mapping[str, Any]) -> None:
    """Neither after the first runs, nor at any time in the following days."""
    end = 2 * DAY + 12 * HOUR
    healthy = world_of(stack, **world).run(end)

    for name, reading in READINGS.items():
        assert alarmed(stack, healthy, end, reading, start=DAY + HOUR) == {}, name


def test_what_is_on_from_the_deployment_until_the_first_run_is_known(stack: Stack) -> None:
    """As deploying.md says: an alarm on missing data cannot know that no data was due yet."""
    world = world_of(stack).run(3 * HOUR)
    on: dict[str, int] = {}
    for name, alarm in alarms_of(stack).items():
        for minute, state in history(alarm, world.numbers, 0, 3 * HOUR):
            if state is State.ALARM:
                on[name] = minute

    # The stream is read a minute after its creation; a record, a run and a crawl come in time.
    assert set(on) == {
        "StreamNotReadAlarm", "StreamSilentAlarm", "ParquetOverdueAlarm", "RawCrawlOverdueAlarm",
        "ProcessedCrawlOverdueAlarm",
    }  # fmt: skip
    assert max(on.values()) < 2 * HOUR


def test_a_weekend_is_quiet_by_default_and_a_second_one_is_not() -> None:
    """From a stock exchange's Friday close to its Monday open it is 66 hours; with a holiday, 90."""
    stack = stack_with()
    weekend = Trouble(Fault.PRODUCER_STOPPED, START, START + 66 * HOUR)
    holiday = replace(weekend, end=START + 90 * HOUR)

    assert alarmed(stack, world_of(stack, weekend).run(weekend.end + HOUR), weekend.end + HOUR) == {}
    found = alarmed(stack, world_of(stack, holiday).run(holiday.end + 2 * HOUR), holiday.end + 2 * HOUR)
    assert [on for _, on in found.pop("StreamSilentAlarm")] == [True, False]
    assert found == {}
