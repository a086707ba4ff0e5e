"""ACC-008  role_writes_its_own_log_only

Why       Logs explain an incident. Code that can write to another program's log can lay a false trail, and code that
          cannot write its own log fails silently.
Targets   AWS::IAM::Role, AWS::Lambda::Function, AWS::Glue::Job, AWS::Glue::Crawler, AWS::Logs::LogGroup
"""

import re

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.conditions import OF_THE_ACCOUNT, holds, refuses
from rules.lib.iam import role_statements
from rules.lib.principals import ACCOUNT
from rules.lib.roles import ROLE, runners_of

WRITE = "logs:PutLogEvents"


def subjects(stack: Stack) -> list[str]:
    """Roles that a function, a job or a crawler runs with, where the template declares the functions' log groups."""
    return [
        name
        for name, role in stack.of(ROLE).items()
        if (runners := runners_of(stack, role)) and all(_log_is_declared(stack, each) for each in runners)
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """Logs that are not its user's, or no log at all."""
    role = stack.resources[subject]
    own = [_own_groups(each) for each in runners_of(stack, role)]
    granted = [each for each in role_statements(role) if each.allows and each.touches("logs:*")]
    for statement in granted:
        for resource in statement.resources or ["*"]:
            # A text without a wildcard that is no ARN means nothing: its log group is not in the template.
            means_something = resource.startswith("arn:") or "*" in resource
            if means_something and not any(re.fullmatch(pattern, resource) for pattern in own):
                yield Problem(
                    f"the role may write to logs that are not its own: {resource}.",
                    "name the log group of the function that uses the role; a Glue role's are under /aws-glue/.",
                    statement.path,
                )
    written = [
        resource
        for each in granted
        if each.covers(WRITE) and holds(each, OF_THE_ACCOUNT)
        for resource in each.resources
        if not refuses(role_statements(role), WRITE, resource, OF_THE_ACCOUNT)
    ]
    for pattern in dict.fromkeys(own):
        # A group's events go to streams, which its ARN does not name without a wildcard.
        if not any(re.fullmatch(pattern, each) and each.endswith("*") for each in written):
            yield Problem(
                "the role may not write the log of the function or job that uses it, so a failure would leave no "
                "trace.",
                "allow logs:PutLogEvents on the ARN of its log group, with :* at the end as GetAtt gives it.",
                ("Properties", "Policies"),
            )


def _own_groups(runner: Resource) -> str:
    if runner.type != "AWS::Lambda::Function":
        return rf"arn:[^:]+:logs:[^:*]+:{ACCOUNT}:log-group:/aws-glue/.+"
    return rf"arn:[^:]+:logs:[^:*]+:{ACCOUNT}:log-group:{re.escape(_group(runner))}(:.+)?"


def _group(function: Resource) -> str:
    named = at(function.properties, "LoggingConfig", "LogGroup")
    return named if isinstance(named, str) else f"/aws/lambda/{function.ref}"


def _log_is_declared(stack: Stack, runner: Resource) -> bool:
    if runner.type != "AWS::Lambda::Function":
        return True
    return stack.by_ref(_group(runner), "AWS::Logs::LogGroup") is not None
