"""CHG-028  region_is_supported_by_glue

Why       Not every Region has everything that a pipeline needs: some partitions get a Glue version years later. What
          cannot run there has to be rejected before anything is created, not when the last of eighty resources fails
          and the write-once archive already exists.
Targets   AWS::Glue::Job, Mappings, Outputs
"""

import re
from collections.abc import Iterator
from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.cached import cached_by_part

JUDGES = "source"

#: Names in the partitions aws and aws-us-gov, in which Glue 5.1 is in every Region:
#: https://aws.amazon.com/about-aws/whats-new/2026/04/aws-glue-5-1-all-govcloud-commercial-regions/
SUPPORTED = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-(gov-)?[a-z]+-[0-9]")


def subjects(template: dict[str, Any]) -> list[str]:
    """The Glue jobs."""
    resources = template.get("Resources")
    named = resources.items() if isinstance(resources, dict) else ()
    return [name for name, body in named if at(body, "Type") == "AWS::Glue::Job"]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A job that may be created in any Region, or in one that is not known to support it."""
    maps = [name for name in dict.fromkeys(_looked_up(template)) if isinstance(at(template, "Mappings", name), dict)]
    if not maps:
        yield Problem(
            f"{subject} is created in any Region that the template is deployed to, supported or not.",
            "list the supported Regions in Mappings, and look AWS::Region up there, without a default, in an output or"
            " a resource that is on no condition.",
            ("Mappings",),
        )
    for name in maps:
        for region in template["Mappings"][name]:
            if not SUPPORTED.fullmatch(str(region)):
                yield Problem(
                    f"{region} is not a Region that is known to support {subject}.",
                    f"remove it from {name}, or add it to this rule's list with AWS's announcement as the source.",
                    ("Mappings", name, region),
                )


def _looked_up(template: dict[str, Any]) -> Iterator[str]:
    """The maps in which the Region is looked up in every deployment."""
    for section in ("Outputs", "Resources"):
        stated = template.get(section)
        for body in stated.values() if isinstance(stated, dict) else ():
            if isinstance(body, dict) and "Condition" not in body:
                yield from _maps_of(body)


@cached_by_part
def _maps_of(body: dict[str, Any]) -> list[str]:
    return list(_maps(body))


def _maps(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _maps(each)
    elif isinstance(node, dict) and "Fn::If" not in node:
        arguments = node.get("Fn::FindInMap")
        # A fourth argument is a default.
        if isinstance(arguments, list) and len(arguments) == 3 and arguments[1] == {"Ref": "AWS::Region"}:
            yield str(arguments[0])
        for each in node.values():
            yield from _maps(each)
