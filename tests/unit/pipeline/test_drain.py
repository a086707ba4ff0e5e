"""Waiting for the functions: it ends when every record is validated, and reports a stall."""

import pytest

from harness import patience
from harness.pipeline.drain import STALLED_SECONDS, Drain, DrainError, Progress
from pipeline_store.keys import raw_key, undecodable_key

ARRIVAL_MS = 1_700_000_000_000
GOOD = raw_key("trade", ARRIVAL_MS, "shardId-000000000000", ["1", "2", "3"])
BAD = undecodable_key(ARRIVAL_MS, "shardId-000000000000", ["4"])


class FakeAws:
    """Both clients: the raw bucket's keys and each row's stage, poll by poll."""

    def __init__(self, *looks):
        self.looks = list(looks)
        self.now = ([], {})

    def get_paginator(self, operation):
        self.operation = operation
        return self

    def paginate(self, **given):
        if self.operation == "scan":
            # A poll begins with the rows.
            self.now = self.looks.pop(0) if self.looks else self.now
            return [{"Items": [{"JobId": {"S": key}, "Stage": {"N": str(n)}} for key, n in self.now[1].items()]}]
        keys = [key for key in self.now[0] if key.startswith(given["Prefix"])]
        return [{"Contents": [{"Key": key} for key in keys]}] if keys else [{}]


def _wait(aws, records=4, check=lambda: None):
    times = iter(range(10_000))
    seen = []
    drain = Drain(aws, aws, "raw", "jobs")
    return drain.wait(records, seen.append, check, clock=lambda: next(times), sleep=lambda _: None), seen


def test_it_waits_for_the_last_object_to_be_judged():
    looks = [([], {}), ([GOOD], {GOOD: 1}), ([GOOD, BAD], {GOOD: 1}), ([GOOD, BAD], {GOOD: 2})]

    done, seen = _wait(FakeAws(*looks))

    assert done == Progress(stored=4, judged=4, objects=1)
    assert [each.judged for each in seen] == [0, 0, 1, 4, 4]


def test_what_nobody_judges_is_reported():
    """A function that crashes on one object would make the run wait for ever."""
    with pytest.raises(
        DrainError,
        match=rf"{patience.seconds(STALLED_SECONDS):.0f} s: of 4 records .* 4 are stored and 1 are validated",
    ):
        _wait(FakeAws(([GOOD, BAD], {GOOD: 1})))


def test_a_refused_call_ends_the_waiting_at_once():
    def refuse():
        raise PermissionError("role may not s3:PutObject")

    with pytest.raises(PermissionError):
        _wait(FakeAws(([], {})), check=refuse)
