"""What a statement says that no request can meet: an action on a resource to which AWS knows no such thing is done.

IAM takes it, and S3 and SQS refuse it in a policy of theirs. Either way it grants nothing, and means something else.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
"""

from __future__ import annotations

from functools import cache

from harness.access.actions import Home, action_classes, may_fit, service_of
from harness.access.globs import Glob
from harness.access.statements import Statement


@cache
def idle(statement: Statement, covers: frozenset[Glob], home: Home) -> str:
    """The first action, or else resource, that decides nothing; empty if there is none.

    `covers` are the resources that the statement's policy is on, if it is a resource's.
    """
    if statement.actions.excepted or statement.resources.excepted:
        # Something is always left.
        return ""
    met: set[Glob] = set()
    for action in statement.actions.globs:
        if not service_of(action.text):
            return ""
        found = {each for each in statement.resources.globs if _is_done(action, each, covers, home)}
        if not found:
            return f"{action.text} is done to none of the resources"
        met |= found
    left = (each for each in statement.resources.globs if each not in met)
    return next((f"none of the actions is done to {each.text}" for each in left), "")


def _is_done(action: Glob, resource: Glob, covers: frozenset[Glob], home: Home) -> bool:
    forms = _forms(action)
    of_policy = [{resource, each} for each in covers] or [{resource}]
    # Without a form nobody is asked about it, as it needs no permission.
    return not forms or any(may_fit(form, frozenset(each), home) for form in forms for each in of_policy)


@cache
def _forms(action: Glob) -> tuple[str, ...]:
    """What the resources look like to which an action is done."""
    classes = action_classes(service_of(action.text), frozenset({action}), frozenset())
    return tuple({form: None for each in classes if each.fitting for form in each.forms})
