"""What docs/producing.md shows, as it stands there: the samples' names, the policy, the examples."""

import json
from pathlib import Path
from typing import Any

from tests.documents import blocks

PAGE = (Path(__file__).parents[1] / "docs" / "producing.md").read_text()


def sample(name: str) -> dict[str, Any]:
    """The names that the Python block with a function of this name defines."""
    (code,) = (block for block in blocks(PAGE, "python") if f"def {name}(" in block)
    names: dict[str, Any] = {}
    exec(compile(code, "docs/producing.md", "exec"), names)
    return names


JSON = [json.loads(block) for block in blocks(PAGE, "json")]
EXAMPLES = [each for each in JSON if "symbol" in each]
(POLICY,) = (each for each in JSON if "Statement" in each)
