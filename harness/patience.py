"""Time limits before something counts as failed, multiplied by PIPELINE_PATIENCE.

A machine that is busy with other work needs more time for the same; `PIPELINE_PATIENCE=3` triples all limits. What is
measured and not waited for (CPU seconds, timeouts in the template) does not change with it.
"""

import os

VARIABLE = "PIPELINE_PATIENCE"


class BadPatience(ValueError):
    """PIPELINE_PATIENCE is not a number of 1 or more."""


def seconds(limit: float) -> float:
    """`limit` seconds, scaled by PIPELINE_PATIENCE. Raises BadPatience."""
    text = os.environ.get(VARIABLE) or "1"
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    # NaN compares as false; infinity would never time out.
    if not 1 <= factor <= 1_000:
        raise BadPatience(f"{VARIABLE} is {text!r}, not a number from 1 to 1000")
    return limit * factor
