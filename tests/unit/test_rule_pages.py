"""The rules' pages lead from a requirement to all there is to see, and say so when they are stale."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.catalogue import catalogue
from harness.catalogue.catalogue import CHECKOV, Rule
from harness.catalogue.clauses import clauses
from harness.catalogue.controls import CONTROLS
from harness.gate import command as gate
from harness.markdown import anchor, plain
from harness.mutants import command as mutants_command
from harness.pages import command, pages, reports
from harness.pages.examples import LONGEST, examples
from harness.pages.reports import NoReport
from harness.pages.words import README, Material
from tests.unit.rule_reports import verdicts_and_mutants

ROOT = catalogue.RULES.parent
RULES = catalogue.load()
CATALOGUE = yaml.safe_load(CONTROLS.read_text())
Pages = Mapping[str, str]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return command.material(*verdicts_and_mutants(tmp_path_factory.mktemp("reports"), RULES))


@pytest.fixture(scope="module")
def made(material: Material) -> Pages:
    """The pages as they would be written for reports that are made up."""
    return pages.write(material)


@pytest.fixture(scope="module")
def there() -> Pages:
    """The pages that are in the repository."""
    files = [ROOT / README, *sorted((ROOT / command.PAGES).glob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in files if path.is_file()}


@pytest.fixture(params=["made", "there"])
def either(request: pytest.FixtureRequest) -> Pages:
    found: Pages = request.getfixturevalue(request.param)
    return found


# ---------------------------------------------------------------------------------------- what the pages say ----


def test_every_rule_has_a_page_and_no_page_is_left_over(either: Pages) -> None:
    assert set(either) == {README, *(rule.page for rule in RULES)}


def test_every_link_leads_to_a_file_and_an_anchor(either: Pages) -> None:
    links = [
        (name, link) for name, text in either.items() for link in re.findall(r"(?<!\\)\]\(([^)\s]+)\)", _prose(text))
    ]

    assert len(links) > 2000
    assert [(name, link) for name, link in links if not _leads_somewhere(either, name, link)] == []


def _leads_somewhere(found: Pages, name: str, link: str) -> bool:
    if re.match(r"https://", link):
        return name == README
    path, _, fragment = link.partition("#")
    file = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name
    page = file.relative_to(ROOT).as_posix()
    if fragment:
        return page in found and fragment in _anchors(found[page])
    return page in found or page == command.PAGES or file.exists()


_ANCHORS: dict[str, set[str]] = {}


def _anchors(text: str) -> set[str]:
    if text not in _ANCHORS:
        _ANCHORS[text] = {anchor(heading) for heading in re.findall(r"^#+ (.+)$", _prose(text), re.MULTILINE)}
    return _ANCHORS[text]


def _prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def test_no_two_headings_of_the_readme_have_one_anchor(made: Pages) -> None:
    """GitHub would call the second one something else."""
    anchors = [anchor(heading) for heading in re.findall(r"^#+ (.+)$", _prose(made[README]), re.MULTILINE)]

    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("control", CATALOGUE["controls"], ids=lambda control: control["id"])
def test_every_id_of_a_framework_leads_to_its_control_and_rules(control: dict[str, Any], either: Pages) -> None:
    by_framework = either[README].partition("\n## By framework\n")[2].partition("\n## ")[0]
    for key, ids in control["frameworks"].items():
        section = by_framework.partition(f"\n### {CATALOGUE['frameworks'][key]['name']}\n")[2].partition("\n### ")[0]
        for id_ in ids:
            mark = " ⚠" if id_ in control.get("unchecked", {}).get(key, []) else ""
            start = f"| {plain(id_)}{mark} | [{control['id']}](#{anchor(control['id'])}) | "
            (row,) = [line for line in section.splitlines() if line.startswith(start)]
            assert re.findall(r"\[(\w+)\]\(\.\./docs/rules/\1\.md\)", row) == control["rules"]


@pytest.mark.parametrize("control", CATALOGUE["controls"], ids=lambda control: control["id"])
def test_a_control_has_everything_below_its_heading(control: dict[str, Any], either: Pages) -> None:
    section = either[README].partition(f"\n### {control['id']}\n")[2].partition("\n### ")[0]

    for key in ("statement", "why", "not_covered"):
        assert plain(_joined(control[key])) in _joined(section)
    assert re.findall(r"^\| `[\w-]+` \| \[(\w+)\]", section, re.MULTILINE) == control["rules"]
    assert section.count("[cases](") == len(control["rules"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_page_says_all_of_its_rule(rule: Rule, either: Pages) -> None:
    page = either[rule.page]

    assert page.startswith(f"# {rule.slug}\n\n- Id: `{rule.id}`\n")
    assert plain(rule.why) in _joined(page)
    assert all(f"`{target}`" in page for target in rule.targets)
    for outcome, names in rule.cases.items():
        listed = page.partition(f"\n{outcome}, ")[2].partition(":\n\n")[2].partition("\n\n")[0]
        assert listed.splitlines() == [f"- {plain(name)}" for name in names]
    assert all(f"| {plain(each.violation)} | {plain(each.fix)} |" in page for each in clauses(rule))
    assert {"### Avoid", "### Prefer", "## Mutants"} <= set(page.splitlines())
    # Frameworks are named in one place; here they would be said twice and kept once.
    assert not any(framework["name"] in page for framework in CATALOGUE["frameworks"].values())


def _joined(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_rule_says_what_it_refuses_and_how_to_mend_it(rule: Rule) -> None:
    found = clauses(rule)

    assert found
    assert all(each.fix.strip("…. ") and each.violation.strip("…. ") for each in found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_the_examples_are_cases_that_say_something_else(rule: Rule) -> None:
    bad, good = examples(rule)

    assert bad.text != good.text
    assert (bad.name, good.name) == (rule.cases["FAIL"][0], rule.cases["PASS"][0])
    for example in (bad, good):
        section = next(iter(yaml.load(example.text, Loader=_Loader)))
        assert section in ("Conditions", "Mappings", "Resources", "Parameters", "Outputs")
        assert len(example.text.splitlines()) <= LONGEST


class _Loader(yaml.SafeLoader):
    """Takes CloudFormation's tags for nothing."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: suffix)


# ------------------------------------------------------------------------------- what the reports have to say ----


def test_numbers_and_verdicts_are_the_reports_own(material: Material, made: Pages) -> None:
    index = RULES[7]
    killed, alone = (material.reports.mutants["rules"][index.slug][key] for key in ("killed", "alone"))
    row = next(line for line in made[README].splitlines() if f"| [{index.slug}](" in line)

    assert row.endswith(f"| pass in the source and 29 scenarios | {killed} / {alone} |")
    assert f"It refuses {killed} of 4,321 mutants; {alone} of them no other rule refuses." in made[index.page]
    assert "- `falsify Resources.Stream.Properties.Name: other`" in made[index.page]
    assert "of 4,321 mutants the rules kill 4,300" in _joined(made[README])


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

    assert command.material(*paths).verdict(RULES[7]) == verdict


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
    material = command.material(verdicts, mutants)

    assert material.verdict(RULES[7]).startswith("waived in 2 of ")
    assert "- `Queue`, line 12: it is \\*open\\*. Waived: so be it" in pages.write(material)[RULES[7].page]


@pytest.mark.parametrize("which", ["verdicts", "mutants"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(None, "is not there; tox -e", id="missing"),
        pytest.param("", "cannot be read", id="empty"),
        pytest.param("[]", "is no report", id="something else"),
        pytest.param({"template_sha256": "0"}, "is about another state of the template", id="another template"),
        pytest.param({"rules_sha256": "0"}, "is about another state of the rules", id="other rules"),
        pytest.param({"rules": []}, "the reports do not know", id="of one engine only"),
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
        command.material(*paths)

    assert "\n" not in str(refused.value)


def test_the_reports_are_those_that_the_gate_and_the_mutants_write() -> None:
    assert (reports.TEMPLATE, reports.VERDICTS) == (gate.TEMPLATE, gate.VERDICTS)
    assert mutants_command.REPORT == reports.MUTANTS


# -------------------------------------------------------------------------------------------------- staleness ----


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Pages) -> Path:
    """A project with fresh pages and reports, as the command sees it."""
    verdicts, mutants = verdicts_and_mutants(tmp_path, RULES)
    # What the pages say is the tests' above; here it is only whether it is what is there.
    monkeypatch.setattr(pages, "write", lambda _: dict(made))
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(reports, "VERDICTS", verdicts)
    monkeypatch.setattr(reports, "MUTANTS", mutants)
    command.write(tmp_path, dict(made))
    return tmp_path


def test_fresh_pages_are_fresh_and_stay_untouched(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (root / README).stat().st_mtime_ns

    assert command.main(["--check"]) == command.FRESH
    assert command.main([]) == command.FRESH
    assert (root / README).stat().st_mtime_ns == before
    assert capsys.readouterr() == ("", "")


def test_a_stale_page_is_named_with_its_first_line_that_differs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = root / RULES[0].page
    fresh = page.read_text()
    page.write_text(fresh.replace("## Cases", "## Causes"))
    number = fresh.splitlines().index("## Cases") + 1

    assert command.main(["--check"]) == command.STALE
    assert page.read_text() != fresh
    said = capsys.readouterr().err
    assert said.splitlines() == [
        f"rules: {RULES[0].page}:{number} is stale: '## Causes', and has to be '## Cases'",
        f"rules: {command.ANEW} writes them anew",
    ]

    assert command.main(["--write"]) == command.FRESH
    assert page.read_text() == fresh


def test_a_page_that_ends_early_or_late_is_stale(root: Path, made: Pages) -> None:
    page = root / RULES[0].page
    page.write_text(made[RULES[0].page] + "\nMore.\n")
    (late,) = command.differences(root, dict(made))
    page.write_text(made[RULES[0].page].rpartition("\n- ")[0] + "\n")
    (early,) = command.differences(root, dict(made))

    assert "and has to be nothing" in late
    assert "is stale: nothing" in early


def test_a_page_that_is_missing_or_left_over_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / RULES[0].page).unlink()
    left = root / command.PAGES / "rule_that_was.md"
    left.write_text("# rule_that_was\n")

    assert command.main(["--check"]) == command.STALE
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"rules: {RULES[0].page} is not there",
        f"rules: {command.PAGES}/rule_that_was.md is of no rule",
        f"rules: {command.ANEW} writes them anew",
    ]

    assert command.main([]) == command.FRESH
    assert (root / RULES[0].page).is_file()
    assert not left.exists()


def test_without_reports_nothing_is_written_and_one_line_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.MUTANTS.unlink()
    (root / README).write_text("stale")

    assert command.main([]) == command.main(["--check"]) == command.COULD_NOT_WRITE
    assert (root / README).read_text() == "stale"
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "tox -e mutants writes it" in said[0]


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
    (found,) = clauses(Rule("RET-1", "check", catalogue.CHECKS, path, "", (), {}))

    assert (found.violation, found.fix) == (violation, fix)


def test_a_choice_of_words_is_two_clauses(tmp_path: Path) -> None:
    path = tmp_path / "check.py"
    path.write_text('def problems(stack, subject):\n    yield Problem("one." if subject else "two.", "mend it.")\n')

    found = clauses(Rule("RET-1", "check", catalogue.CHECKS, path, "", (), {}))

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
    assert plain(text) == shown
