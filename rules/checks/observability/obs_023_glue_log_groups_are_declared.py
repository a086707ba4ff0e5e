"""OBS-023  glue_log_groups_are_declared

Why       Log groups that Glue creates are kept forever and shared by every job of the account. Licensed records that a
          failing job prints would be readable by other teams.
Targets   AWS::Glue::Job, AWS::Logs::LogGroup
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, all_of

PREFIX = "--custom-logGroup-prefix"
PATH = ("Properties", "DefaultArguments")

subjects = all_of("AWS::Glue::Job")


def problems(stack: Stack, subject: str) -> Problems:
    """The groups that Glue appends to the job's prefix have to be in the template."""
    prefix = at(stack.resources[subject].properties, "DefaultArguments", PREFIX)
    if not isinstance(prefix, str) or not prefix:
        yield Problem(
            "the job logs to the group that all jobs of the account share.",
            f"set {PREFIX} in DefaultArguments, and add log groups of that name plus /output and /error.",
            PATH,
        )
        return
    for group in (f"{prefix}/output", f"{prefix}/error"):
        if stack.by_ref(group, "AWS::Logs::LogGroup") is None:
            yield Problem(
                f"the job logs to {group}, which is not in the template, so Glue creates it and keeps its logs "
                "forever.",
                f"add an AWS::Logs::LogGroup named {group}.",
                (*PATH, PREFIX),
            )
