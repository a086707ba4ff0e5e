"""What a run prints."""

import io
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from harness.pipeline.report import show
from harness.pipeline.summary import Summary
from harness.pipeline.vwap import SymbolTotals


def test_a_symbol_is_shown_as_it_is_whatever_it_looks_like() -> None:
    """Symbols and message kinds are untrusted: as markup, they would colour or break the table."""
    printed = io.StringIO()
    totals = [
        SymbolTotals(symbol, ("XNYS",), 1, Decimal(1), Decimal(1), Decimal(1))
        for symbol in ("[/]", "[red]IBM[/]", ":smile:", "A[B]")
    ]
    summary = Summary(skipped_by_kind={"[bold]kind[/]": 1})

    show(Console(file=printed, width=120), summary, totals, Path("build"))

    for shown in ("[/]", "[red]IBM[/]", ":smile:", "A[B]", "[bold]kind[/]"):
        assert shown in printed.getvalue()
