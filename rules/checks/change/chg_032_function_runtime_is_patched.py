"""CHG-032  function_runtime_is_patched

Why       A runtime that is pinned by hand keeps its holes until somebody remembers. Nobody is told
          that it is behind.
Targets   AWS::Lambda::Function
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::Lambda::Function",
    "RuntimeManagementConfig/UpdateRuntimeOn",
    lambda value, function, stack: value in ("Auto", "FunctionUpdate"),
    "its runtime is updated on {value}.",
    "set UpdateRuntimeOn to Auto or FunctionUpdate.",
)
