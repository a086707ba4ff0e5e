"""Numbers as templates write them."""

import re
from typing import Any


def number(value: Any) -> float | None:
    """A number, or the text of one, which CloudFormation takes as well; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    # Neither YAML's .nan and .inf nor Python's own spellings: every comparison with such a number passes or fails.
    return float(value) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]+)?", str(value)) else None


def whole(value: float) -> str:
    """A number for a message: without `.0`."""
    return f"{value:g}" if value < 1e6 else f"{value:.0f}"
