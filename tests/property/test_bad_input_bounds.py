"""A full event of the worst records, through both functions, in a process with Lambda's memory limit."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.deploy.stack import TEMPLATE
from harness.replay.hostile import EXPENSIVE
from harness.replay.market import LARGE, Market
from market_data import MAX_RECORD_BYTES
from tests import hostile
from tests.unit.kinesis_consumer.stream import TRADE, kinesis_event, message

LAMBDA = Path(TEMPLATE).parents[1] / "lambda_src"
#: Memory of the smaller function, in MiB. Here it limits the whole address space, shared libraries included.
MEMORY_MB = min(map(int, re.findall(r"MemorySize: (\d+)", Path(TEMPLATE).read_text())))
#: Detects quadratic time in a record's length, which would take minutes. Measured: a second at most.
CPU_SECONDS = 15
PAYLOAD_BYTES = 6 * 1024 * 1024

BOTH_FUNCTIONS = """
import hashlib, json, resource, sys
memory, seconds = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
from io import BytesIO
from data_validation.verdicts import judge, read_records
from kinesis_consumer.core import batch_objects
from kinesis_consumer.events import stream_records
from market_data import DEFAULT_NON_POSITIVE_EXCHANGES
from market_data.envelope import decode_quarantine_line, unpack
ends = []
def quarantined(body):
    for line in unpack(BytesIO(body)):
        found = decode_quarantine_line(line)
        ends.append((found.record.seq, found.reason, hashlib.sha256(found.record.data).hexdigest()))
for batch_object in batch_objects(stream_records(json.loads(sys.stdin.buffer.read()))):
    if batch_object.feed is None:
        quarantined(batch_object.body)
        continue
    records = read_records(batch_object.key, batch_object.body)
    verdict = judge(records, batch_object.feed, DEFAULT_NON_POSITIVE_EXCHANGES)
    if verdict.rejected:
        quarantined(verdict.rejected.body)
    if verdict.valid:
        ends += [(json.loads(line)["seq"], None, None) for line in unpack(BytesIO(verdict.valid.body))]
print(json.dumps(sorted(ends)))
"""


def both_functions(event: bytes, code: str = BOTH_FUNCTIONS, cpu_seconds: int = CPU_SECONDS) -> Any:
    """The outcome of each record of an event: sequence, reason and a digest of the stored bytes."""
    limits = [str(MEMORY_MB * 1024 * 1024), str(cpu_seconds)]
    done = subprocess.run(
        [sys.executable, "-c", code, *limits], input=event, capture_output=True, check=False, cwd=LAMBDA
    )
    assert done.returncode == 0, f"ended by {done.returncode}: {done.stderr.decode()[-500:]}"
    return json.loads(done.stdout)


def _worst() -> list[Any]:
    market = Market(Random(1))
    made = [("large", spoil(market)) for spoil in EXPENSIVE]
    made += [("valid", (oddity(market), None)) for oddity in LARGE]
    made += [("huge", pair) for pair in hostile.HUGE_BYTES]
    return [
        pytest.param(raw, reason, id=f"{kind}-{number}-{reason}") for number, (kind, (raw, reason)) in enumerate(made)
    ]


@pytest.mark.parametrize(("raw", "reason"), _worst())
def test_an_event_full_of_the_worst_is_gone_through_in_bounded_time_and_memory(raw: bytes, reason: str | None) -> None:
    """Neither one record nor four may exhaust the function's memory or its two minutes."""
    copies = PAYLOAD_BYTES // (len(base64.b64encode(raw)) + 1_000)
    # Small ones would fill the event by the hundred; it is the large ones that are tried here.
    batch = [message(2 * number, raw) for number in range(min(copies, 10))]
    batch += [message(2 * number + 1, TRADE) for number in range(len(batch))]
    ends = both_functions(json.dumps(kinesis_event(batch)).encode())

    digest = None if reason is None else hashlib.sha256(raw).hexdigest()
    assert len(batch) >= 8
    assert ends == sorted(
        [each.sequence, reason, digest] if each.data is raw else [each.sequence, None, None] for each in batch
    )


@pytest.mark.parametrize(
    ("harm", "sign"),
    [
        pytest.param("x = bytes(memory)", "MemoryError", id="memory"),
        pytest.param("while True: pass", "ended by -", id="time"),
    ],
)
def test_the_bounds_are_real(harm: str, sign: str) -> None:
    """A limit that the system ignores would let everything through."""
    code = BOTH_FUNCTIONS.replace("ends = []", f"ends = []\n{harm}")
    with pytest.raises(AssertionError, match=sign):
        both_functions(b'{"Records": []}', code, cpu_seconds=1)


def test_the_worst_are_as_long_as_the_stream_takes_and_as_the_contract_allows() -> None:
    sizes = {len(each.values[0]) for each in _worst()}

    assert max(sizes) > 1024 * 1024 - 100
    assert MAX_RECORD_BYTES in sizes
    assert MEMORY_MB == 512
