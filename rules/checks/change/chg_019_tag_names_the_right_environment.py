"""CHG-019  tag_names_the_right_environment

Why       Whoever cleans up last week's test goes by the tag. A production bucket that is tagged staging, or with no
          real environment, is deleted with it, or its cost is charged to the wrong team.
Targets   *
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Path

TAG = "Environment"


def subjects(stack: Stack) -> list[str]:
    """The resources with a tag Environment, in a template with a parameter of that name."""
    named = [name for name, each in stack.all().items() if _tags(each)]
    return named if TAG in stack.parameters else []


def problems(stack: Stack, subject: str) -> Problems:
    """A tag that differs from the parameter. That there is a tag is another rule."""
    environment = stack.parameters[TAG]
    for path, value in _tags(stack.all()[subject]):
        if value != environment:
            yield Problem(
                f"the tag Environment says {value}, but the environment is {environment}.",
                "set the tag's value to !Ref Environment.",
                path,
            )


def _tags(resource: Resource) -> list[tuple[Path, Any]]:
    tags = resource.properties.get("Tags")
    path = ("Properties", "Tags")
    if isinstance(tags, dict):
        return [((*path, TAG), tags[TAG])] if TAG in tags else []
    listed = enumerate(tags if isinstance(tags, list) else [])
    return [((*path, index, "Value"), at(each, "Value")) for index, each in listed if at(each, "Key") == TAG]
