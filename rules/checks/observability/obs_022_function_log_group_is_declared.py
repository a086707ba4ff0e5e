"""OBS-022  function_log_group_is_declared

Why       A log group that Lambda creates is kept forever, not encrypted with our key, and survives the stack. Symbols
          and prices from licensed feeds would stay there for anyone who may read logs.
Targets   AWS::Lambda::Function, AWS::Logs::LogGroup
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, all_of

subjects = all_of("AWS::Lambda::Function")


def problems(stack: Stack, subject: str) -> Problems:
    """It has to log to a log group of the template."""
    function = stack.resources[subject]
    group = at(function.properties, "LoggingConfig", "LogGroup") or f"/aws/lambda/{function.ref}"
    if stack.by_ref(group, "AWS::Logs::LogGroup") is None:
        yield Problem(
            f"the function logs to {group}, which is not in the template, so Lambda creates it without our key.",
            "add an AWS::Logs::LogGroup and set LoggingConfig.LogGroup to its Ref.",
            ("Properties", "LoggingConfig"),
        )
