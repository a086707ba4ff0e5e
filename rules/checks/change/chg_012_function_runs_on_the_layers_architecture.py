"""CHG-012  function_runs_on_the_layers_architecture

Why       The layer holds compiled code. A function that moves to another architecture or runtime without its layer
          deploys without an error and fails at its first import, on every message.
Targets   AWS::Lambda::Function, AWS::Lambda::LayerVersion
"""

from harness.render.resources import items
from rules.lib import Problem, Problems, Resource, Stack

FUNCTION, LAYER = "AWS::Lambda::Function", "AWS::Lambda::LayerVersion"
#: What Lambda takes where a function does not say.
DEFAULT = "x86_64"


def subjects(stack: Stack) -> list[str]:
    """The functions with a layer of this template."""
    return [name for name, each in stack.of(FUNCTION).items() if _layers(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """An architecture or a runtime that a layer is not built for. That the layer states them is another rule."""
    function = stack.of(FUNCTION)[subject]
    wanted = items(function.properties.get("Architectures")) or [DEFAULT]
    for layer in _layers(stack, function):
        architectures = items(layer.properties.get("CompatibleArchitectures"))
        if architectures and any(each not in architectures for each in wanted):
            yield Problem(
                f"{layer.logical_id} is not built for the function's architecture, {', '.join(map(str, wanted))}.",
                "set Architectures to one of the layer's CompatibleArchitectures, or build the layer for it.",
                ("Properties", "Architectures"),
            )
        runtimes, runtime = items(layer.properties.get("CompatibleRuntimes")), function.properties.get("Runtime")
        if runtimes and runtime not in runtimes:
            yield Problem(
                f"{layer.logical_id} is not built for the function's runtime, {runtime}.",
                "set Runtime to one of the layer's CompatibleRuntimes, or build the layer for it.",
                ("Properties", "Runtime"),
            )


def _layers(stack: Stack, function: Resource) -> list[Resource]:
    return [found for each in items(function.properties.get("Layers")) if (found := stack.by_ref(each, LAYER))]
