"""The report for a person, and for the tools that read JSON, SARIF or JUnit."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.gate.formats import junit, sarif, text
from harness.gate.verdicts import Report
from harness.render.dumping import as_indented_json
from harness.render.source import Source


@dataclass(frozen=True)
class Extras:
    """What some formats show besides the report: the template, and the address of this project's files."""

    source: Source | None = None
    rules_url: str = ""
    colour: bool = False


#: Name of `--format` -> what writes it.
FORMATS: dict[str, Callable[[Report, Extras], str]] = {
    "text": lambda report, extras: text.write(report, extras.source, extras.colour),
    "json": lambda report, _: as_indented_json(report.as_dict()),
    "sarif": lambda report, extras: sarif.write(report, extras.rules_url),
    "junit": lambda report, _: junit.write(report),
}
