"""Any bytes are shown as printable ASCII, exactly, and as much as fits."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.quarantine.printable import excerpt, printable
from tests.unit.quarantine.stored import HOSTILE

PRINTABLE = set(map(chr, range(0x20, 0x7F)))


@given(st.binary(max_size=400), st.integers(3, 300))
def test_an_excerpt_is_printable_exact_and_as_long_as_it_may_be(data, width):
    text, size = excerpt(data, width)

    assert set(text) <= PRINTABLE
    assert ast.literal_eval(text) == data[:size]
    assert len(text) <= width
    assert size == len(data) or len(repr(data[: size + 1])) > width


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_an_excerpt_of_hostile_bytes_is_printable_and_exact(data):
    text, size = excerpt(data)

    assert set(text) <= PRINTABLE
    assert ast.literal_eval(text) == data[:size]


@given(st.text(st.characters()))
def test_any_text_becomes_printable(text):
    assert set(printable(text)) <= PRINTABLE


def test_a_text_keeps_what_is_printable_and_its_own_escapes():
    assert printable(r"symbol: '\u0410' ~") == r"symbol: '\u0410' ~"


def test_a_text_loses_half_surrogates_and_controls():
    assert printable("a\ud800\x1b\x7f\n\u202e\U0001f4a3") == r"a\ud800\x1b\x7f\n\u202e\U0001f4a3"
