"""rules/README.md links each requirement to its rules; rules/proof.csv has each rule's verdict and mutants.

A stale file is reported, and so are stale pages built from them.
"""

import csv
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue import catalogue, controls, refusals
from harness.catalogue.cases import Case, load
from harness.catalogue.catalogue import CHECKOV, Rule
from harness.catalogue.clauses import clauses
from harness.catalogue.controls import CONTROLS
from harness.catalogue.proof import COLUMNS
from harness.catalogue.proof import read as read_proof
from harness.gate import command as gate
from harness.markdown import anchor, escaped
from harness.mutants import command as mutants_command
from harness.pages import command, pages, proof, refusals_page, reports, rules_readme
from harness.pages.examples import LONGEST, examples
from harness.pages.reports import NoReport
from harness.pages.words import PROOF, README, Material
from harness.render.source import plain
from tests.gate.rule_reports import verdicts_and_mutants

ROOT = catalogue.RULES.parent
#: Where the gate writes by default (tests use their own path: conftest.py).
VERDICTS = gate.VERDICTS
RULES = catalogue.load()
BY_SLUG = {rule.slug: rule for rule in RULES}
PROMISED = controls.load(CONTROLS, RULES)
CATALOGUE = plain(CONTROLS.read_text())
Pages = Mapping[str, str]

#: Every requirement that a control claims: the framework's key, and the requirement's id.
REQUIREMENTS = [(key, id_) for key, framework in PROMISED.frameworks.items() for id_ in framework.titles]


def _material(verdicts: Path, mutants: Path) -> Material:
    return Material(RULES, PROMISED, reports.load(RULES, catalogue.RULES, verdicts, mutants))


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return _material(*verdicts_and_mutants(tmp_path_factory.mktemp("reports"), RULES))


@functools.cache
def _cases(slug: str) -> list[Case]:
    return load(BY_SLUG[slug])


@pytest.fixture(scope="module")
def built(material: Material) -> Pages:
    """The pages for synthetic reports."""
    return pages.write(material)


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / README).read_text()


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    """The cells of the repository's proof.csv."""
    with (ROOT / PROOF).open(newline="") as file:
        return list(csv.reader(file))


# ------------------------------------------------------------------------------- from a requirement to its proof ----


@pytest.mark.parametrize(("framework", "id_"), REQUIREMENTS, ids=lambda value: value)
def test_a_requirement_leads_to_rule_verdict_and_mutants_in_three_clicks(
    framework: str, id_: str, readme: str, table: list[list[str]]
) -> None:
    """From its line to a control, to a rule's file and to proof.csv, without running anything."""
    claiming = [control for control in PROMISED.controls if id_ in control.frameworks.get(framework, ())]
    line = _requirement(readme, framework, id_)

    assert PROMISED.frameworks[framework].titles[id_] in line.replace("\\", "")
    proof = PROMISED.frameworks[framework].proofs.get(id_)
    assert re.findall(r"\]\(#([\w-]+)\)", line) == [  # the first click
        *(anchor(control.id) for control in claiming), *([anchor(proof)] if proof else []),
    ]  # fmt: skip
    assert proof is None or "](access.yaml)" in _section(readme, f"## {proof}")
    proven = {cells[1]: cells for cells in table[2:]}
    for control in claiming:
        section = _section(readme, f"### {control.id}")
        leading = dict(re.findall(r"\[(\w+)\]\(([\w/]+\.(?:guard|py))\)", section))

        assert list(leading) == list(control.rules)
        for slug, path in leading.items():
            text = (ROOT / README).parent.joinpath(path).read_text()  # the second
            assert f"{BY_SLUG[slug].id}  {slug}" in text
            assert "Why " in text
            identity, verdict, killed, alone = (proven[slug][column] for column in (0, 3, 4, 5))  # the third
            assert identity == BY_SLUG[slug].id
            assert verdict in ("pass", "waived")
            assert int(killed) >= int(alone) >= 1
        assert "](proof.csv)" in section


def _requirement(readme: str, framework: str, id_: str) -> str:
    """The item of a requirement, on one line."""
    section = _section(readme, f"### {PROMISED.frameworks[framework].name}")
    unchecked = any(id_ in control.unchecked.get(framework, ()) for control in PROMISED.controls)
    start = f"**{escaped(id_)}{' ⚠' if unchecked else ''}** "
    (item,) = [item for item in re.split(r"\n- |\n\n", section) if item.removeprefix("- ").startswith(start)]
    return _joined(item)


def _section(readme: str, heading: str) -> str:
    return readme.partition(f"\n{heading}\n")[2].partition("\n##")[0]


def _joined(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("control", PROMISED.controls, ids=lambda control: control.id)
def test_a_control_says_what_it_promises_and_what_it_does_not_cover(control: controls.Control, readme: str) -> None:
    section = _joined(_section(readme, f"### {control.id}"))

    assert f"**{escaped(control.statement)}** Not covered: {escaped(control.not_covered)}" in section


def test_the_readme_is_what_rules_and_controls_make_it(readme: str) -> None:
    """This needs no report."""
    assert rules_readme.write(RULES, PROMISED) == readme


def test_the_readme_is_short(readme: str) -> None:
    assert len(readme.splitlines()) < 3.2 * len(RULES)


def test_every_link_of_the_readme_leads_to_a_file_or_an_anchor(readme: str) -> None:
    anchors = [anchor(heading) for heading in re.findall(r"^#+ (.+)$", readme, re.MULTILINE)]
    links = re.findall(r"(?<!\\)\]\(([^)\s]+)\)", readme)
    inside = [link for link in links if not link.startswith("https://")]

    assert len(inside) > len(RULES) + len(REQUIREMENTS)
    # GitHub would call the second one something else.
    assert len(anchors) == len(set(anchors))
    assert [link for link in inside if link.startswith("#") and link[1:] not in anchors] == []
    files = {link for link in inside if not link.startswith("#")}
    assert [link for link in files if not (ROOT / README).parent.joinpath(link).exists()] == []


def test_the_file_of_a_rule_is_known_from_what_a_finding_says_of_it() -> None:
    paths = {rule.slug: rule.path.relative_to(ROOT).as_posix() for rule in RULES}

    assert {rule.slug: catalogue.location(rule.engine, rule.id, rule.slug) for rule in RULES} == paths
    with pytest.raises(KeyError):
        catalogue.location(catalogue.CHECKS, "XXX-001", "bucket_is_odd")


# -------------------------------------------------------------------------------------------------- proof.csv ----


def test_proof_has_a_line_for_each_rule(table: list[list[str]]) -> None:
    first, head, *lines = table

    assert re.fullmatch(r"sha256 [0-9a-f]{64}", first[1])
    assert tuple(head) == COLUMNS
    assert [line[:3] for line in lines] == [[rule.id, rule.slug, rule.engine] for rule in RULES]
    # Code hosts show a table only if all lines have the same number of cells.
    assert {len(line) for line in table} == {len(COLUMNS)}


def test_proof_has_the_reports_own_numbers_and_verdicts(tmp_path: Path) -> None:
    paths = verdicts_and_mutants(tmp_path, RULES, {RULES[8].slug: (0, 0, 30, 0), RULES[9].slug: (29, 1, 0, 0)})
    rules = json.loads(paths[1].read_text())["rules"]
    lines = proof.write(_material(*paths)).splitlines()

    digest = hashlib.sha256(reports.TEMPLATE.read_bytes()).hexdigest()
    assert lines[0] == f"template/financial-pipeline.yaml,sha256 {digest},,,,,"
    for index, verdict in ((7, "pass"), (8, "not applicable"), (9, "fail")):
        rule = RULES[index]
        numbers = f"{rules[rule.slug]['killed']},{rules[rule.slug]['alone']}"
        only = "falsify Resources.Stream.Properties.Name: other"
        assert lines[2 + index] == f"{rule.id},{rule.slug},{rule.engine},{verdict},{numbers},{only}"


def test_a_change_of_one_rule_changes_one_line(tmp_path: Path) -> None:
    """So changes to different rules merge without conflict."""
    verdicts, mutants = verdicts_and_mutants(tmp_path, RULES)
    before = proof.write(_material(verdicts, mutants)).splitlines()
    report = json.loads(mutants.read_text())
    report["total"] += 1
    report["killed"] += 1
    report["rules"][RULES[7].slug]["killed"] += 1
    mutants.write_text(json.dumps(report))
    after = proof.write(_material(verdicts, mutants)).splitlines()

    assert [number for number, (one, other) in enumerate(zip(before, after, strict=True)) if one != other] == [2 + 7]


def test_after_a_sample_the_counts_are_those_of_the_last_run_of_all(tmp_path: Path) -> None:
    paths = verdicts_and_mutants(tmp_path, RULES)
    report = json.loads(paths[1].read_text())
    paths[1].write_text(json.dumps({**report, "total": report["made"] - 1}))
    found = reports.load(RULES, catalogue.RULES, *paths)
    stated = read_proof()[RULES[0].slug]

    assert found.sampled
    assert found.killed(RULES[0]).killed == stated.mutants_killed != report["rules"][RULES[0].slug]["killed"]
    assert found.killed(RULES[0]).only_by_it == stated.killed_only_by_it
    with pytest.raises(NoReport, match="is of a sample; run tox -e mutants"):
        reports.load(RULES, catalogue.RULES, *paths, whole=True)


# -------------------------------------------------------------------------------------- the pages that are built ----


def test_every_rule_has_a_page(built: Pages) -> None:
    assert set(built) == {pages.INDEX, *(pages.page(rule) for rule in RULES)}


def test_the_index_has_requirements_and_rules_of_every_control(built: Pages) -> None:
    for control in PROMISED.controls:
        section = _section(built[pages.INDEX], f"## {control.id}")
        for key, ids in control.frameworks.items():
            (line,) = [each for each in section.splitlines() if each.startswith(f"- {PROMISED.frameworks[key].name}: ")]
            assert line.replace(" ⚠", "").endswith(f": {', '.join(map(escaped, ids))}")
        assert re.findall(r"^\| `\w[\w-]+` \| \[(\w+)\]\(\1\.md\)", section, re.MULTILINE) == list(control.rules)


def test_every_link_of_a_page_leads_to_a_file_and_an_anchor(built: Pages, readme: str) -> None:
    anchors = {anchor(heading) for heading in re.findall(r"^#+ (.+)$", readme, re.MULTILINE)}
    links = [
        (name, link)
        for name, text in built.items()
        for link in re.findall(
            r"(?<!\\)\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        )
    ]

    assert len(links) > 3 * len(RULES)
    for name, link in links:
        path, _, fragment = link.partition("#")
        file = (ROOT / name).parent.joinpath(path).resolve()
        assert file.relative_to(ROOT).as_posix() in built or file.exists(), (name, link)
        assert not fragment or (file == ROOT / README and fragment in anchors), (name, link)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_page_says_all_of_its_rule(rule: Rule, built: Pages) -> None:
    page = built[pages.page(rule)]

    assert page.startswith(f"# {rule.slug}\n\n- Id: `{rule.id}`\n")
    assert escaped(rule.why) in _joined(page)
    assert all(f"`{target}`" in page for target in rule.targets)
    for outcome in ("FAIL", "PASS", "SKIP"):
        names = [case.name for case in _cases(rule.slug) if case.expect == outcome]
        listed = page.partition(f"\n{outcome}, ")[2].partition(":\n\n")[2].partition("\n\n")[0]
        assert listed.splitlines() == [f"- {escaped(name)}" for name in names]
    assert all(f"| {escaped(each.violation)} | {escaped(each.fix)} |" in page for each in clauses(rule))
    assert {"### Avoid", "### Prefer", "## Mutants"} <= set(page.splitlines())
    # Rules say what is lost; which requirement that serves can change without the rule.
    assert not any(framework.name in page for framework in PROMISED.frameworks.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_rule_says_what_it_refuses_and_how_to_mend_it(rule: Rule) -> None:
    found = clauses(rule)

    assert found
    assert all(each.fix.strip("…. ") and each.violation.strip("…. ") for each in found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_the_examples_are_cases_that_say_something_else(rule: Rule) -> None:
    bad, good = examples(rule, _cases(rule.slug))

    assert bad.text != good.text
    assert bad.name in [case.name for case in _cases(rule.slug) if case.expect == "FAIL"]
    assert good.name in [case.name for case in _cases(rule.slug) if case.expect == "PASS"]
    for example in (bad, good):
        section = next(iter(plain(example.text)))
        assert section in ("Conditions", "Mappings", "Resources", "Parameters", "Rules", "Outputs")
        assert len(example.text.splitlines()) <= LONGEST


def test_a_page_has_the_reports_own_numbers_and_verdicts(material: Material, built: Pages) -> None:
    rule = RULES[7]
    killed, alone = (material.reports.mutants["rules"][rule.slug][key] for key in ("killed", "alone"))
    row = next(line for line in built[pages.INDEX].splitlines() if f"| [{rule.slug}](" in line)
    page = built[pages.page(rule)]

    assert row.endswith(f"| pass in the source and 29 scenarios | {killed} / {alone} |")
    assert f"It kills {killed} of 4,321 mutants; {alone} of them no other rule kills." in page
    assert "- `falsify Resources.Stream.Properties.Name: other`" in page
    assert "Of 4,321 mutants the rules kill 4,300" in _joined(built[pages.INDEX])


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        pytest.param((30, 0, 0, 0), "pass in the source and 29 scenarios", id="everywhere"),
        pytest.param((29, 0, 0, 1), "pass in 29 scenarios", id="not in the source"),
        pytest.param((1, 0, 28, 1), "pass in 1 scenario, not applicable in 28", id="in one"),
        pytest.param((10, 0, 20, 0), "pass in 10 of the source and 29 scenarios, not applicable in 20", id="in some"),
        pytest.param((28, 2, 0, 0), "fail in 2 of the source and 29 scenarios, pass in 28", id="failed in some"),
        pytest.param((0, 0, 30, 0), "not applicable in the source and 29 scenarios", id="nothing of its kind"),
        pytest.param((0, 0, 0, 30), "not evaluated", id="never"),
    ],
)
def test_a_verdict_says_where_it_is_so(counts: tuple[int, int, int, int], verdict: str, tmp_path: Path) -> None:
    paths = verdicts_and_mutants(tmp_path, RULES, {RULES[7].slug: counts})

    assert _material(*paths).verdict(RULES[7]) == verdict


def test_a_failure_that_is_waived_is_called_so_and_shown(tmp_path: Path) -> None:
    verdicts, mutants = verdicts_and_mutants(tmp_path, RULES, {RULES[7].slug: (28, 2, 0, 0)})
    report = json.loads(verdicts.read_text())
    report["findings"].append(
        {
            "rule": RULES[7].id, "slug": RULES[7].slug, "engine": RULES[7].engine, "resource": "Queue", "line": 12,
            "path": "Resources.Queue", "message": "it is *open*.", "fix": "close it.", "scenarios": [],
            "waived": "so be it",
        }
    )  # fmt: skip
    verdicts.write_text(json.dumps(report))
    material = _material(verdicts, mutants)

    assert material.verdict(RULES[7]).startswith("waived in 2 of ")
    assert "- `Queue`, line 12: it is \\*open\\*. Waived: so be it" in pages._page(RULES[7], material)


@pytest.mark.parametrize("which", ["verdicts", "mutants"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(None, "does not exist; run tox -e", id="missing"),
        pytest.param("", "cannot be read", id="empty"),
        pytest.param("[]", "is not a report", id="something else"),
        pytest.param({"template_sha256": "0"}, "does not match the current template", id="another template"),
        pytest.param({"rules_sha256": "0"}, "does not match the current rules", id="other rules"),
        pytest.param({"rules": []}, "the reports lack", id="of one engine only"),
    ],
)
def test_a_report_about_something_else_is_refused(which: str, change: Any, said: str, tmp_path: Path) -> None:
    paths = verdicts_and_mutants(tmp_path, RULES)
    path = paths[which == "mutants"]
    if change is None:
        path.unlink()
    elif isinstance(change, str):
        path.write_text(change)
    else:
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    with pytest.raises(NoReport, match=said) as refused:
        _material(*paths)

    assert "\n" not in str(refused.value)


def test_the_reports_are_those_that_the_gate_and_the_mutants_write() -> None:
    assert (reports.TEMPLATE, reports.VERDICTS) == (gate.TEMPLATE, VERDICTS)
    assert mutants_command.REPORT == reports.MUTANTS


# -------------------------------------------------------------------------------------------------- staleness ----


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, material: Material, built: Pages) -> Path:
    """A project with fresh files and reports, as the command sees it."""
    verdicts, mutants = verdicts_and_mutants(tmp_path, RULES)
    # The tests above check the content; this only compares files with what would be written.
    monkeypatch.setattr(pages, "write", lambda _: dict(built))
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(reports, "VERDICTS", verdicts)
    monkeypatch.setattr(reports, "MUTANTS", mutants)
    refused = refusals_page.write(refusals.load(refusals.REFUSALS, RULES))
    written = {README: rules_readme.write(RULES, PROMISED), refusals_page.PAGE: refused, PROOF: proof.write(material)}
    command.write(tmp_path, written)
    return tmp_path


@pytest.mark.parametrize("options", [[], ["--check"], ["--write"]], ids=lambda options: "".join(options) or "default")
def test_what_is_fresh_stays_untouched(options: list[str], root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = [(root / name).stat().st_mtime_ns for name in (README, PROOF)]

    assert command.main(options) == command.FRESH
    assert [(root / name).stat().st_mtime_ns for name in (README, PROOF)] == before
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "old", "new"), [(README, "## Controls", "## Promises"), (PROOF, "id,slug,engine", "id,slug,machine")]
)
def test_what_is_stale_is_named_with_its_first_line_that_differs(
    name: str, old: str, new: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = (root / name).read_text()
    (number,) = [number for number, line in enumerate(fresh.splitlines(), 1) if line.startswith(old)]
    (root / name).write_text(fresh.replace(f"\n{old}", f"\n{new}"))

    assert command.main([]) == command.main(["--check"]) == command.STALE
    assert (root / name).read_text() != fresh
    first, anew, *again = capsys.readouterr().err.splitlines()
    assert first.startswith(f"rules: {name}:{number} is stale: '{new}")
    assert f"', and has to be '{old}" in first
    assert anew == f"rules: {command.ANEW} updates it"
    assert again == [first, anew]

    assert command.main(["--write"]) == command.FRESH
    assert (root / name).read_text() == fresh


def test_a_file_that_ends_early_or_late_is_stale(root: Path) -> None:
    path = root / PROOF
    fresh = path.read_text()
    path.write_text(fresh + "more\n")
    (late,) = command.differences(root, {PROOF: fresh})
    path.write_text(fresh.rpartition("\n")[0].rpartition("\n")[0] + "\n")
    (early,) = command.differences(root, {PROOF: fresh})

    assert "and has to be nothing" in late
    assert "is stale: nothing" in early


def test_a_file_that_is_missing_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / PROOF).unlink()

    assert command.main([]) == command.STALE
    assert capsys.readouterr().err.splitlines()[0] == f"rules: {PROOF} is not there"


def test_pages_are_built_whatever_is_stale_and_none_is_left_of_a_rule_that_is_gone(root: Path) -> None:
    (root / README).write_text("stale")
    left = root / pages.FOLDER / "rule_that_was.md"
    left.parent.mkdir(parents=True)
    left.write_text("# rule_that_was\n")

    assert command.main([]) == command.STALE
    assert (root / pages.INDEX).is_file()
    assert (root / pages.page(RULES[0])).is_file()
    assert not left.exists()


def test_without_reports_the_readme_is_still_held_and_one_line_says_what_is_missing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.MUTANTS.unlink()
    fresh = (root / PROOF).read_text()
    (root / PROOF).write_text("stale")
    (root / README).write_text("stale")

    assert command.main([]) == command.NO_REPORT
    missing, stale, _ = capsys.readouterr().err.splitlines()
    assert "run tox -e mutants" in missing
    assert f"{README}:1 is stale" in stale

    assert command.main(["--write"]) == command.NO_REPORT
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert (root / README).read_text() == rules_readme.write(RULES, PROMISED)
    assert (root / PROOF).read_text() == "stale" != fresh


# ------------------------------------------------------------------------------------------------ fingerprint ----


@pytest.mark.parametrize("path", ["guard/access/a.guard", "checkov/_shared.py", "waivers.yaml", "controls.yaml"])
def test_the_fingerprint_changes_with_what_decides(path: str, tmp_path: Path) -> None:
    _file(tmp_path, path, "one")
    before = catalogue.fingerprint(tmp_path)
    _file(tmp_path, path, "two")
    changed = catalogue.fingerprint(tmp_path)
    (tmp_path / path).rename((tmp_path / path).with_name(f"z{Path(path).suffix}"))

    assert len({before, changed, catalogue.fingerprint(tmp_path)}) == 3


@pytest.mark.parametrize("path", ["README.md", "guard/access/tests/a_tests.yml", "checkov/.mypy_cache/a.py", "a.pyc"])
def test_the_fingerprint_is_of_nothing_else(path: str, tmp_path: Path) -> None:
    _file(tmp_path, "guard/access/a.guard", "one")
    before = catalogue.fingerprint(tmp_path)
    _file(tmp_path, path, "two")

    assert catalogue.fingerprint(tmp_path) == before


def _file(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


# ----------------------------------------------------------------------------------------------------- clauses ----


@pytest.mark.parametrize(
    ("body", "violation", "fix"),
    [
        pytest.param('yield Problem("bad.", "mend it.")', "bad.", "mend it.", id="literals"),
        pytest.param(
            'yield Problem(f"{a.b} is {why}.", f"set it to {DAYS}.")', "… is ….", "set it to 90.", id="filled in"
        ),
        pytest.param('yield Problem(f"it is {a} {b}{c}.", FIX)', "it is ….", "write it.", id="gaps in a row"),
        pytest.param(
            'fix = "close it."\n    yield Problem("open.", fix, ("Properties",))', "open.", "close it.", id="a name"
        ),
        pytest.param('yield Problem(told(a), "mend it.")', "…", "mend it.", id="computed"),
    ],
)
def test_a_clause_is_read_from_a_checks_source(body: str, violation: str, fix: str, tmp_path: Path) -> None:
    path = tmp_path / "check.py"
    path.write_text(f'DAYS = 90\nFIX = "write it."\n\n\ndef problems(stack, subject):\n    {body}\n')
    (found,) = clauses(Rule("RET-1", "check", catalogue.CHECKS, path, "", ()))

    assert (found.violation, found.fix) == (violation, fix)


def test_a_choice_of_words_is_two_clauses(tmp_path: Path) -> None:
    path = tmp_path / "check.py"
    path.write_text('def problems(stack, subject):\n    yield Problem("one." if subject else "two.", "mend it.")\n')

    found = clauses(Rule("RET-1", "check", catalogue.CHECKS, path, "", ()))

    assert [(each.violation, each.fix) for each in found] == [("one.", "mend it."), ("two.", "mend it.")]


def test_a_policy_says_its_sentences_with_its_one_fix() -> None:
    rule = next(rule for rule in RULES if rule.engine == CHECKOV and rule.slug == "query_results_use_a_customer_key")

    found = clauses(rule)

    assert [each.violation for each in found] == [
        "results are not encrypted through KMS.",
        "results are not encrypted with a key of ours.",
    ]
    assert len({each.fix for each in found}) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3.<region>.amazonaws.com", r"s3.\<region>.amazonaws.com"),
        ("kms:GenerateDataKey* and *", r"kms:GenerateDataKey\* and \*"),
        ("a | b", r"a \| b"),
        ("name_of_it and _this_", r"name_of_it and \_this\_"),
        ("a [link](x)", r"a \[link\](x)"),
        ("run `a * b` * 2", r"run `a * b` \* 2"),
    ],
)
def test_a_text_stands_for_itself(text: str, shown: str) -> None:
    assert escaped(text) == shown
