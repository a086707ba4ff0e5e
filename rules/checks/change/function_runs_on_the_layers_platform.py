"""CHG-012  function_runs_on_the_layers_platform

Why       The layer holds compiled code. A function that is moved to another processor or Python
          without it deploys without a word and fails at its first import, with every message that
          comes in.
Targets   AWS::Lambda::Function, AWS::Lambda::LayerVersion

Cases     SKIP  no layer; a layer of somebody else; no Properties
          PASS  the same processor and runtime; one of several; the default processor; a layer
                that does not say, which is a rule of its own
          FAIL  another processor; the default processor, where the layer has another; another
                runtime; no runtime; an object where the processor belongs; the second layer does
                not fit; a good function beside a bad one
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks import Problem, Resource, Stack
from harness.checks.stack import items

FUNCTION, LAYER = "AWS::Lambda::Function", "AWS::Lambda::LayerVersion"
#: What Lambda takes where a function does not say.
DEFAULT_ARCHITECTURE = "x86_64"


def subjects(stack: Stack) -> list[str]:
    """The functions with a layer of this template."""
    return [name for name, each in stack.of(FUNCTION).items() if _layers(stack, each)]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """A processor or a runtime that a layer is not made for. That the layer says so is a rule of its own."""
    properties = stack.of(FUNCTION)[subject].properties
    for layer in _layers(stack, stack.of(FUNCTION)[subject]):
        architectures = items(layer.properties.get("CompatibleArchitectures"))
        runtimes = items(layer.properties.get("CompatibleRuntimes"))
        wanted = items(properties.get("Architectures")) or [DEFAULT_ARCHITECTURE]
        if architectures and any(each not in architectures for each in wanted):
            yield Problem(
                f"{layer.logical_id} is not made for the function's processor, {', '.join(map(str, wanted))}.",
                "set Architectures to one of the layer's CompatibleArchitectures, or build the layer for it.",
                ("Properties", "Architectures"),
            )
        if runtimes and properties.get("Runtime") not in runtimes:
            yield Problem(
                f"{layer.logical_id} is not made for the function's runtime, {properties.get('Runtime')}.",
                "set Runtime to one of the layer's CompatibleRuntimes, or build the layer for it.",
                ("Properties", "Runtime"),
            )


def _layers(stack: Stack, function: Resource) -> list[Resource]:
    return [found for each in items(function.properties.get("Layers")) if (found := stack.by_ref(each, LAYER))]
