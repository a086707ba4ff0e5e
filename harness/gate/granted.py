"""What our template's policies grant, held to `rules/access.yaml`: each difference is a finding."""

from collections.abc import Iterator
from pathlib import Path

from harness.access.judge import Finding as Difference
from harness.access.judge import against_table
from harness.access.table import BadTable, read
from harness.gate.verdicts import Finding, dotted
from harness.render.scenarios import Scenarios
from harness.render.source import Source

ACCESS = "access"
TABLE = Path(__file__).resolve().parents[2] / "rules" / "access.yaml"
_FIX = "change the statement; or, if it is meant, the table, with the code that calls it or AWS's page."


def findings(source: Source, scenarios: Scenarios) -> Iterator[Finding]:
    """What is allowed and not meant, meant and not allowed, or not evaluated; so is a table that does not fit."""
    try:
        report = against_table(scenarios, read(TABLE, source.template))
    except BadTable as error:
        yield _finding(source, "", (), f"Not evaluated: {error}.", ())
        return
    by_name = {each.name: each.rendering for each in scenarios.all}
    for each in report.findings:
        place: tuple[str | int, ...] = ()
        if each.place and each.place[0] in source.template["Resources"]:
            place = by_name[each.scenarios[0]].origin(("Resources", *each.place))
        yield _finding(source, _owner(source, each), place, each.said, each.scenarios)


def _owner(source: Source, each: Difference) -> str:
    resources = source.template["Resources"]
    return next((str(name) for name in (*each.place[:1], each.who) if name in resources), "")


def _finding(
    source: Source, owner: str, place: tuple[str | int, ...], message: str, scenarios: tuple[str, ...]
) -> Finding:
    return Finding(
        ACCESS, ACCESS, ACCESS, owner, source.line(place) if place else 1, dotted(place), message, _FIX, scenarios
    )
