"""`python -m harness costs`: what a deployment with these parameters costs a month."""

import json
from pathlib import Path

from harness.cli import Parser, complain, put
from harness.costs import page
from harness.costs.model import Bill, Uncounted
from harness.render.errors import UnreadableTemplate, UnrenderableTemplate

PROGRAM = "costs"
PRINTED, FAILED = 0, 2


def main(argv: list[str]) -> int:
    """Print the bills; return 0, or 2 for a parameter file that cannot be used or a part without a price."""
    parser = Parser(
        prog=PROGRAM,
        description="What the template costs a month (730 h, us-east-1, USD) after a year at each of three loads. "
        "docs/costs.md says what is assumed, and what is not counted.",
        epilog="Exit codes: 0 printed; 2 a bad parameter file, or a part of the template without a price.",
    )
    parser.add_argument("--parameters", type=Path, help="the parameter file to deploy with (default: the defaults)")
    parser.add_argument("--json", action="store_true", help="print amounts and costs as JSON, exact as text")
    options = parser.parse_args(argv)
    try:
        given = page.read(options.parameters) if options.parameters else {}
        if options.json:
            found = page.bills(page.resources(given))
            text = json.dumps({name: _facts(each) for name, each in found.items()}, indent=2)
        else:
            text = page.month(given)
    except (Uncounted, UnreadableTemplate, UnrenderableTemplate) as error:
        complain(PROGRAM, error)
        return FAILED
    return PRINTED if put(PROGRAM, f"{text}\n") else FAILED


def _facts(bill: Bill) -> dict[str, object]:
    lines = {name: {"amount": f"{bill.amounts[name]:f}", "usd": str(cost)} for name, cost in bill.costs.items()}
    return {"total": str(bill.total), "lines": lines}
