"""What somebody says is true of a deployment: a Region, an account, values of parameters."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.render import parameters, pseudo


class BadValues(Exception):
    """A value that the template does not take, or a file of values that cannot be read; the message is one line."""


def read(template: Mapping[str, Any], region: str | None, account: str | None, path: Path | None) -> dict[str, str]:
    """The values by the names of parameters and pseudo parameters. Raises BadValues."""
    said = {pseudo.REGION: ("--region", region), pseudo.ACCOUNT: ("--account", account)}
    for name, (option, value) in said.items():
        if value is not None and not pseudo.FORMS[name].fullmatch(value):
            raise BadValues(f"{option}: {value!r} is no {name.removeprefix('AWS::')}")
    found = {name: value for name, (_, value) in said.items() if value is not None}
    declared = template.get("Parameters", {})
    for name, value in _in_file(path).items() if path else ():
        if name not in declared:
            raise BadValues(f"{path}: the template has no parameter {name}")
        if not parameters.allows(declared[name], value):
            raise BadValues(f"{path}: the template does not allow {value!r} as {name}")
        found[name] = value
    return found


def _in_file(path: Path) -> dict[str, str]:
    try:
        stated = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise BadValues(f"{path}: {' '.join(str(error).split())}") from error
    if isinstance(stated, list) and all(isinstance(each, dict) for each in stated):
        stated = {each.get("ParameterKey"): each.get("ParameterValue") for each in stated}
    if not isinstance(stated, dict) or not all(isinstance(each, str) for pair in stated.items() for each in pair):
        raise BadValues(f"{path}: must be an object of names and values, or a list of ParameterKey and ParameterValue")
    return stated
