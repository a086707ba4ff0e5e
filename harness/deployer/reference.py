"""AWS's service authorization reference: the existing actions, and their resource types.

cfn-lint carries it with each release, as it carries the resource schemas.
https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


def exists(action: str) -> bool:
    """Whether the action exists. Case-insensitive, like IAM."""
    service, _, name = action.lower().partition(":")
    return name in _actions(service)


#: Actions with a resource type only in the machine-readable reference, not in the documentation: granted on `*`.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
_UNCERTAIN = frozenset({"sns:unsubscribe"})


def resource_types(action: str) -> frozenset[str]:
    """The resource types an action can safely be limited to, in lower case; empty if `*` must be granted.

    A call that describes or lists may be judged by a wildcard of its own, whatever it asks for, so that a name would
    refuse it. S3's lists are of one bucket.
    """
    service, _, name = action.lower().partition(":")
    if action.lower() in _UNCERTAIN or (service != "s3" and name.startswith(("describe", "list"))):
        return frozenset()
    stated = _actions(service).get(name, {}).get("Resources", ())
    return frozenset(each.lower() for each in stated)


def _actions(service: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _services().get(service, {}).get("Actions", {})
    return found


@cache
def _services() -> Mapping[str, Any]:
    text = resources.files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text()
    services: Mapping[str, Any] = json.loads(text)
    return services
