"""What a role's own policies let it do in a bucket."""

import re

from harness.render.resources import Resource
from rules.lib.iam import fits, role_statements


def may(role: Resource, action: str, arn: str) -> bool:
    """Whether a role may do this, on no condition. What else refuses it is not looked at."""
    return any(
        each.allows and not each.body.get("Condition") and each.covers(action) and each.reaches(arn)
        for each in role_statements(role)
    )


def prefixes(role: Resource, action: str, bucket: Resource) -> set[str]:
    """The prefixes in a bucket under which a role may do this; the empty one is the whole bucket."""
    granted = (each for each in role_statements(role) if each.allows and each.covers(action))
    return {prefix for each in granted for arn in each.resources for prefix in _prefix(arn, bucket)}


def _prefix(arn: str, bucket: Resource) -> list[str]:
    name, slash, key = arn.partition("/")
    if not slash:
        return [""] if "*" in name and fits(f"{bucket.arn}/", name) else []
    return [re.split("[*?]", key)[0]] if fits(bucket.arn, name) else []
