"""What AWS refuses at creation, our gate refuses before: the `break` of each entry of rules/refusals.yaml is refused by
the rule that the entry names, and the template as it is, is not.

An entry is judged in the usual scenario, or in the first one in which its break shows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue import catalogue, refusals
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, BadRule
from harness.catalogue.patches import changed
from harness.catalogue.refusals import OVERLAY, REFUSALS, Refusal
from harness.gate import check_loader
from harness.gate.engines import python_checks
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.engines.cfn_lint import CfnLint
from harness.gate.engines.checkov_process import Checkov
from harness.gate.engines.outcome import Engine, Target
from harness.markdown import escaped
from harness.pages import refusals_page
from harness.render.dumping import as_json
from harness.render.rendering import Rendering
from harness.render.scenarios import Scenarios
from harness.render.source import Source

RULES = catalogue.load()
BY_SLUG = {rule.slug: rule for rule in RULES}
#: Checkov calls a policy by its id.
SLUGS = {rule.id: rule.slug for rule in RULES}
ENTRIES = refusals.load(REFUSALS, RULES)
#: The gate judges templates; tests of the overlay are its own.
JUDGED = [entry for entry in ENTRIES if entry.enforced_by != OVERLAY]
LINTED = [entry for entry in JUDGED if entry.by_lint]
#: Rules of cfn-lint that compare resources of one type: they need the others beside a broken one.
COMPARING = {"E3019", "E3064"}
BY_ENGINE = {
    engine: [entry for entry in JUDGED if not entry.by_lint and BY_SLUG[entry.enforced_by].engine == engine]
    for engine in (GUARD, CHECKOV, CHECKS)
}


@dataclass(frozen=True)
class Pair:
    """The template before and after a break, in one scenario; `names` are the resources that the break changes."""

    before: Rendering
    after: Rendering
    names: tuple[str, ...]


class Breaks:
    """The template, its scenarios, and what breaks make of it."""

    def __init__(self, template: dict[str, Any]) -> None:
        self.template = template
        self.scenarios = Scenarios(template)
        self._before: dict[tuple[str, ...], Rendering] = {}

    def pairs(self, entry: Refusal) -> Iterator[Pair]:
        """The scenarios in which the break shows, the usual one first."""
        broken = changed(self.template, entry.changes)
        before, after = self.template["Resources"], broken["Resources"]
        names = tuple(name for name in after if after[name] != before.get(name))
        # Renderings know what they have evaluated by identity.
        kept = {key: part for key, part in self.template.items() if part == broken.get(key)}
        broken |= kept | {"Resources": after | {name: before[name] for name in after if name not in names}}
        scenarios = Scenarios(broken) if set(names) - set(before) else self.scenarios
        seen = set()
        for values in (self.scenarios.bases[0], *scenarios.combinations(names)):
            key = tuple(values.values())
            if key in seen:
                continue
            seen.add(key)
            usual = self._before.get(key) or self._before.setdefault(key, Rendering(self.template, values).caching())
            one = names[0] if len(names) == 1 and names[0] in before else ""
            pair = Pair(usual, usual.changed(broken, one) if one else Rendering(broken, values), names)
            if _bodies(pair.before, names) != _bodies(pair.after, names):
                yield pair


def _bodies(rendering: Rendering, names: tuple[str, ...]) -> dict[str, Any]:
    there = rendering.template["Resources"]
    return {name: there[name] for name in names if name in there}


@pytest.fixture(scope="module")
def breaks(pipeline: Source) -> Breaks:
    return Breaks(pipeline.template)


# ------------------------------------------------------------------------------------------------- the entries ----


def test_enough_entries_over_enough_services() -> None:
    assert len(ENTRIES) >= 60
    assert len({entry.service for entry in ENTRIES}) >= 12
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)
    assert len({str(entry.changes) for entry in JUDGED}) == len(JUDGED)


def test_every_entry_is_judged_by_one_of_the_tests_below() -> None:
    assert sorted(entry.id for entries in (LINTED, *BY_ENGINE.values()) for entry in entries) == sorted(
        entry.id for entry in JUDGED
    )


def test_what_is_only_reported_names_the_report() -> None:
    for entry in ENTRIES:
        assert refusals.SOURCE.fullmatch(entry.source), entry.id
        reported = [entry.quoted_in, *refusals.REPORT.findall(entry.source)]
        assert any(reported) or not (entry.message or entry.confirmed == "reported"), entry.id


@pytest.mark.parametrize("entry", BY_ENGINE[CHECKS], ids=lambda entry: entry.id)
def test_a_check_refuses_it(entry: Refusal, breaks: Breaks) -> None:
    (check,) = check_loader.load([BY_SLUG[entry.enforced_by].path])
    if check.judges_source:
        broken = changed(breaks.template, entry.changes)
        assert python_checks.run(check, breaks.template, "before")[0] == []
        assert python_checks.run(check, broken, entry.id)[0]
        return
    refusing = (pair for pair in breaks.pairs(entry) if python_checks.run(check, pair.after.stack(), entry.id)[0])
    pair = next(refusing, None)
    assert pair, f"{entry.enforced_by} does not refuse it"
    assert python_checks.run(check, pair.before.stack(), "before")[0] == []


def test_guard_refuses_the_rest(breaks: Breaks) -> None:
    entries = BY_ENGINE[GUARD]
    engine = CfnGuard([BY_SLUG[slug].path for slug in {entry.enforced_by for entry in entries}])

    assert _not_refused(engine, entries, breaks) == []


def test_checkov_refuses_the_rest(breaks: Breaks, checkov: Checkov) -> None:
    assert _not_refused(checkov, BY_ENGINE[CHECKOV], breaks) == []


def test_cfn_lint_refuses_the_rest(breaks: Breaks) -> None:
    assert _not_refused(CfnLint(), LINTED, breaks) == []


def _not_refused(engine: Engine, entries: list[Refusal], breaks: Breaks) -> list[str]:
    """Each entry whose break the engine does not refuse, or whose rule refuses the template as it is.

    The changed resources of many breaks stand in one template, under names of their own.
    """
    together: dict[str, dict[str, Any]] = {}
    usual: dict[str, dict[str, Any]] = {}
    targets = []
    for index, entry in enumerate(entries):
        pair = next(breaks.pairs(entry), None)
        if pair is None:
            targets += _outputs(entry, breaks)
            continue
        if entry.enforced_by in COMPARING:
            kinds = {pair.after.resource(name)["Type"] for name in pair.names}
            targets += [
                Target(name, {"Resources": {key: body for key, body in there.items() if body["Type"] in kinds}})
                for name, there in (
                    (entry.id, pair.after.template["Resources"]),
                    (f"before {entry.id}", pair.before.template["Resources"]),
                )
            ]
            continue
        together |= {f"{name}{index:03}": body for name, body in _bodies(pair.after, pair.names).items()}
        usual |= {f"{name}{index:03}": body for name, body in _bodies(pair.before, pair.names).items()}
    targets += [Target("together", {"Resources": together}), Target("usual", {"Resources": usual})]
    found: dict[str, set[tuple[str, str]]] = {}
    for target in targets:
        # One by one: for several, cfn-lint would begin processes, which load its rules anew.
        (outcome,) = engine.judge([target])
        found[target.name] = {
            (SLUGS.get(failure.rule, failure.rule), failure.resource[-3:]) for failure in outcome.failures
        }
    said = []
    for index, entry in enumerate(entries):
        own = (entry.enforced_by, f"{index:03}")
        alone = {rule for rule, _ in found.get(entry.id, ())}
        before = {rule for rule, _ in found.get(f"before {entry.id}", ())}
        if own not in found["together"] and entry.enforced_by not in alone:
            said.append(f"{entry.id}: {entry.enforced_by} does not refuse it")
        if own in found["usual"] or entry.enforced_by in before:
            said.append(f"{entry.id}: {entry.enforced_by} refuses the template as it is")
    return said


def _outputs(entry: Refusal, breaks: Breaks) -> Iterator[Target]:
    """The outputs that a break changes, as written, with the resources that they name, after and before."""
    broken = changed(breaks.template, entry.changes)
    outputs = {name: body for name, body in broken["Outputs"].items() if body != breaks.template["Outputs"].get(name)}
    assert outputs, f"{entry.id} changes neither a rendering nor an output"
    for name, template in ((entry.id, broken), (f"before {entry.id}", breaks.template)):
        shown = {key: template["Outputs"][key] for key in outputs}
        resources = {key: body for key, body in template["Resources"].items() if key in as_json(outputs)}
        yield Target(name, {"Parameters": template["Parameters"], "Resources": resources, "Outputs": shown})


# ---------------------------------------------------------------------------------------------------- the page ----


def test_the_page_shows_every_entry_with_its_links() -> None:
    page = (catalogue.ROOT / refusals_page.PAGE).read_text()
    links = dict(re.findall(r"^\[(\d+)\]: (\S+)$", page, re.MULTILINE))

    assert page == refusals_page.write(ENTRIES)
    assert set(re.findall(r"\]\[(\d+)\]", page)) == set(links)
    assert all(link.startswith(("https://docs.aws.amazon.com/", "https://github.com/")) for link in links.values())
    for entry in ENTRIES:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {escaped(entry.refused)} |")]
        assert f"| {escaped(entry.message)} |" in row
        assert entry.enforced_by in row
        for source in filter(None, (entry.source, entry.quoted_in)):
            assert refusals_page.address(source) in [links[number] for number in re.findall(r"\]\[(\d+)\]", row)]


def test_an_unconfirmed_entry_says_so() -> None:
    assert "[report][1], unconfirmed |" in refusals_page.write(
        [replace(ENTRIES[0], confirmed="unconfirmed", source="a/b#1", quoted_in="")]
    )


# ---------------------------------------------------------------------------------------------------- bad files ----

GOOD = (
    "SQS:\n  - {id: one, call: sqs:CreateQueue, enforced_by: E3001, refused: A queue, source: a/b#1, "
    "confirmed: reported, read: 2026-12-02, break: {remove: Queue}}\n"
)


def _load(text: str, folder: Path) -> list[Refusal]:
    path = folder / "refusals.yaml"
    path.write_text(text)
    return refusals.load(path, RULES)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (entry,) = _load(GOOD.replace("A queue", "A\n     queue"), tmp_path)
    (of_overlay,) = _load(GOOD.replace("E3001", OVERLAY).replace(", break: {remove: Queue}", ""), tmp_path)

    assert (entry.id, entry.service, entry.refused, entry.message) == ("one", "SQS", "A queue", "")
    assert (entry.by_lint, entry.changes, entry.read) == (True, {"remove": "Queue"}, "2026-12-02")
    assert (of_overlay.by_lint, of_overlay.changes) == (False, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("E3001", "no_such_rule", "entry one: there is no rule no_such_rule"),
        ("source: a/b#1, ", "", "entry one: source is missing"),
        (", break: {remove: Queue}", "", "entry one: break is missing"),
        ("id: one, ", "", "an entry of SQS: id is missing"),
        ("a/b#1", "a/b", "entry one: source is not an https:// address or an issue, owner/name#number: a/b"),
        ("2026-12-02", "yesterday", "entry one: read is not a date such as 2026-12-02: yesterday"),
        ("a/b#1", "a/b#1, quoted_in: him", "entry one: quoted_in is not an issue, owner/name#number: him"),
        ("confirmed: reported", "confirmed: sure", "confirmed is one of documented, reported, unconfirmed: sure"),
        ("a/b#1", "a/b#1, why: so", "entry one: why is not one of id, call, "),
        ("{remove: Queue}", "{delete: Queue}", "entry one: break has only add, replace, remove"),
        (GOOD, GOOD + GOOD.partition("\n")[2], "two entries are called one"),
        (GOOD, "SQS: {one: two}\n", "the file is a mapping of services to lists of entries"),
        (GOOD, "SQS: [one]\n", "an entry of SQS: it is a mapping with id, call, "),
        (GOOD, "SQS: [one\n", "not YAML"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadRule) as refused:
        _load(GOOD.replace(old, new), tmp_path)

    assert said in str(refused.value)
    assert "refusals.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)
