"""CHG-023  function_runs_code_of_this_deployment

Why       Only code that was reviewed, tested and built may run. A layer of another account, inline code and a variable
          that preloads another program each run with the function's role and see every record.
Targets   AWS::Lambda::Function, AWS::Lambda::LayerVersion, AWS::Lambda::EventSourceMapping
"""

from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.mappings import MAPPING, function_of

#: Variables by which a program other than the handler is run, or a library loaded, before it.
#: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html
LOADS = (
    "AWS_LAMBDA_EXEC_WRAPPER", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP",
    "PYTHONUSERBASE",
)  # fmt: skip

subjects = all_of("AWS::Lambda::Function")


def problems(stack: Stack, subject: str) -> Problems:
    """Code, layers and variables that load anything else."""
    stated = stack.resources[subject].properties
    if not _is_packaged(stated.get("Code")):
        yield Problem(
            "its code is in the template or in an image, not in what `aws cloudformation package` uploads.",
            "set Code to the path of a folder or zip, or to S3Bucket and S3Key.",
            ("Properties", "Code"),
        )
    for layer in items(stated.get("Layers")):
        if stack.by_ref(layer, "AWS::Lambda::LayerVersion") is None:
            yield Problem(
                f"its layer {layer} is not in this template, so somebody else decides what code runs.",
                "declare an AWS::Lambda::LayerVersion and refer to it, or remove the layer.",
                ("Properties", "Layers"),
            )
    for name, mapping in stack.of(MAPPING).items():
        invoked = str(mapping.properties.get("FunctionName"))
        # A name, with a version or an alias after it; an ARN has six parts before these.
        qualifier = invoked.rpartition("function:")[2].partition(":")[2]
        if qualifier not in ("", "$LATEST") and function_of(stack, mapping) is stack.resources[subject]:
            yield Problem(
                f"{name} invokes its version or alias {qualifier}, whose code is that of an earlier deployment.",
                f"refer to the function alone in the FunctionName of {name}.",
            )
    variables = at(stated, "Environment", "Variables")
    for name in LOADS:
        if at(variables, name) is not None:
            yield Problem(
                f"its variable {name} loads another program or library before the function.",
                f"remove {name}.",
                ("Properties", "Environment", "Variables", name),
            )


def _is_packaged(code: Any) -> bool:
    if isinstance(code, dict):
        return "S3Key" in code and not {"ImageUri", "ZipFile"} & set(code)
    return isinstance(code, str) and bool(code)
