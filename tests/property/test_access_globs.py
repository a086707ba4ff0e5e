"""The classes of patterns are exact: each witness belongs to its class, and each text to one of the classes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.access.globs import Glob, action, arn, classes, form, like, some
from tests.strategies import iam_patterns, iam_texts

Fits = Callable[[str, str], bool]


def fits(pattern: str, text: str) -> bool:
    """A second matcher, by the definition of `*` and `?` alone."""
    rows = [True] + [False] * len(text)
    for each in pattern:
        if each == "*":
            rows = [any(rows[: end + 1]) for end in range(len(rows))]
        else:
            rows = [False] + [rows[end] and each in ("?", text[end]) for end in range(len(text))]
    return rows[-1]


def fits_action(pattern: str, text: str) -> bool:
    return fits(pattern.lower(), text.lower())


def fits_arn(pattern: str, text: str) -> bool:
    parts = text.split(":", 5)
    return len(parts) == 6 and all(map(fits, pattern.split(":", 5), parts))


arns = st.lists(st.text("aA/*?", max_size=2), min_size=6, max_size=6).map(":".join)
KINDS = pytest.mark.parametrize(
    ("glob", "patterns", "texts", "matches"),
    [
        (like, iam_patterns, iam_texts, fits),
        (action, iam_patterns, iam_texts, fits_action),
        (arn, arns, st.one_of(iam_texts, arns.filter(lambda each: not {*each} & {*"*?"})), fits_arn),
    ],
    ids=["like", "action", "arn"],
)


@KINDS
@given(data=st.data())
def test_classes_are_what_patterns_tell_apart(
    glob: Callable[[str], Glob], patterns: st.SearchStrategy[str], texts: st.SearchStrategy[str], matches: Fits,
    data: st.DataObject,
) -> None:  # fmt: skip
    written = data.draw(st.lists(patterns, max_size=5))
    found = {frozenset(each.text for each in fitting): text for fitting, text in classes(map(glob, written)).items()}

    for fitting, witness in found.items():
        assert fitting == {each for each in written if matches(each, witness)}
    for text in data.draw(st.lists(texts, min_size=1, max_size=10)):
        fitting = frozenset(each for each in written if matches(each, text))
        assert len(found[fitting]) <= len(text)
        assert fitting == {each for each in written if glob(each).fits(text)}


@given(written=st.lists(iam_patterns, max_size=5), texts=st.lists(iam_texts, min_size=1, max_size=20))
def test_within_a_form_they_are_the_classes_of_its_texts(written: list[str], texts: list[str]) -> None:
    shape = form("aB:O", {"B": some(":/"), "O": some()})
    found = classes(map(like, written), shape)

    for fitting, witness in found.items():
        head, _, tail = witness.partition(":")
        assert head[:1] == "a"
        assert head[1:]
        assert tail
        assert "/" not in head
        assert {each.text for each in fitting} == {each for each in written if fits(each, witness)}
    for text in (f"a{each}" for each in texts):
        if shape.fits(text):
            assert len(found[frozenset(like(each) for each in written if fits(each, text))]) <= len(text)
