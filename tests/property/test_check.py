"""The check gives each line of a file the verdict that the validator gives the record."""

import gzip
import time
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from market_data import DEFAULT_NON_POSITIVE_EXCHANGES, RejectedRecord, check, flags, parse
from tests.strategies import NON_POSITIVE_EXCHANGES, hostile_inputs, mutations, raw_records

lines = st.lists(raw_records() | mutations() | hostile_inputs.map(lambda pair: pair[0]), max_size=8)
allowed = st.sets(st.sampled_from(NON_POSITIVE_EXCHANGES)).map(frozenset) | st.just(DEFAULT_NON_POSITIVE_EXCHANGES)
#: How gzip and zstd files begin: RFC 1952 and RFC 8878.
PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("check") / "records"


@given(lines, allowed, st.sampled_from([bytes, gzip.compress]))
def test_the_check_is_the_validator(file: Path, lines: list[bytes], allowed: frozenset[str], pack: type[bytes]) -> None:
    content = b"".join(line + b"\n" for line in lines)
    # What begins as a packed file does is read as one.
    assume(pack is not bytes or not content.startswith(PACKED))
    file.write_bytes(pack(content))
    expected, flagged = [], 0
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            record = parse(line, allow_nonpositive=allowed)
        except RejectedRecord as rejected:
            expected.append((number, rejected.reason, rejected.detail))
        else:
            flagged += bool(flags(record, time.time_ns()))

    counts = check.Counts()
    refusals = list(check.check(str(file), allowed, counts))
    assert [(each.line, each.code, each.detail) for each in refusals] == expected
    assert counts.sums()["accepted"] == content.count(b"\n") - len(expected)
    assert counts.flagged == flagged
