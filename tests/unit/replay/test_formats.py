"""Detects the format of a line; exactly one format matches. The lines are synthetic."""

import json

import pytest

from harness.replay.errors import LineError, ReplayError
from harness.replay.formats import FORMATS, detected, known, named
from harness.replay.framing import Received, unframed
from harness.replay.generator import generate
from harness.replay.messages import Message, scalar
from harness.replay.source_records import Skipped

LINES = {
    "binance": [
        b'1600000000123456789 {"stream":"a@trade","data":{"e":"trade","s":"A"}}',
        b'1600000000.5: {"e":"depthUpdate","s":"A"}',
        b'{"u":1,"s":"A","b":"1","B":"1","a":"1","A":"1"}',
        b'1600000000123456789 {"lastUpdateId":1,"bids":[],"asks":[]}',
    ],
    "bitfinex": [
        b'1600000000.5: {"event":"info","version":2,"serverId":"a","platform":{"status":1}}',
        b'1600000000.5: {"event":"subscribed","channel":"book","chanId":5,"symbol":"tA"}',
        b"1600000000.5: [5,[1,2,3],9]",
        b'1600000000.5: [5,"hb",9]',
        b'1600000000.5: ["5",["1","2","3"]]',
        b'[5,"te",[1,2,3,4]]',
    ],
    "bitmex": [
        b'1600000000.5: {"table":"trade","action":"insert","data":[]}',
        b'1600000000.5: {"success":true,"subscribe":"trade:A","request":{}}',
    ],
    "bitstamp": [
        b'1600000000.5: {"event":"bts:subscription_succeeded","channel":"live_trades_ab","data":{}}',
        b'1600000000.5: {"data":{},"channel":"diff_order_book_ab","event":"data"}',
        b'https://www.bitstamp.net/api/v2/order_book/ab -> 1600000000.5: {"bids":[],"asks":[]}',
        b'1430438404518 order_created {"price":"1","amount":"1","id":1,"order_type":0}',
        b'1430438404518 order_book {"bids":[],"asks":[]}',
        b'1430438404518 trade {"price":1.5,"amount":1,"id":5}',
    ],
    "canonical": [
        b'{"type":"trade","symbol":"A","exchange":"XNYS","timestamp":"2024-01-02T03:04:05Z","price":"1","volume":"1"}',
        b'{"symbol":"A","price":1.5,"volume":1,"timestamp":"2024-01-02T03:04:05Z","exchange":"XNYS"}',
        b'{"type":"order_book","symbol":5}',
    ],
    "coinbase": [
        b'1600000000.5: {"type":"subscriptions","channels":[]}',
        b'1600000000.5: {"type":"l2update","product_id":"A-B","changes":[]}',
        b'1600000000: {"type":"match","product_id":"A-B"}',
    ],
    "databento": [
        b'{"ts_recv":"1","hd":{"ts_event":"1","rtype":160,"publisher_id":1,"instrument_id":1},"symbol":"A"}',
        b'{"dataset":"GLBX.MDP3","schema":"mbo","record":{}}',
    ],
    "deribit": [
        b'1600000000.5: {"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.A.raw","data":{}}}',
        b'{ "jsonrpc": "2.0", "method": "subscription", "params": { "channel": "ticker.A.raw", "data": {} } }',
    ],
    "hyperliquid": [
        b'1600000000123456789 {"channel":"l2Book","data":{"coin":"A","levels":[[],[]],"time":1}}',
        b'1600000000123456789 {"channel":"trades","data":[{"coin":"A"}]}',
    ],
    "kraken": [
        b'1600000000.5: {"connectionID":1,"event":"systemStatus","status":"online"}',
        b'1600000000.5: {"channelID":1,"channelName":"book-10","event":"subscriptionStatus"}',
        b'1600000000.5: [0,{"a":[]},"book-10","A/B"]',
        b'1600000000.5: [0,{"a":[]},{"b":[]},"book-10","A/B"]',
        b'1600000000.5: ["0",["1","2"],"spread","A/B"]',
    ],
    "lean": [
        b'{"date":"20200102","symbol":"A","ms":"1","price":"10000","size":"1","exchange":"N"}',
        b'{"date":"20200102","symbol":"A","ms":"1","bid_price":"1","bid_size":"1","ask_price":"0","ask_size":"0",'
        b'"exchange":"N"}',
    ],
}
ELSEWHERE = [
    b"",
    b"wss://ws-feed.example <-> 1600000000.5",
    b'wss://ws-feed.example <- 1600000000.5: {"type":"subscribe","product_ids":["A-B"]}',
    b'1600000000.5: {"event":"heartbeat"}',
    b"1600000000.5: []",
    b'1600000000.5: [0,{"a":[]}]',
    b'1600000000.5: [0,{"a":[]},"news","A/B"]',
    b'1600000000.5: ["a",[1,2,3]]',
    b'1600000000123456789 {"channel":"trades","data":[]}',
    b'1600000000123456789 {"channel":"pong"}',
    b'1600000000123 somebody_spoke {"price":"1"}',
    b'https://a.example/order_book/ab -> 1600000000.5: {"bids":[],"asks":[]}',
    b'{"jsonrpc":"2.0","method":"subscription","params":{}}',
    b'{"jsonrpc":"2.0","id":0,"result":[]}',
    b'{"stream":5,"data":{}}',
    b'{"type":"quote","symbol":"A"}',
    b"not json",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"symbol":"\xff"}',
    b"5",
]


def test_every_format_has_a_line_here() -> None:
    assert LINES.keys() == FORMATS.keys()


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in LINES.items() for line in lines])
def test_a_line_is_of_one_format_alone(name: str, line: bytes) -> None:
    """If two formats matched a line, the order of a table would decide how a file is read."""
    assert [other for other, kind in FORMATS.items() if kind.recognises(line)] == [name]


@pytest.mark.parametrize("line", ELSEWHERE, ids=lambda line: repr(line[:30]))
def test_a_line_that_does_not_tell_is_of_none(line: bytes) -> None:
    assert not [name for name, kind in FORMATS.items() if kind.recognises(line)]


def test_the_first_line_that_tells_decides() -> None:
    assert detected([*ELSEWHERE, *LINES["lean"], *LINES["coinbase"]]) is FORMATS["lean"]
    assert detected(ELSEWHERE) is None


def test_a_format_is_named_in_any_case_and_an_unknown_one_lists_those_there_are() -> None:
    assert named(" Lean ") is FORMATS["lean"]
    with pytest.raises(ReplayError, match=rf"'nyse'.*{known()}"):
        named("nyse")
    assert known() == ", ".join(sorted(LINES))


def test_canonical_lines_pass_untouched_whatever_they_are() -> None:
    """The raw bucket must hold exactly what a user sends, bad lines included."""
    lines = [item.raw for item in generate(300, seed=3, bad_per_mille=500)]

    assert [list(FORMATS["canonical"]().read(line)) for line in lines] == [[line] for line in lines]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(b'1600000000.25: {"a": 1}', Received(b'{"a": 1}', "2020-09-13T12:26:40.25Z"), id="seconds"),
        pytest.param(b"1600000000: 5: 6", Received(b"5: 6", "2020-09-13T12:26:40Z"), id="split once"),
        pytest.param(b"1600000000000000001 []", Received(b"[]", "2020-09-13T12:26:40.000000001Z"), id="nanoseconds"),
        pytest.param(
            b"1600000000001 order_book {}",
            Received(b"{}", "2020-09-13T12:26:40.001Z", event="order_book"),
            id="milliseconds and an event",
        ),
        pytest.param(
            b"https://a/b -> 1.5: {}", Received(b"{}", "1970-01-01T00:00:01.5Z", url="https://a/b"), id="http"
        ),
        pytest.param(b"[1]", Received(b"[1]"), id="bare"),
        pytest.param(b"wss://a/ <-> 1.5", Skipped("connected", is_message=False), id="connected"),
        pytest.param(b"wss://a/ <- 1.5: {}", Skipped("sent", is_message=False), id="sent"),
    ],
)
def test_a_recorders_line_is_taken_apart(line: bytes, expected: object) -> None:
    assert unframed(line) == expected


@pytest.mark.parametrize("line", [b"https://a/ 1.5: {}", b"-1.5: {}", b"1600000000 {}", b"", b"\xff"])
def test_a_line_that_no_recorder_writes_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        unframed(line)


def test_a_numeral_is_the_same_text_with_and_without_quotes() -> None:
    digits = "123456789012345678901234567890.000000000000000000000001"
    message = Message(f'{{"a":{digits},"b":"{digits}","c":null,"d":"\\u0031"}}'.encode())

    assert message.text("a") == message.text("b") == digits
    assert message.optional("c") is None
    assert message.text("d") == "1"
    assert not message.fields


@pytest.mark.parametrize("body", [b'{"a":true}', b'{"a":[1]}', b'{"a":{}}', b"{}", b'{"a":null}', b'{"a":"\\ud800"}'])
def test_a_field_that_is_no_text_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(LineError):
        Message(body).text("a")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"a":"\xff"}', b"", b'{"a":' + b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(LineError):
        Message(body)


def test_a_scalar_is_text_or_number() -> None:
    values = Message(json.dumps({"a": -1.5, "b": "x", "c": False, "d": []}).encode()).fields

    assert [scalar(value) for value in values.values()] == ["-1.5", "x", None, None]
