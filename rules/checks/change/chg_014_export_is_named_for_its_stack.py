"""CHG-014  export_is_named_for_its_stack

Why       An export's name is unique in an account and Region. A fixed name keeps a second environment from being
          deployed beside the first, or lets a consumer of development import production's stream.
Targets   Outputs
"""

from typing import Any

from harness.render.resources import at, walk
from rules.lib import Problem, Problems
from rules.lib.sections import entries

JUDGES = "source"


def subjects(template: dict[str, Any]) -> list[str]:
    """The outputs that are exported."""
    named = entries(template, "Outputs").items()
    return [name for name, each in named if isinstance(each, dict) and "Export" in each]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """An export whose name is the same in every stack."""
    path = ("Outputs", subject, "Export", "Name")
    if not any(_is_the_stack(inside, each) for inside, each in walk(at(template, *path))):
        yield Problem(
            f"{subject} is exported under a name that a second stack of this account cannot have.",
            "set Export.Name to !Sub ${AWS::StackName}-..., which is different in every stack.",
            path,
        )


def _is_the_stack(path: tuple[str | int, ...], value: Any) -> bool:
    if path and path[-1] == "Ref":
        return bool(value == "AWS::StackName")
    return "Fn::Sub" in path and isinstance(value, str) and "${AWS::StackName}" in value
