"""One setting scales every time limit."""

import pytest

from harness import patience
from tests.waiting import until


@pytest.mark.parametrize(("set_to", "limit"), [(None, 10), ("", 10), ("1", 10), ("3", 30), ("1.5", 15)])
def test_limits_are_multiplied(monkeypatch: pytest.MonkeyPatch, set_to: str | None, limit: float) -> None:
    monkeypatch.delenv(patience.VARIABLE, raising=False)
    if set_to is not None:
        monkeypatch.setenv(patience.VARIABLE, set_to)

    assert patience.seconds(10) == limit


@pytest.mark.parametrize("set_to", ["much", "0", "0.5", "-3", "nan", "inf", "1001"])
def test_what_scales_nothing_sensibly_is_refused(monkeypatch: pytest.MonkeyPatch, set_to: str) -> None:
    monkeypatch.setenv(patience.VARIABLE, set_to)

    with pytest.raises(patience.BadPatience, match=f"PIPELINE_PATIENCE is '{set_to}'"):
        patience.seconds(10)


def test_what_does_not_come_about_fails_and_says_after_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(patience.VARIABLE, "2")

    with pytest.raises(AssertionError, match=r"the stack did not come about in 0\.02 s"):
        until(lambda: None, 0.01, "the stack")
    assert until(lambda: "there") == "there"
