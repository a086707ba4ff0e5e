"""All scenarios: what is allowed, held to what is meant; or a template, held to what it was before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from harness.access.actions import Home
from harness.access.compare import Comparing, Difference, Known
from harness.access.conditions import Place
from harness.access.grants import CODE, Calls, Evidence, Grant, grants
from harness.access.opinions import Granted, Intended, Opinion
from harness.access.policies import ROLE, account_of
from harness.access.policies import read as read_policies
from harness.access.refused import Refused
from harness.access.table import Meant, Row, Table
from harness.render.rendering import Rendering
from harness.render.resources import Stack
from harness.render.scenarios import Scenarios

SPARE, MISSING, UNDENIED, UNUSED, NOT_EVALUATED = "spare", "missing", "not denied", "unused row", "not evaluated"
ALLOWED, DENIED = "newly allowed", "newly denied"


@dataclass(frozen=True)
class Finding:
    """What is wrong, or what changed, for whom and why; with a witness for each resource, and the scenarios.

    What concerns all scenarios at once has neither.
    """

    kind: str
    who: str
    why: str
    #: The statement that decides in the first scenario, from the logical id on; empty if none does.
    place: tuple[str | int, ...] = ()
    witnesses: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """What it is, with the first witness."""
        asked = f"{self.witnesses[0]}{_more(self.witnesses, 'like it')}: " if self.witnesses else ""
        return f"{self.kind}: {asked}{self.why}"

    def __str__(self) -> str:
        return self.said + (f" [{self.scenarios[0]}{_more(self.scenarios, 'scenarios')}]" if self.scenarios else "")


def _more(several: Sequence[str], what: str) -> str:
    return f" and {len(several) - 1} more {what}" if len(several) > 1 else ""


@dataclass
class Report:
    """What was asked, and what was found. Without findings, allowed is what is expected, both ways."""

    scenarios: int = 0
    classes: int = 0
    findings: list[Finding] = field(default_factory=list)
    #: What was judged, and by what; for the roles in `as_dict`.
    template: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Row] = ()

    def as_dict(self, calls: Calls = frozenset()) -> dict[str, Any]:
        """For report.json; `calls` is the record.

        `granted` is what the policies say, and witnesses of what is allowed and not meant. `by_source` has the granted
        rights by what says that each is needed, and where it says so. `used` are those that a call is recorded of or
        that a page of AWS's asks for; a line of code alone is no evidence.
        """
        return {
            "scenarios": self.scenarios,
            "classes": self.classes,
            "roles": self._roles(calls),
            "findings": [asdict(each) for each in self.findings],
        }

    def _roles(self, calls: Calls) -> dict[str, Any]:
        resources = self.template.get("Resources", {})
        found: dict[str, list[tuple[Grant, Evidence]]] = {
            name: [] for name, each in sorted(resources.items()) if each.get("Type") == ROLE
        }
        for grant in grants(self.template) if found else ():
            found[grant.role].append((grant, grant.evidence(self.rows, calls)))
        return {name: self._role(name, granted) for name, granted in found.items()}

    def _role(self, name: str, granted: list[tuple[Grant, Evidence]]) -> dict[str, Any]:
        of_kind = {
            kind: {one for each in self.findings if (each.kind, each.who) == (kind, name) for one in each.witnesses}
            for kind in (SPARE, MISSING)
        }
        by_source: dict[str, dict[str, str]] = {}
        for grant, evidence in granted:
            for source, where in evidence.items():
                by_source.setdefault(source, {})[grant.right] = where
        every = {grant.right for grant, _ in granted} | of_kind[SPARE]
        used = {right for source, rights in by_source.items() if source != CODE for right in rights}
        return {
            "granted": sorted(every),
            "used": sorted(used),
            "unused": sorted(every - used),
            "missing": sorted(of_kind[MISSING]),
            "by_source": {source: dict(sorted(rights.items())) for source, rights in sorted(by_source.items())},
        }


def against_table(scenarios: Scenarios, table: Table) -> Report:
    """Ask every class of requests in every scenario. Raises BadTable for a table that does not fit the template."""

    def expected(rendering: Rendering, granted: Granted) -> tuple[Granted, Opinion]:
        return granted, _intended(table.meant(rendering), granted)

    report, used = _judge(scenarios, expected, {True: SPARE, False: MISSING}, "the table")
    if not any(each.kind == NOT_EVALUATED for each in report.findings):
        unused = [row for row in table.rows if row not in used]
        report.findings += [
            Finding(UNUSED, ", ".join(row.who), f"{row} decides no request in any scenario") for row in unused
        ]
    return replace(report, template=scenarios.template, rows=table.rows)


def first_difference(stack: Stack, meant: Iterable[Meant], known: Known) -> Difference | None:
    """One scenario's stack, held to the rows that apply to it: the first thing that is not meant. Raises Refused."""
    return next(iter(in_scenario(stack, meant, known, until_first=True)), None)


def in_scenario(stack: Stack, meant: Iterable[Meant], known: Known, *, until_first: bool = False) -> list[Difference]:
    """One scenario's stack, held to the rows that apply to it: what is not meant. Raises Refused."""
    granted = _granted(stack)
    return Comparing(granted, _intended(meant, granted), _home(stack), known, until_first).compare().differences


def against_base(scenarios: Scenarios, base: Scenarios) -> Report:
    """What policies newly allow and newly deny, in each scenario that the other template has too."""

    def expected(rendering: Rendering, granted: Granted) -> tuple[Granted, Opinion]:
        known = base.template.get("Parameters", {})
        values = base.completed({name: value for name, value in rendering.values.items() if name in known})
        if values is None:
            raise Refused((), "the other template has no such scenario")
        before = _granted(base.rendering(values).stack())
        both = {**before.roles, **granted.roles}
        of_both = [replace(each, roles=both, others=frozenset(both) - each.roles.keys()) for each in (granted, before)]
        return of_both[0], of_both[1]

    return _judge(scenarios, expected, {True: ALLOWED, False: DENIED}, "before")[0]


def _judge(
    scenarios: Scenarios,
    expected: Callable[[Rendering, Granted], tuple[Granted, Opinion]],
    kinds: Mapping[bool, str],
    expecting: str,
) -> tuple[Report, set[Row]]:
    report, known, used = Report(), Known(), set[Row]()
    found: dict[tuple[str, str, str, Place], tuple[dict[str, None], dict[str, None]]] = {}
    for each in scenarios.all:
        report.scenarios += 1
        try:
            stack = each.rendering.stack()
            granted, other = expected(each.rendering, _granted(stack))
            compared = Comparing(granted, other, _home(stack), known).compare()
        except Refused as error:
            key = (NOT_EVALUATED, str(error.path[0]) if error.path else "", str(error), error.path)
            found.setdefault(key, ({}, {}))[1][each.name] = None
            continue
        report.classes += compared.classes
        used |= compared.used
        for one in _together(compared.differences):
            why = f"{one.because}; {expecting}: {one.expected}"
            kind = UNDENIED if one.undenied else kinds[one.spare]
            witnesses, names = found.setdefault((kind, one.who, why, one.place), ({}, {}))
            witnesses[one.witness] = None
            names[each.name] = None
    report.findings = [Finding(*key, tuple(witnesses), tuple(names)) for key, (witnesses, names) in found.items()]
    return report, used


def _granted(stack: Stack) -> Granted:
    return Granted(read_policies(stack), {each.arn: each.logical_id for each in stack.of(ROLE).values()})


def _intended(meant: Iterable[Meant], granted: Granted) -> Intended:
    return Intended(tuple(meant), frozenset(granted.policies.endpoints))


def _home(stack: Stack) -> Home:
    account = account_of(stack)
    for each in stack.all().values():
        parts = each.arn.split(":")
        if len(parts) > 4 and parts[3]:
            return Home(parts[1], parts[3], account)
    raise Refused((), "no resource says which Region this is")


def _together(differences: Iterable[Difference]) -> list[Difference]:
    """Classes of actions that differ in the same way on the same resource, as one, each action once."""
    found: dict[tuple[object, ...], Difference] = {}
    for each in differences:
        key = (
            *(value for name, value in vars(each).items() if name not in ("actions", "context")),
            *each.context.items(),
        )
        known = found.get(key)
        found[key] = replace(known, actions=tuple(dict.fromkeys((*known.actions, *each.actions)))) if known else each
    return list(found.values())
