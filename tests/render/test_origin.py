"""Every value of a rendering is traced to its place in the source, where findings are reported."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.render.rendering import Rendering
from harness.render.resources import at, walk
from harness.render.scenarios import Scenarios
from harness.render.source import Source


@pytest.mark.parametrize("number", [0, 1, 2, 4, 7, -1])
def test_every_value_leads_to_a_place_that_renders_to_it(source: Source, scenarios: Scenarios, number: int) -> None:
    """Exactly, except for a list or object that a function builds: it is traced to the function."""
    rendering = scenarios.all[number].rendering
    evaluation = rendering._evaluation
    places = exact = 0
    for place, value in walk(rendering.template):
        if not place or place == ("AWSTemplateFormatVersion",):
            continue
        origin = rendering.origin(place)
        written = at(source.template, *origin)
        rendered = evaluation.value(written)
        places += 1
        if len(place) <= 2:
            assert origin == place
        elif rendered == value:
            exact += 1
        else:
            assert _is_function(written), (place, origin)
            assert any(each == value for _, each in walk(rendered)), (place, origin)
    assert places > 2000
    assert exact > 0.9 * places


def _is_function(written: Any) -> bool:
    return (
        isinstance(written, dict) and len(written) == 1 and next(iter(written)) in ("Ref", "Fn::Split", "Fn::FindInMap")
    )


def test_every_value_stands_at_its_line(source: Source, scenarios: Scenarios) -> None:
    """A literal text must be on, or begin on, the line that its finding names."""
    lines = source.text.splitlines()
    seen = 0
    for scenario in scenarios.all[:4]:
        for place, value in walk(scenario.rendering.template):
            origin = scenario.rendering.origin(place)
            if (
                at(source.template, *origin) == value
                and isinstance(value, str)
                and "\n" not in value
                and len(value) < 60
            ):
                said = " ".join(lines[source.line(origin) - 1 :][:2])
                assert _written(value) in _written(said), (place, value, said)
                seen += 1
            elif isinstance(place[-1] if place else 0, str) and origin == place:
                assert str(place[-1]) in lines[source.line(origin) - 1]
    assert seen > 2000


def _written(text: str) -> str:
    return re.sub(r"['\"\\]", "", text)


CONDITIONS: dict[str, Any] = {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}}
_leaves = st.sampled_from(
    [{"Ref": "AWS::NoValue"}, {"Ref": "AWS::Region"}, {"Fn::Sub": "${AWS::Region}"}]
) | st.integers(0, 9)
_written_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.builds(lambda c, x, y: {"Fn::If": [c, x, y]}, st.sampled_from(["Yes", "No"]), inner, inner)
    ),
    max_leaves=14,
)


@given(_written_values)
def test_whatever_is_taken_out_around_it_a_value_leads_to_its_own_place(written: Any) -> None:
    """NoValue removes list entries and `If` replaces two branches with one, so indexes differ."""
    template = {"Conditions": CONDITIONS, "Resources": {"A": {"Type": "T", "Properties": {"P": written}}}}
    rendering = Rendering(template, {})
    for place, value in walk(rendering.resource("A")):
        if place:
            origin = rendering.origin(("Resources", "A", *place))
            assert rendering._evaluation.value(at(template, *origin)) == value


def test_what_is_waited_for_leads_to_its_own_place() -> None:
    template = {
        "Conditions": CONDITIONS,
        "Resources": {
            "A": {"Type": "T", "DependsOn": ["Gone", "B"]},
            "B": {"Type": "T"},
            "Gone": {"Type": "T", "Condition": "No"},
        },
    }
    rendering = Rendering(template, {})
    assert rendering.resource("A")["DependsOn"] == ["B"]
    assert rendering.origin(("Resources", "A", "DependsOn", 0)) == ("Resources", "A", "DependsOn", 1)


@pytest.mark.parametrize(
    ("place", "origin"),
    [
        (("Resources", "A", "Properties", "P", "x"), ("Resources", "A", "Properties", "P")),
        (("Resources", "A", "Properties", "P", 7), ("Resources", "A", "Properties", "P")),
        (("Resources", "A", "Properties", "none", "x"), ("Resources", "A", "Properties")),
        (("Resources", "none", "Properties"), ("Resources",)),
        ((), ()),
    ],
)
def test_a_place_that_is_not_there_leads_to_what_is_around_it(place: Any, origin: Any) -> None:
    """Engines also name places that do not exist, such as a missing property."""
    template = {"Resources": {"A": {"Type": "T", "Properties": {"P": {"Ref": "AWS::Region"}}}}}
    assert Rendering(template, {}).origin(place) == origin
