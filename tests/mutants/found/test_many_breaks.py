"""A hundred breaks in one template: none hides behind the others.

Each is a mutant that one of our rules kills when it is alone. Here the whole gate judges all of them at once, and a
break counts as found if one of its killers has a finding about its resource, or one that it refers to or that refers to
it: that nothing alarms a function is a finding about the function.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.gate import command
from harness.mutants.judge import Mutant
from harness.mutants.mutation import changed, get
from harness.render.dependencies import references
from harness.render.dumping import as_json
from harness.render.source import Place, Source

BREAKS, FOUND = 100, 90


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_breaks_at_once_are_ninety_findings(
    judged: list[tuple[Mutant, set[str]]], source: Source, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "VERDICTS", tmp_path / "verdicts.json")
    template: Any = source.template
    breaks = list(_apart(judged, random.Random(seed)))
    # Backwards, so that an entry that is gone from a list moves none that is still to be broken.
    for mutant, _ in sorted(breaks, key=lambda each: [*map(_sortable, each[0].mutation.place)], reverse=True):
        place = mutant.mutation.place
        template = changed(template, place, get(mutant.mutation.template, place))
    (tmp_path / "template.json").write_text(as_json(template))

    assert command.main([str(tmp_path / "template.json"), "--output", str(tmp_path / "out.txt")]) == 1
    findings = json.loads((tmp_path / "verdicts.json").read_text())["findings"]
    seen = {(each["slug"], each["resource"]) for each in findings}
    near = _neighbours(source)
    missed = [
        mutant.mutation.name
        for mutant, killers in breaks
        if not any((slug, name) in seen for slug in killers for name in near[mutant.mutation.resource])
    ]
    assert len(findings) >= FOUND
    assert len(missed) <= BREAKS - FOUND, missed


def _apart(judged: list[tuple[Mutant, set[str]]], choice: random.Random) -> Iterator[tuple[Mutant, set[str]]]:
    """Breaks of existing resources, none of them inside of another."""
    taken: list[Place] = []
    for mutant, killers in choice.sample(judged, len(judged)):
        place = mutant.mutation.place
        if len(taken) == BREAKS:
            return
        if not killers or place[0] != "Resources" or len(place) < 4:
            continue
        if any(place[: len(each)] == each[: len(place)] for each in taken):
            continue
        taken.append(place)
        yield mutant, killers


def _neighbours(source: Source) -> dict[str, set[str]]:
    resources = source.template["Resources"]
    near = {name: {name} for name in resources}
    for name, body in resources.items():
        for other in {reference[0] for reference in references(body)} & near.keys():
            near[name].add(other)
            near[other].add(name)
    return near


def _sortable(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)
