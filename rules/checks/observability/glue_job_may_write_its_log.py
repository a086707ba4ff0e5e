"""OBS-035  glue_job_may_write_its_log

Why       A job that may not write its log still runs, and whoever is called when it fails finds
          nothing to read. The hour in which prices are missing grows while somebody guesses.
Targets   AWS::Glue::Job, AWS::IAM::Role, AWS::Logs::LogGroup

Cases     SKIP  no job in the template; a job without log groups of its own; no Properties
          PASS  both actions on both groups
          FAIL  the role may not write; the role may write to one group; the role may not make
                streams; Deny instead of Allow; a condition; a role without Properties; a job that
                may write beside one that may not
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks import Problem, Resource, Stack, grants
from harness.checks.roles import role_of
from harness.checks.stack import at

JOB = "AWS::Glue::Job"
PREFIX = "--custom-logGroup-prefix"
#: What Glue does with the job's role. https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


def subjects(stack: Stack) -> list[str]:
    """Jobs that log to groups of the template. That they do is a rule of its own."""
    return [name for name, job in stack.of(JOB).items() if _groups(stack, job)]


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Groups that the job's role may not write to."""
    job = stack.of(JOB)[subject]
    role = role_of(stack, job)
    if role is None:
        # That a role is this template's is a rule of its own.
        return
    for group in _groups(stack, job):
        missing = [action for action in ACTIONS if not grants.may(role, action, group.arn)]
        if missing:
            yield Problem(
                f"the job's role lacks {' and '.join(missing)} on {group.logical_id}: what the job says is lost.",
                f"allow {role.logical_id} {' and '.join(ACTIONS)} on {group.logical_id}'s ARN, without a Condition.",
                ("Properties", "Role"),
            )


def _groups(stack: Stack, job: Resource) -> list[Resource]:
    prefix = at(job.properties, "DefaultArguments", PREFIX)
    names = [f"{prefix}/output", f"{prefix}/error"]
    return [group for group in stack.of("AWS::Logs::LogGroup").values() if group.ref in names]
