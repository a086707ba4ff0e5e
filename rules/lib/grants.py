"""What a role's own policies let it do."""

import re

from harness.render.resources import Resource
from rules.lib.conditions import OF_THE_ACCOUNT, Context, holds, refuses
from rules.lib.iam import fits, role_statements


def may(role: Resource, action: str, arn: str, context: Context | None = None) -> bool:
    """Whether a role's policies allow this and deny it nowhere; `context` adds to what is known of the request."""
    known = {**OF_THE_ACCOUNT, "aws:principalarn": role.arn, **(context or {})}
    statements = role_statements(role)
    allowed = any(
        each.allows and each.covers(action) and each.reaches(arn) and holds(each, known) for each in statements
    )
    return allowed and not refuses(statements, action, arn, known)


def prefixes(role: Resource, action: str, bucket: Resource) -> set[str]:
    """The prefixes in a bucket under which a role may do this; the empty one is the whole bucket."""
    granted = (each for each in role_statements(role) if each.allows and each.covers(action))
    return {prefix for each in granted for arn in each.resources for prefix in _prefix(arn, bucket)}


def _prefix(arn: str, bucket: Resource) -> list[str]:
    name, slash, key = arn.partition("/")
    # A star before the slash may stand for a bucket and the beginning of a key.
    if "*" in name and fits(f"{bucket.arn}/", name):
        return [""]
    return [re.split("[*?]", key)[0]] if slash and fits(bucket.arn, name) else []
