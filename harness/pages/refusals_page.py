"""Writes `docs/refusals.md`: what AWS refuses when a stack is created, by service. Needs no report."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from harness.catalogue.refusals import REPORT, Refusal
from harness.markdown import code, count, escaped, sections, table
from harness.pages import prose

PAGE = "docs/refusals.md"
HEAD = ("refused", "AWS's message", "source", "enforced by")


def write(entries: Sequence[Refusal]) -> str:
    """The whole page. Links stand below the tables, as a line with two of them would be too long to read."""
    ordered = sorted(entries, key=lambda entry: entry.service)
    services = [(service, [*of_service]) for service, of_service in groupby(ordered, lambda entry: entry.service)]
    links = dict.fromkeys(address(source) for entry in ordered for source in (entry.source, entry.quoted_in) if source)
    numbers = {link: number for number, link in enumerate(links, 1)}
    return sections(
        "# What AWS refuses at creation",
        prose.REFUSALS.format(entries=count(len(ordered), "entry", "entries"), services=len(services)),
        *(part for service, of_service in services for part in _service(service, of_service, numbers)),
        "\n".join(f"[{number}]: {link}" for link, number in numbers.items()),
    )


def address(source: str) -> str:
    """The address of a source: its own, or that of an issue."""
    repository, _, number = source.partition("#")
    return f"https://github.com/{repository}/issues/{number}" if REPORT.fullmatch(source) else source


def _service(service: str, entries: Iterable[Refusal], numbers: dict[str, int]) -> Iterator[str]:
    yield f"## {service}"
    yield table(HEAD, (_row(entry, numbers) for entry in entries))


def _row(entry: Refusal, numbers: dict[str, int]) -> tuple[str, ...]:
    sources = {source: _said(source) for source in (entry.source, entry.quoted_in) if source}
    linked = ", ".join(f"[{said}][{numbers[address(source)]}]" for source, said in sources.items())
    by = f"cfn-lint {code(entry.enforced_by)}" if entry.by_lint else code(entry.enforced_by)
    marked = linked if entry.confirmed != "unconfirmed" else f"{linked}, unconfirmed"
    return escaped(entry.refused), escaped(entry.message), marked, by


def _said(source: str) -> str:
    return "report" if REPORT.fullmatch(source) else "documentation"
