"""RES-023  glue_job_is_started_on_schedule

Why       A job that nobody starts writes nothing and never fails: nothing shows that the tables are stale, and
          yesterday's prices are taken for today's.
Targets   AWS::Glue::Job, AWS::Glue::Trigger
"""

from rules.lib import Problem, Problems, Stack, all_of, triggers

JOB = "AWS::Glue::Job"

subjects = all_of(JOB)


def problems(stack: Stack, subject: str) -> Problems:
    """A job that no scheduled trigger starts."""
    started = [triggers.started(each) for each in triggers.of(stack) if triggers.has_clock(each)]
    if not any(("JobName", stack.of(JOB)[subject].ref) in each for each in started):
        yield Problem(
            "no schedule starts this job, so validated data never reaches the tables.",
            "name the job in the Actions of a trigger of type SCHEDULED.",
        )
