"""The catalogue of controls must match its schema and the rules; errors are one line."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.catalogue import catalogue, controls
from harness.catalogue.catalogue import GUARD, Rule
from harness.catalogue.controls import BadControls

RULES = [Rule(f"ENC-00{number}", slug, GUARD, Path(), "", ()) for number, slug in enumerate(("one", "two"))]
GOOD: dict[str, Any] = {
    "frameworks": {
        "nist": {
            "name": "NIST", "version": "5", "source": "https://example.com/",
            "titles": {"SC-28": "At Rest", "AC-one": "The\n First", "AC-two": "The Second"},
        }
    },
    "controls": [
        {
            "id": f"FDP-{name}", "statement": "It is\n so.", "why": "Because.", "rules": [name], "not_covered": "Much.",
            "frameworks": {"nist": ["SC-28", f"AC-{name}"]}, "unchecked": {"nist": ["SC-28"]},
        }
        for name in ("one", "two")
    ],
}  # fmt: skip


def _load(data: Any, folder: Path, comment: str = "") -> controls.Controls:
    path = folder / "controls.yaml"
    path.write_text(comment + (data if isinstance(data, str) else yaml.safe_dump(data)))
    return controls.load(path, RULES)


def test_a_good_catalogue_is_read(tmp_path: Path) -> None:
    comment = "# First.\n#\n# How to read it\n# - So.\n#   And so.\n#\n# Whom it binds. You.\n\n# Not this.\n"
    found = _load(GOOD, tmp_path, comment)

    assert [control.id for control in found.of_rule("two")] == ["FDP-two"]
    assert found.controls[0].statement == "It is so."
    assert found.controls[0].frameworks == {"nist": ("SC-28", "AC-one")}
    assert found.controls[0].unchecked == {"nist": ("SC-28",)}
    assert found.frameworks["nist"].name == "NIST"
    assert found.frameworks["nist"].titles == {"SC-28": "At Rest", "AC-one": "The First", "AC-two": "The Second"}
    assert found.said_about("How to read it") == "- So.\n  And so."
    assert found.said_about("Whom it binds") == "You."
    with pytest.raises(BadControls, match="no paragraph 'Not this'"):
        found.said_about("Not this")


def _with(*place: Any, value: Any) -> Any:
    data = copy.deepcopy(GOOD)
    part = data
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    return data


def _without(*place: Any) -> Any:
    data = copy.deepcopy(GOOD)
    part: Any = data
    for step in place[:-1]:
        part = part[step]
    del part[place[-1]]
    return data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param("a: [", "while parsing", id="no YAML"),
        pytest.param("", "the file: it is a mapping", id="empty"),
        pytest.param("- a", "the file: it is a mapping", id="a list"),
        pytest.param(_without("frameworks"), "the file: frameworks is missing", id="no frameworks"),
        pytest.param(_with("more", value=1), "the file: more is not one of", id="an unknown section"),
        pytest.param(_with("frameworks", value=["nist"]), "frameworks are a mapping", id="frameworks as a list"),
        pytest.param(_without("frameworks", "nist", "version"), "framework nist: version is missing", id="no version"),
        pytest.param(_without("frameworks", "nist", "titles"), "framework nist: titles is missing", id="no titles"),
        pytest.param(_with("frameworks", "nist", "titles", value=["a"]), "a mapping of ids to titles", id="titles"),
        pytest.param(_with("frameworks", "nist", "titles", 7.1, value="a"), "all of them texts", id="id as a number"),
        pytest.param(_with("frameworks", "nist", "titles", "SC-28", value=""), "all of them texts", id="empty title"),
        pytest.param(_without("frameworks", "nist", "titles", "SC-28"), "nist: SC-28 has no title", id="no title"),
        pytest.param(
            _with("frameworks", "nist", "titles", "SC-1", value="Policy"),
            "nist: SC-1 has a title, and no control has it",
            id="a title left over",
        ),
        pytest.param(_with("frameworks", "x", value=GOOD["frameworks"]["nist"]), "no control has an id", id="unused"),
        pytest.param(_with("controls", 0, value="a"), "a control: it is a mapping", id="a control as text"),
        pytest.param(_without("controls", 0, "id"), "a control: id is missing", id="no id"),
        pytest.param(_without("controls", 0, "why"), "control FDP-one: why is missing", id="no reason"),
        pytest.param(_with("controls", 0, "statement", value=""), "statement is missing", id="an empty statement"),
        pytest.param(_without("controls", 0, "not_covered"), "not_covered is missing", id="no gap of a control"),
        pytest.param(
            _with("frameworks", "nist", "gaps", value={"SC-1": "a"}), "SC-1 has a gap, and", id="a gap left over"
        ),
        pytest.param(
            _with("frameworks", "nist", "proofs", value={"SC-1": "a"}), "SC-1 has a proof, and", id="a proof left over"
        ),
        pytest.param(_with("controls", 0, "owner", value="me"), "owner is not one of", id="an unknown field"),
        pytest.param(_with("controls", 0, "rules", value=[]), "control FDP-one: rules is missing", id="no rule"),
        pytest.param(_with("controls", 0, "rules", value="one"), "it is a list of texts", id="rules as text"),
        pytest.param(_with("controls", 0, "rules", value=["one", "one"]), "one is listed twice", id="a rule twice"),
        pytest.param(_with("controls", 0, "rules", value=["three"]), "there is no rule three", id="an unknown rule"),
        pytest.param(_with("controls", 0, "rules", value=["two"]), "rule one has no control", id="a rule left over"),
        pytest.param(_with("controls", 1, "id", value="FDP-one"), "two controls are FDP-one", id="an id twice"),
        pytest.param(_with("controls", 0, "frameworks", "x", value=["1"]), "there is no framework x", id="unknown"),
        pytest.param(_with("controls", 0, "frameworks", "nist", value=[7.1]), "it is a list of texts", id="a number"),
        pytest.param(_with("controls", 0, "frameworks", value=["nist"]), "a mapping of frameworks", id="ids bare"),
        pytest.param(_with("controls", 0, "unchecked", "nist", value=["A"]), "A is unchecked, and is not", id="not it"),
        pytest.param(_with("controls", 0, "unchecked", value={"x": ["A"]}), "A is unchecked, and is not", id="nowhere"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(data: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadControls, match=said) as refused:
        _load(data, tmp_path)

    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "controls.yaml"))


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("dora", r"DORA Art\. \d+(\([\da-z]+\))+"),
        ("dora-rts", r"RTS 2024/1774 Art\. \d+(\([\da-z]+\))+"),
        ("finos-ccc", r"CCC\.\w+\.CN(?!12)\d\d\.AR\d\d"),
    ],
)
def test_an_id_names_its_act_or_catalogue_and_says_its_gap(key: str, form: str) -> None:
    framework = controls.load(controls.CONTROLS, catalogue.load()).frameworks[key]

    assert [id_ for id_ in framework.titles if not re.fullmatch(form, id_)] == []
    assert set(framework.gaps) == set(framework.titles)


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadControls, match="No such file"):
        controls.load(tmp_path / "none.yaml", RULES)


def test_two_rules_of_one_name_or_id_would_share_a_page(tmp_path: Path) -> None:
    path = tmp_path / "controls.yaml"
    path.write_text(yaml.safe_dump(GOOD))

    with pytest.raises(BadControls, match="two rules have the id ENC-000"):
        controls.load(path, [*RULES, RULES[0]])
