"""The tables of docs/costs.md, between its generated markers, and the bills of a set of parameter values."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from harness.costs import data, model
from harness.costs.data import Data
from harness.costs.model import Bill, Load, Resources, Uncounted
from harness.markdown import code, paragraph, table
from harness.render import parameters, source
from harness.render.rendering import Rendering

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
FILES = TEMPLATE.with_name("parameters")
LOADS = {"idle": Decimal(0), "1,000 records/s": Decimal(1000), "10,000 records/s": Decimal(10000)}
#: Of a load that the shards do not take.
NO_PRICE = "\N{EN DASH}"
YEAR = Decimal(365)
#: When the options are compared: by then the retention of logs and of the trail shows.
LATER = 3 * YEAR + 1
AGES = {"first": Decimal(30), "12th": YEAR, "36th": LATER, "84th": 7 * YEAR + 2}


@cache
def template() -> dict[str, Any]:
    """The project's template."""
    return source.read(TEMPLATE).template


def values(given: Mapping[str, str]) -> dict[str, str]:
    """A value for each parameter: given, default, or production's. Raises Uncounted for what the template refuses."""
    stated = template()["Parameters"]
    defaults = {name: parameters.text(each["Default"]) for name, each in stated.items() if "Default" in each}
    found = {**read(FILES / "production.json"), **defaults, **given}
    for name, value in found.items():
        if name not in stated:
            raise Uncounted(f"the template has no parameter {name}")
        if not parameters.allows(stated[name], value):
            raise Uncounted(f"{name}={value}: {name} {stated[name].get('ConstraintDescription', 'has no such value.')}")
    return found


def read(path: Path) -> dict[str, str]:
    """A parameter file. Raises Uncounted if it is none."""
    try:
        entries: list[str] = json.loads(path.read_text())
        return dict(entry.split("=", 1) for entry in entries)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Uncounted(f"{path}: no readable parameter file ({error})") from error


def resources(given: Mapping[str, str]) -> Resources:
    """The rendered resources."""
    found: Resources = Rendering(template(), values(given)).template["Resources"]
    return found


def bills(rendered: Resources, age: Decimal = YEAR, prices: Data | None = None) -> dict[str, Bill]:
    """A bill for each load."""
    return {name: model.bill(rendered, Load(records, age), prices or data.load()) for name, records in LOADS.items()}


def without(rendered: Resources, part: Mapping[str, str]) -> Resources:
    """The resources without a part of prices.yaml: a type, or one of its properties."""
    found = {}
    for name, body in rendered.items():
        if body["Type"] != part["type"]:
            found[name] = body
        elif "property" in part:
            kept = {key: each for key, each in body["Properties"].items() if key != part["property"]}
            instead = {part["property"]: part["without"]} if "without" in part else {}
            found[name] = {**body, "Properties": kept | instead}
    return found


def month(given: Mapping[str, str] | None = None) -> str:
    """By service, in the twelfth month."""
    found = bills(resources(given or {}))
    services = dict.fromkeys(service for each in found.values() for service in each.services)
    rows = [(service, *(_usd(each, each.services.get(service)) for each in found.values())) for service in services]
    totals = ("**total**", *(f"**{_usd(each, each.total)}**" for each in found.values()))
    return table(("USD a month", *found), [*rows, totals])


def growth() -> str:
    """Totals as the deployment grows older."""
    rendered = resources({})
    return _totals("month", {name: bills(rendered, age) for name, age in AGES.items()})


def files() -> str:
    """Totals of the parameter files in the twelfth month."""
    found = {code(path.name): bills(resources(read(path))) for path in sorted(FILES.glob("*.json"))}
    return _totals("parameters", found)


def options() -> str:
    """What other values, and the template's parts, add to the default."""
    rendered, known = resources({}), data.load().raw
    usual, defaults = bills(rendered, LATER), values({})
    rows = []
    for each in known["options"]:
        name, to = each["parameter"], each["to"]
        said = each.get("note") or f"{code(to)}, not {code(defaults[name])}"
        rows.append((f"{code(name)}: {said}", *_differences(usual, bills(resources({name: to}), LATER))))
    parts = [(each["what"], *_differences(bills(without(rendered, each), LATER), usual)) for each in known["parts"]]
    return f"{table(('parameter', *LOADS), rows)}\n\n{table(('part', *LOADS), parts)}"


def assumptions() -> str:
    """What the template does not say."""
    stated = data.load().raw["assumptions"].items()
    return table(("assumption", "value", "why"), ((code(name), each["value"], each["why"]) for name, each in stated))


def prices() -> str:
    """Where and when the prices were read."""
    known = data.load()
    items = []
    for name, source_ in known.raw["sources"].items():
        read_there = sorted({each.service for each in known.prices.values() if each.read == name})
        items.append(f"`{name}` ({source_['date']}): {source_['what']} For: {', '.join(read_there)}.")
    return "\n".join(paragraph(each, "  ", "- ") for each in items)


def _totals(head: str, found: Mapping[str, Mapping[str, Bill]]) -> str:
    rows = ((name, *(_usd(each, each.total) for each in of_load.values())) for name, of_load in found.items())
    return table((head, *LOADS), rows)


def _differences(before: Mapping[str, Bill], after: Mapping[str, Bill]) -> list[str]:
    return [f"{after[name].total - before[name].total:+,.2f}" for name in before]


def _usd(of: Bill, amount: Decimal | None) -> str:
    return f"{amount or Decimal(0):,.2f}" if of.fits else NO_PRICE


PARTS: dict[str, Callable[[], str]] = {
    "costs_month": month, "costs_growth": growth, "costs_files": files, "costs_options": options,
    "costs_assumptions": assumptions, "costs_prices": prices,
}  # fmt: skip
