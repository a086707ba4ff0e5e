"""M out of N and missing data, compared with the tables in AWS's documentation and a slow model of their rules."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.alarms.states import TREATMENTS, State, state_of

OK, ALARM, NONE = State.OK, State.ALARM, State.INSUFFICIENT_DATA
#: "Retain current state" of the tables: tried from both.
RETAIN = None

#: "Configuring how CloudWatch alarms treat missing data": data points; missing, ignore, breaching, notBreaching.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
THREE_OF_THREE = [
    ("0 - X - X", OK, OK, OK, OK),
    ("0 - - - -", OK, OK, OK, OK),
    ("- - - - -", NONE, RETAIN, ALARM, OK),
    ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
    ("- - X - -", ALARM, RETAIN, ALARM, OK),
]
TWO_OF_THREE = [
    ("0 - X - X", ALARM, ALARM, ALARM, ALARM),
    ("0 0 X 0 X", ALARM, ALARM, ALARM, ALARM),
    ("0 - X - -", OK, OK, ALARM, OK),
    ("- - - - 0", OK, OK, ALARM, OK),
    ("- - - X -", ALARM, RETAIN, ALARM, OK),
]
#: From the text of "Avoiding premature transitions to alarm state" and, the first three, the tables' earlier edition.
PREMATURE = [
    ("- - - - X", 3, NONE, RETAIN, ALARM, OK),
    ("X - - - -", 3, ALARM, RETAIN, ALARM, OK),
    ("- - - - X", 2, NONE, RETAIN, ALARM, OK),
    ("- - - X -", 3, NONE, RETAIN, ALARM, OK),
]
TABLES = [
    *((points, 3, *states) for points, *states in THREE_OF_THREE),
    *((points, 2, *states) for points, *states in TWO_OF_THREE),
    *PREMATURE,
]


def read(points: str) -> list[bool | None]:
    """A row of the tables: 0 not breaching, X breaching, - missing."""
    return [{"0": False, "X": True, "-": None}[each] for each in points.split()]


@pytest.mark.parametrize(
    ("points", "to_alarm", "treatment", "expected"),
    [
        pytest.param(points, to_alarm, treatment, expected, id=f"{to_alarm} of 3, {points}, {treatment}")
        for points, to_alarm, *states in TABLES
        for treatment, expected in zip(TREATMENTS, states, strict=True)
    ],
)
def test_the_documented_tables_hold(points: str, to_alarm: int, treatment: str, expected: State | None) -> None:
    """Every cell of AWS's tables."""
    for current in State:
        found = state_of(read(points), 3, to_alarm, treatment, current)

        assert found == (expected or current)


def slow_model(points: list[bool | None], needed: int, to_alarm: int, treatment: str, current: State) -> State:
    """The documentation's rules in order, by trying every value for the missing datapoints."""
    newest_first = [each for each in reversed(points) if each is not None]
    if len(newest_first) >= needed:
        evaluated = newest_first[:needed]
        return ALARM if evaluated.count(True) >= to_alarm else OK
    filled = {value: newest_first + [value] * (needed - len(newest_first)) for value in (True, False)}
    would_be = {value: ALARM if row.count(True) >= to_alarm else OK for value, row in filled.items()}
    if treatment == "breaching":
        return would_be[True]
    if treatment == "notBreaching":
        return would_be[False]
    if would_be[True] == would_be[False] == ALARM:
        return ALARM
    if False in newest_first:
        return OK
    if treatment == "ignore":
        return current
    old_enough = any(each is True for each in points[: len(points) - to_alarm + 1])
    return ALARM if old_enough else NONE


@st.composite
def evaluations(draw: st.DrawFn) -> tuple[list[bool | None], int, int, str, State]:
    """Datapoints of an alarm: more periods than it needs, some of them missing."""
    needed = draw(st.integers(1, 8))
    points = draw(st.lists(st.sampled_from([True, False, None]), min_size=needed, max_size=needed + 4))
    return points, needed, draw(st.integers(1, needed)), draw(st.sampled_from(TREATMENTS)), draw(st.sampled_from(State))


@given(evaluations())
@example(([None, None, True, None], 3, 2, "missing", OK)).via("age is counted from the newest period")
def test_states_agree_with_the_slow_model(evaluation: tuple[list[bool | None], int, int, str, State]) -> None:
    """The fast and the slow evaluation agree."""
    assert state_of(*evaluation) == slow_model(*evaluation)


@given(evaluations())
def test_a_worse_point_never_ends_an_alarm(evaluation: tuple[list[bool | None], int, int, str, State]) -> None:
    """If a healthy datapoint becomes a breach, the alarm stays in ALARM or enters it."""
    points, *rest = evaluation
    worse = [True if each is False else each for each in points]

    if state_of(points, *rest) is ALARM:
        assert state_of(worse, *rest) is ALARM
