"""The names that rules rely on are those of the code and of the template: nothing else would notice another name."""

import ast
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from data_validation.core import Tally as ValidatorTally
from harness.catalogue import catalogue
from harness.gate.check_loader import load
from harness.render.source import read
from json_to_parquet import job
from kinesis_consumer.core import Tally as ConsumerTally
from pipeline_store.columns import FIELDS
from pipeline_store.keys import RAW_PREFIX, VALIDATED_PREFIX
from pipeline_store.settings import Settings
from rules.lib import code, metrics, shapes

ROOT = Path(__file__).parents[2]
PARAMETERS = read(ROOT / "template" / "financial-pipeline.yaml").template["Parameters"]
RULES = {rule.id: rule.path for rule in catalogue.load()}
PYTHON = [path for path in (*RULES.values(), *(ROOT / "rules" / "lib").glob("*.py")) if path.suffix == ".py"]


@pytest.mark.parametrize("handler", code.NEEDED)
def test_the_variables_of_a_function_are_those_that_it_reads(handler):
    module = import_module(handler.rpartition(".")[0])
    (settings,) = (each for each in vars(module).values() if isinstance(each, type) and Settings in each.__bases__)
    fields = msgspec.structs.fields(settings)

    assert hasattr(module, handler.rpartition(".")[2])
    assert code.NEEDED[handler] == {each.name.upper() for each in fields if each.required}
    assert code.OPTIONAL[handler] == {each.name.upper() for each in fields if not each.required}


def test_every_function_is_known_by_its_handler():
    handlers = {f"{path.parent.name}.handler.lambda_handler" for path in (ROOT / "lambda_src").glob("*/handler.py")}

    assert set(code.NEEDED) == set(code.OPTIONAL) == handlers


def test_the_arguments_of_the_job_are_those_that_it_parses(monkeypatch):
    parsers: list[ArgumentParser] = []
    monkeypatch.setattr(ArgumentParser, "parse_known_args", lambda self, _: (parsers.append(self),))
    job.parse_options([""])
    # Glue itself passes the job's name and the help is argparse's.
    actions = [each for each in parsers[0]._actions if each.option_strings[0] not in ("-h", "--JOB_NAME")]

    assert {each.option_strings[0] for each in actions if each.required} == code.NEEDED_ARGUMENTS
    assert {each.option_strings[0]: each.default for each in actions if not each.required} == code.DEFAULTS
    assert set(FIELDS) == code.FEEDS
    assert code.DEFAULTS["--source_prefix"] == VALIDATED_PREFIX + RAW_PREFIX


def test_the_keys_and_indexes_that_a_rule_asks_for_are_in_the_code_or_its_promises():
    code_text = "".join(path.read_text() for name in ("lambda_src", "glue_src") for path in (ROOT / name).rglob("*.py"))
    promised = (ROOT / "docs" / "capabilities.md").read_text()
    named = {each["AttributeName"] for rows in shapes.ROWS.values() for each in rows["AttributeDefinitions"]}

    assert {each for each in named if f'"{each}"' not in code_text} == set()
    assert all(f"`{rows['GlobalSecondaryIndexes'][0]['IndexName']}`" in promised for rows in shapes.ROWS.values())


def test_the_functions_own_metrics_are_those_that_they_count():
    assert set(ConsumerTally().as_metrics()) == metrics.OF_STREAM_READERS
    assert set(ValidatorTally().as_metrics()) == metrics.OF_QUEUE_READERS
    named = [load([RULES["OBS-031"]])[0].module]
    assert named[0].OF_A_STREAM[0] in metrics.OF_STREAM_READERS
    assert named[0].OF_A_QUEUE[0] in metrics.OF_QUEUE_READERS
    assert set(re.findall(r'own_metric\(.+, "(\w+)"\)', RULES["OBS-033"].read_text())) == (
        metrics.OF_STREAM_READERS & metrics.OF_QUEUE_READERS
    )


def test_where_the_functions_publish_is_what_their_settings_say():
    fields = {each.name.upper(): each.default for each in msgspec.structs.fields(Settings)}

    assert fields[metrics.NAMESPACE] == metrics.OWN_NAMESPACE
    assert metrics.SERVICE_NAME in fields


def test_a_parameter_that_a_rule_reads_is_one_of_the_template():
    """A rule whose parameter nobody sets does not apply, and says nothing."""
    read_by_rules = {name: path.name for path in PYTHON for name in _parameters(ast.parse(path.read_text()))}

    assert {name: path for name, path in read_by_rules.items() if name not in PARAMETERS} == {}
    assert len(read_by_rules) >= 10


def _parameters(module: ast.Module) -> Iterator[str]:
    """The names in `stack.parameters.get(NAME)` and `stack.parameters[NAME]`, given as such or as a constant."""
    constants: dict[str, Any] = {
        target.id: each.value.value
        for each in module.body
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        named: ast.expr | None = None
        if isinstance(node, ast.Subscript) and _is_parameters(node.value):
            named = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_parameters(node.func.value):
            named = node.args[0] if node.func.attr == "get" else None
        name = constants.get(named.id) if isinstance(named, ast.Name) else getattr(named, "value", None)
        if isinstance(name, str):
            yield name


def _is_parameters(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "parameters"


def test_an_argument_that_a_rule_names_is_read_by_the_job_or_by_glue():
    known = {*code.NEEDED_ARGUMENTS, *code.DEFAULTS, *code.OF_GLUE}
    texts = "\n".join(path.read_text() for path in RULES.values())

    assert set(re.findall(r"""["'](--[A-Za-z_-]+)["']""", texts)) <= known


def test_what_the_job_must_be_granted_in_the_catalogue_is_what_it_calls():
    source = (ROOT / "glue_src" / "json_to_parquet" / "catalogue.py").read_text()
    called = {each.replace("_", "") for each in re.findall(r"_client\.([a-z_]+)\(", source)}

    assert {each.removeprefix("glue:").lower() for each in load([RULES["RES-046"]])[0].module.ACTIONS} == called
