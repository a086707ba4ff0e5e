"""OBS-053  glue_job_delay_is_noticed_before_its_timeout

Why       A run that hangs is noticed by this event, or when it is cut off. After its timeout it is
          too late to look.
Targets   AWS::Glue::Job
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::Glue::Job",
    "NotificationProperty/NotifyDelayAfter",
    lambda value, job, stack: 1 <= (number(value) or 0) < (number(job.properties.get("Timeout")) or 480),
    "a delay is noticed after {value} minutes, not before the job's Timeout.",
    "set NotifyDelayAfter to fewer minutes than Timeout.",
)
