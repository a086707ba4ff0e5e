"""CHG-009  parameter_is_validated

Why       A mistyped account id is noticed when half the stack is built, or when a stranger reads our data. If the
          parameter states what is valid, CloudFormation rejects a wrong value before it creates anything.
Targets   Parameters
"""

import re
from typing import Any

from harness.render import parameters, patterns
from harness.render.errors import UnrenderableTemplate
from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.sections import entries

JUDGES = "source"

#: Types that CloudFormation itself knows nothing about; ids of subnets and the like it looks up.
UNCHECKED = ("Number", "String")
#: No parameter should be able to hold this.
NONSENSE = "?! any text, of any length\t{}"
#: What a pattern for one account, organization or network must not let through, by what such a value looks like.
TOO_MUCH = {r"[0-9]{12}": ("*", "2*"), r"o-[a-z0-9]+": ("*", "o-*"), r"10\.[0-9.]+/16": ("0.0.0.0/0", "0.0.0.0/1")}
#: What looks ahead takes no character.
_AHEAD = re.compile(r"\(\?[=!][^)]*\)")
#: A dot that is neither escaped nor in a class; one that ends what begins with a fixed word, as an ARN, is no harm.
_ANYTHING = re.compile(r"^(?![\w:/-]{4,}\.\*$)(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^.\[\\])*\.")


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters that are text or a number; also one that does not say what it is."""
    named = entries(template, "Parameters").items()
    return [name for name, each in named if at(each, "Type") in (None, *UNCHECKED)]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A parameter that accepts anything, or rejects a value without saying why."""
    path = ("Parameters", subject)
    parameter = at(template, *path)
    if not _is_limited(parameter):
        yield Problem(
            f"{subject} accepts any value, so a wrong one is noticed only when the stack is half built.",
            "add AllowedValues, an AllowedPattern that rejects something, or MinValue and MaxValue for a number.",
            path,
        )
    elif _ANYTHING.search(_AHEAD.sub("", str(at(parameter, "AllowedPattern") or ""))):
        yield Problem(
            f"the pattern of {subject} has a dot, which stands for any character, a blank or a quote too.",
            r"name the characters that are valid, such as [a-z0-9-]; a dot itself is \. in a pattern.",
            (*path, "AllowedPattern"),
        )
    elif found := _too_much(subject, parameter):
        yield Problem(
            f"the pattern of {subject} lets {found} through, which is more than one account, organization or network.",
            "allow the characters and lengths of one id only, and networks from /8 on.",
            (*path, "AllowedPattern"),
        )
    reason = at(parameter, "ConstraintDescription")
    if not isinstance(reason, str) or not reason.strip():
        yield Problem(
            f"{subject} has no ConstraintDescription, so a mistyped value is answered with a bare pattern or list.",
            "add a ConstraintDescription that completes: parameter X ...",
            (*path, "ConstraintDescription"),
        )


def _too_much(name: str, parameter: Any) -> str:
    """A value that a pattern lets through although it means more than one account, organization or network."""
    pattern = at(parameter, "AllowedPattern")
    try:
        if not isinstance(pattern, str) or not patterns.is_readable(pattern):
            return ""
        usual = parameters.placeholder(name, {"Type": "String", "AllowedPattern": pattern})
    except UnrenderableTemplate:
        return ""
    wide = next((each for kind, each in TOO_MUCH.items() if re.fullmatch(kind, usual)), ())
    return next((each for each in wide if patterns.matches(pattern, each)), "")


def _is_limited(parameter: Any) -> bool:
    if isinstance(at(parameter, "AllowedValues"), list) and at(parameter, "AllowedValues"):
        return True
    if at(parameter, "Type") == "Number":
        return any(at(parameter, key) is not None for key in ("MinValue", "MaxValue"))
    pattern = at(parameter, "AllowedPattern")
    if not isinstance(pattern, str) or not pattern:
        return False
    try:
        # A pattern of Java's that Python cannot read limits the values by whatever it says.
        return not (patterns.is_readable(pattern) and patterns.matches(pattern, NONSENSE))
    except UnrenderableTemplate:
        return True
