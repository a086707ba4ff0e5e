"""RES-023  glue_job_is_started_on_schedule

Why       A job that nobody starts writes nothing and fails nothing: no alarm tells that the
          tables stand still, and yesterday's prices are taken for today's.
Targets   AWS::Glue::Job, AWS::Glue::Trigger

Cases     SKIP  no job in the template
          PASS  a scheduled trigger starts it; it waits for a crawler that a scheduled trigger
                starts
          FAIL  no trigger; no Properties; somebody has to start the trigger; the schedule is
                missing; it waits for itself; text where the actions belong; a good job beside a
                bad one
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks import Problem, Stack, triggers

JOB = "AWS::Glue::Job"


def subjects(stack: Stack) -> list[str]:
    """The Glue jobs."""
    return list(stack.of(JOB))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """A job that no schedule leads to, directly or by way of what it starts."""
    if ("JobName", stack.of(JOB)[subject].ref) not in _started(stack):
        yield Problem(
            "no schedule starts this job, so nothing is made of what has arrived.",
            "name the job in the Actions of a trigger of type SCHEDULED, or of one that waits for a scheduled job.",
        )


def _started(stack: Stack) -> set[triggers.Work]:
    found: set[triggers.Work] = set()
    waiting = triggers.of(stack)
    # Each round goes one step along the chains of triggers, which have no more steps than there are triggers.
    for _ in range(len(waiting)):
        for trigger in waiting:
            if triggers.has_clock(trigger) or triggers.awaited(trigger) & found:
                found |= triggers.started(trigger)
    return found
