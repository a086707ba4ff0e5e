"""docs/producing.md is right: its messages are records, its samples run, and its policy is enough and no more."""

import re
from pathlib import Path
from typing import Any

import pytest

from harness.access.evaluate import Request, decide
from harness.access.policies import Identity, Policies
from harness.access.principals import Principal
from harness.access.statements import Kind, statements
from harness.deploy.stack import TEMPLATE
from harness.render import source
from harness.replay import producer
from market_data import FEEDS, MAX_RECORD_BYTES, feed_of, parse
from market_data.jsontext import MAX_NESTING
from market_data.numerals import MAX_FRACTION_DIGITS, MAX_INTEGER_DIGITS
from market_data.records import MAX_LEVELS
from tests.documents import blocks
from tests.producing import EXAMPLES, PAGE, POLICY, sample

ROOT = Path(__file__).parents[2]
ACCOUNT = "111122223333"
PRODUCER = Principal(f"arn:aws:iam::{ACCOUNT}:role/producer", session="now")
PUT, ENCRYPT = POLICY["Statement"]
STREAM, KEY = PUT["Resource"], ENCRYPT["Resource"]
KINESIS = {"kms:viaservice": ("kinesis.us-east-1.amazonaws.com",)}


def test_every_message_of_the_page_is_a_record_and_every_feed_has_one() -> None:
    messages = [block.encode() for block in blocks(PAGE, "json") if '"symbol"' in block]

    assert all(parse(message) for message in messages)
    assert {feed_of(message) for message in messages} == set(FEEDS)


@pytest.mark.parametrize("field", ["symbol", "price"])
def test_the_sample_with_the_schema_names_the_field(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    errors = sample("errors")["errors"]

    assert errors(EXAMPLES[0]) == []
    assert [path for path, _ in errors({**EXAMPLES[0], field: ""})] == [f"$.{field}"]


class Stream:
    """Takes what is put, up to `left` records of a request; refuses the others of it."""

    def __init__(self, *left: int) -> None:
        self.left = list(left)
        self.requests: list[list[bytes]] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> Any:  # noqa: N803
        assert StreamName == "stream"
        self.requests.append([record["Data"] for record in Records])
        left = self.left.pop(0) if self.left else len(Records)
        taken = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
        refused = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
        return {"Records": [taken if n < left else refused for n in range(len(Records))]}


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    names = sample("send")
    monkeypatch.setattr(names["time"], "sleep", lambda seconds: None)
    return names


def test_the_sample_sends_what_was_refused_again_before_anything_later(sending: dict[str, Any]) -> None:
    stream = Stream(498, 1)
    messages = [b"%d" % number for number in range(501)]
    sending["send"](stream, "stream", [("key", message) for message in messages])

    assert stream.requests == [messages[:500], messages[498:500], messages[499:500], messages[500:]]


def test_the_sample_gives_up_with_an_error(sending: dict[str, Any]) -> None:
    stream = Stream(*[0] * 99)
    with pytest.raises(RuntimeError, match="2 records not accepted: ProvisionedThroughputExceededException"):
        sending["send"](stream, "stream", [("key", b"1"), ("key", b"2")])

    assert len(stream.requests) == sending["ATTEMPTS"]


def test_a_request_of_the_sample_is_within_the_limits(sending: dict[str, Any]) -> None:
    stream = Stream()
    # Six of them are within the limit but for their keys, of 200 bytes each.
    messages = [("é" * 100, bytes(producer.MAX_REQUEST_BYTES // 6 - 100))] * 12
    sending["send"](stream, "stream", messages)

    assert [len(request) for request in stream.requests] == [5, 5, 2]
    assert (sending["MOST_RECORDS"], sending["MOST_BYTES"]) == (producer.MAX_RECORDS, producer.MAX_REQUEST_BYTES)


def allowed(action: str, resource: str, context: dict[str, tuple[str, ...]]) -> bool:
    """Whether the page's policy allows a producer a request, in the pipeline's account."""
    own = statements(POLICY, ("docs/producing.md",), Kind.IDENTITY)
    policies = Policies(ACCOUNT, {PRODUCER.arn: Identity(own)})
    return decide(policies, Request(PRODUCER, action, resource, ACCOUNT, context)).allowed


def test_the_policy_is_enough() -> None:
    assert allowed("kinesis:PutRecords", STREAM, {})
    assert allowed("kms:GenerateDataKey", KEY, KINESIS)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("kinesis:PutRecords", STREAM.replace("production", "development"), {}),
        ("kinesis:GetRecords", STREAM, {}),
        ("kinesis:DeleteStream", STREAM, {}),
        ("kms:Decrypt", KEY, KINESIS),
        ("kms:GenerateDataKey", KEY, {}),
        ("kms:GenerateDataKey", KEY, {"kms:viaservice": ("s3.us-east-1.amazonaws.com",)}),
        ("kms:GenerateDataKey", KEY.replace("1111-", "2222-"), KINESIS),
        ("s3:GetObject", "arn:aws:s3:::financial-raw-data-production-111122223333/x", {}),
    ],
)
def test_the_policy_is_no_more(action: str, resource: str, context: dict[str, tuple[str, ...]]) -> None:
    assert not allowed(action, resource, context)


def test_the_policys_stream_is_the_templates() -> None:
    name = source.read(TEMPLATE).template["Resources"]["MarketDataStream"]["Properties"]["Name"]["Fn::Sub"]

    assert STREAM.rpartition("/")[2] == name.replace("${Environment}", "production")


def test_the_limits_are_those_of_the_code() -> None:
    limits = {cells[0]: cells[1] for cells in re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)}

    assert limits["a record"].startswith(f"{MAX_RECORD_BYTES:,} bytes")
    assert limits["a number"] == f"{MAX_INTEGER_DIGITS} integer and {MAX_FRACTION_DIGITS} fraction digits"
    assert limits["a side of a book"] == f"{MAX_LEVELS:,} levels"
    assert limits["nesting"] == f"{MAX_NESTING} levels"
    assert limits["a `PutRecords` request"].startswith(f"{producer.MAX_RECORDS} records and 5 MiB")


def test_the_page_advises_the_partition_keys_of_the_harness() -> None:
    assert f"`{producer.partition_key(blocks(PAGE, 'json')[0].encode())}`" in PAGE
