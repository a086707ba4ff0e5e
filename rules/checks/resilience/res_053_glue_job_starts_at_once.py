"""RES-053  glue_job_starts_at_once

Why       FLEX runs on what is left over, and may wait or lose its workers. Readers were promised
          the hour soon after it ends, and the alarm on a missing run counts those minutes.
Targets   AWS::Glue::Job
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::Glue::Job",
    "ExecutionClass",
    lambda value, job, stack: value == "STANDARD",
    "the job's ExecutionClass is {value}.",
    "set ExecutionClass to STANDARD, or leave it out.",
)
