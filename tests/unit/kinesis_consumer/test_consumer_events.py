"""The Kinesis event is read once, exactly."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kinesis_consumer.events import stream_records
from pipeline_store.errors import UnexpectedEvent
from tests.unit.kinesis_consumer.stream import KPL_AGGREGATE, MULTILINE_TRADE, kinesis_event, message

NO_BASE64 = kinesis_event([message(1)])
NO_BASE64["Records"][0]["kinesis"]["data"] = "%"


def test_an_event_is_read_as_it_was_sent() -> None:
    sent = [message(1, MULTILINE_TRADE), message(2, KPL_AGGREGATE), message(3, b"")]

    assert stream_records(kinesis_event(sent)) == sent


@given(st.integers(0, 4_102_444_800_000))
@example(1001)  # 1.001 * 1000 is 1000.9999999999999
def test_no_millisecond_is_lost_to_the_float(arrival_ms: int) -> None:
    """The arrival time decides the hour and the job row's key: truncated, it could be a millisecond too early."""
    (record,) = stream_records(kinesis_event([message(1, arrival_ms=arrival_ms)]))

    assert record.arrival_ms == arrival_ms


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="no-records"),
        pytest.param({"Records": [{"messageId": "1", "body": "{}"}]}, id="from-a-queue"),
        pytest.param(NO_BASE64, id="no-base64"),
    ],
)
def test_another_event_crashes_and_says_why(event: dict[str, object]) -> None:
    """A function with the wrong event source must fail visibly, not report success."""
    with pytest.raises(UnexpectedEvent, match="not a Kinesis event"):
        stream_records(event)
