"""RES-023  glue_job_is_started_on_schedule

Why       A job that nobody starts writes nothing and fails nothing: no alarm tells that the
          tables stand still, and yesterday's prices are taken for today's.
Targets   AWS::Glue::Job, AWS::Glue::Trigger

Cases     SKIP  no job in the template
          PASS  a scheduled trigger starts it; one of two triggers
          FAIL  no trigger; no Properties; somebody has to start the trigger; the schedule is
                missing; it waits for a crawler; text where the actions belong; a good job beside a
                bad one
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack, triggers

JOB = "AWS::Glue::Job"


def subjects(stack: Stack) -> list[str]:
    """The Glue jobs."""
    return list(stack.of(JOB))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """A job that no scheduled trigger starts."""
    started = [triggers.started(each) for each in triggers.of(stack) if triggers.has_clock(each)]
    if not any(("JobName", stack.of(JOB)[subject].ref) in each for each in started):
        yield Problem(
            "no schedule starts this job, so nothing is made of what has arrived.",
            "name the job in the Actions of a trigger of type SCHEDULED.",
        )
