"""The report for a person, and for the tools that read JSON, SARIF or JUnit."""

from collections.abc import Callable

from harness.gate.formats import junit, sarif, text
from harness.gate.verdicts import Report
from harness.render.dumping import as_indented_json

#: Name of `--format` -> what writes it.
FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.write,
    "json": lambda report: as_indented_json(report.as_dict()),
    "sarif": sarif.write,
    "junit": junit.write,
}
