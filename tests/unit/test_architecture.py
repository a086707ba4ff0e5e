"""docs/architecture.md: its packages and layers match the tree and import-linter, and its paths exist."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_validation.core import Tally as Validated
from harness.catalogue import catalogue
from harness.deploy.stack import TEMPLATE
from harness.render.resources import walk
from harness.render.source import read
from kinesis_consumer.core import Tally as Consumed
from market_data import Reason

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
#: The rows of the page's tables, a list of cells each.
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
ENVIRONMENT = "dev"
RESOURCES = read(TEMPLATE).template["Resources"]


def layers() -> list[str]:
    """The lines of the page's diagram."""
    (picture,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(picture).splitlines()


def rooms() -> set[str]:
    """The packages and modules that the tree has at the level of rooms, by the names they are imported by."""
    folders = (("harness.", "harness"), ("rules.", "rules"), ("", "lambda_src"), ("", "glue_src"))
    return {
        f"{prefix}{path.stem}"
        for prefix, folder in folders
        for path in (ROOT / folder).iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or any(path.rglob("*.py")))
    }


def test_the_layers_are_those_that_the_linter_holds() -> None:
    assert layers() == CONTRACTS["contracts"][0]["layers"]


def test_every_room_is_on_one_line_and_in_a_table() -> None:
    """A package that the linter does not know may import anything."""
    placed = [room for line in layers() for room in line.split(" | ")]
    listed = {room for row in ROWS for room in re.findall(r"`([\w.]+)`", row[0])}

    assert sorted(placed) == sorted(rooms())
    assert rooms() <= listed


@pytest.mark.parametrize("package", ["harness", "rules/lib", "rules/checkov", "lambda_src", "glue_src"])
def test_no_package_is_hidden_from_the_linter(package: str) -> None:
    """The linter skips a folder of modules without `__init__.py` inside a package."""
    roots = {ROOT / "lambda_src", ROOT / "glue_src"}
    folders = {path.parent for path in (ROOT / package).rglob("*.py")} - roots

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def _files_with(pattern: str, *folders: str) -> set[str]:
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != Path(__file__))
    return {str(path.relative_to(ROOT)) for path in paths if re.search(pattern, path.read_text())}


def test_one_module_reads_cloudformation_yaml() -> None:
    """Engines read templates for themselves; one test compares our reader with the AWS CLI's."""
    reads = r"yaml\.SafeLoader(?! =)|\.add_(multi_)?constructor|yaml\.load\(|yaml_parse|decode_str|cfn_yaml"

    assert _files_with(reads, "harness", "rules", "tests") == {
        "harness/gate/engines/cfn_lint.py", "harness/gate/engines/checkov_worker.py", "harness/render/source.py",
        "tests/gate/test_lint_shortcuts.py", "tests/gate/test_suppressions.py", "tests/render/test_source.py",
    }  # fmt: skip


def test_one_module_reads_iam_statements() -> None:
    assert _files_with(r"[\"']Statement[\"']", "rules") == {"rules/lib/iam.py"}


def test_a_copy_that_may_stay_says_why() -> None:
    marks = [
        (path, line)
        for folder in ("lambda_src", "glue_src", "harness", "rules")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if "jscpd:ignore-start" in line
    ]

    assert [mark for mark in marks if not re.search(r"jscpd:ignore-start\s+\(\w.{10,}\)", mark[1])] == []


# ------------------------------------------------------------------------------------------- from a name to its file


def path_of(kind: str, name: str) -> Path:
    """The file for a name, by the page's table: computed from the name and file names, without reading files."""
    match kind:
        case "rule id" | "rule slug":
            stem = f"{name.lower().replace('-', '_')}_*" if kind == "rule id" else f"*[0-9]_{name}"
            (path,) = (path for suffix in ("guard", "py") for path in (ROOT / "rules").rglob(f"{stem}.{suffix}"))
            return path
        case "rejection code":
            return ROOT / "lambda_src" / "market_data" / "errors.py"
        case "metric" if name.startswith("FinancialPipeline/"):
            service = name.split("/")[1].removesuffix(f"-{ENVIRONMENT}").replace("-", "_")
            return ROOT / "lambda_src" / service / "core.py"
        case "control":
            return ROOT / "rules" / "controls.yaml"
        case "metric" | "alarm" | "parameter":
            return ROOT / "template" / "financial-pipeline.yaml"
    raise AssertionError(f"the page has no row for {kind}")


def named() -> Iterator[tuple[str, str, str]]:
    """(kind, name as shown to users, text in the file) for every name."""
    for rule in catalogue.load():
        yield "rule id", rule.id, f"{rule.id}  {rule.slug}"
        yield "rule slug", rule.slug, f"{rule.id}  {rule.slug}"
    for reason in Reason:
        yield "rejection code", reason, f'"{reason}"'
    for service, summary in (("kinesis-consumer", Consumed()), ("data-validation", Validated())):
        for name in summary.as_metrics():
            yield "metric", f"FinancialPipeline/{service}-{ENVIRONMENT}/{name}", f'"{name}"'
    for name in metrics_of_aws():
        yield "metric", name, f"MetricName: {name.rpartition('/')[2]}"
    for alarm in of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        stated = alarm["Properties"]["AlarmName"]["Fn::Sub"]
        yield "alarm", stated.replace("${Environment}", ENVIRONMENT), f"AlarmName: !Sub {stated}\n"
    for parameter in read(TEMPLATE).template["Parameters"]:
        yield "parameter", parameter, f"\n  {parameter}:\n"


def of_type(*types: str) -> list[dict[str, Any]]:
    """The template's resources of some types."""
    return [each for each in RESOURCES.values() if each["Type"] in types]


def metrics_of_aws() -> set[str]:
    """Namespace and name of the AWS metrics that the template's alarms watch."""
    stated = [value for _, value in walk(of_type("AWS::CloudWatch::Alarm")) if isinstance(value, dict)]
    named = [each for each in stated if {"MetricName", "Namespace"} <= each.keys()]
    found = {f"{each['Namespace']}/{each['MetricName']}" for each in named}
    return {name for name in found if not name.startswith("FinancialPipeline/")}


def test_from_the_name_alone_one_gets_to_the_file() -> None:
    names = list(named())
    lost = [(kind, name) for kind, name, text in names if text not in path_of(kind, name).read_text()]

    assert {kind for kind, _, _ in names} == {"rule id", "rule slug", "rejection code", "metric", "alarm", "parameter"}
    assert lost == []


def test_every_alarm_watches_a_metric_that_has_a_file() -> None:
    """An alarm on one of our metrics uses the name that a function publishes."""
    ours = {name.rpartition("/")[2] for kind, name, _ in named() if kind == "metric"}
    watched = {value for path, value in walk(of_type("AWS::CloudWatch::Alarm")) if path[-1:] == ("MetricName",)}

    assert watched
    assert watched <= ours


def test_the_examples_of_the_page_exist() -> None:
    """The second column of the last table."""
    shown = [re.findall(r"`([^`]+)`", row[1]) for row in ROWS if len(row) == 3 and row[0].startswith("a")]
    names = " ".join(name for _, name, _ in named()) + (ROOT / "rules" / "controls.yaml").read_text()

    assert len(shown) == 8
    assert [each for row in shown for each in row if each not in names] == []
