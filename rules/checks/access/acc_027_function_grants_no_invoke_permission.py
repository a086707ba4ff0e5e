"""ACC-027  function_grants_no_invoke_permission

Why       The functions take their work from the stream and the queue through event source mappings. Anyone who could
          invoke one could have records stored that no venue sent, indistinguishable from the market's.
Targets   AWS::Lambda::Function, AWS::Lambda::Permission, AWS::Lambda::Url, AWS::Lambda::Alias, AWS::Lambda::Version
"""

from typing import Any

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.mappings import function_named

#: What opens a function, and where it names it.
OPENS = {"AWS::Lambda::Permission": "FunctionName", "AWS::Lambda::Url": "TargetFunctionArn"}
#: Names for a version of a function, which can be opened as well.
VERSIONS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")


def subjects(stack: Stack) -> list[str]:
    """All functions."""
    stack.of(*OPENS, *VERSIONS)
    return list(stack.of("AWS::Lambda::Function"))


def problems(stack: Stack, subject: str) -> Problems:
    """Permissions and URLs by which others could invoke it."""
    function = stack.resources[subject]
    for name, each in stack.of(*OPENS).items():
        if _function(stack, each.properties.get(OPENS[each.type])) is function:
            yield Problem(
                f"{name} lets others invoke the function with any event, so forged records could be stored.",
                f"remove {name}: an AWS::Lambda::EventSourceMapping needs no permission.",
            )


def _function(stack: Stack, name: Any) -> Resource | None:
    version = stack.by_ref(name, *VERSIONS) or stack.by_arn(name, *VERSIONS)
    return function_named(stack, version.properties.get("FunctionName") if version else name)
