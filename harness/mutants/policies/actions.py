"""Which actions a statement is about: more of them, fewer, or others."""

import re
from collections.abc import Iterator

from harness.access.actions import action_classes
from harness.access.globs import action as glob
from harness.mutants.mutation import ABSENT
from harness.mutants.operators.registry import Edit, Template
from harness.mutants.policies.stated import Stated, another_action, policy_operator, stated

_VERB = re.compile(r"(\w+:[A-Z][a-z]+)[A-Z]\w*")


@policy_operator
def policy_widen_action(template: Template) -> Iterator[Edit]:
    """All actions of a service, all of a verb, or one action more."""
    for each in stated(template):
        every = f"{each.service}:*"
        if each.actions == [every] or each.tests_own_keys:
            continue
        yield each.edit(every, every, "Action")
        listed = isinstance(each.body["Action"], list)
        for index, action in enumerate(each.actions):
            if (verb := _VERB.fullmatch(action)) and _has_more(f"{verb[1]}*", action, each):
                at = ("Action", index) if listed else ("Action",)
                yield each.edit(f"{verb[1]}*", f"{verb[1]}* for {action}", *at)
        if more := another_action(template, each):
            yield each.edit([*each.actions, more], f"and {more}", "Action")


def _has_more(pattern: str, action: str, statement: Stated) -> bool:
    """Whether a pattern fits actions that the statement does not name, on such resources as one that it does."""
    named, all_of_verb = frozenset(map(glob, statement.actions)), glob(pattern)
    of_service = action_classes(statement.service, named | {all_of_verb}, frozenset())
    kinds = {form for each in of_service if glob(action) in each.fitting for form in each.forms}
    return any(each.fitting == {all_of_verb} and kinds & {*each.forms} for each in of_service)


@policy_operator
def policy_narrow_action(template: Template) -> Iterator[Edit]:
    """One action fewer, or one of those that a wildcard stands for."""
    for each in stated(template):
        if len(each.actions) > 1:
            for index, action in enumerate(each.actions):
                yield each.edit(ABSENT, f"without {action}", "Action", index)
        for index, action in enumerate(each.actions):
            if action.endswith("*"):
                at = ("Action", index) if isinstance(each.body["Action"], list) else ("Action",)
                fewer = f"{action[:-1]}Get*" if action.endswith(":*") else action[:-1]
                yield each.edit(fewer, f"{fewer} for {action}", *at)


@policy_operator
def policy_exchange_action(template: Template) -> Iterator[Edit]:
    """Another action of the service in the place of one."""
    for each in stated(template):
        other = another_action(template, each)
        if other and len(each.actions) == 1:
            yield each.edit(other, f"{other} for {each.actions[0]}", "Action")
