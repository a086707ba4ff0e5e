"""RES-054  glue_maintenance_window_is_an_hour_of_a_day

Why       Glue restarts a job in its maintenance window. A window that Glue cannot read fails the
          deployment.
Targets   AWS::Glue::Job
"""

import re

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::Glue::Job",
    "MaintenanceWindow",
    lambda value, job, stack: (
        isinstance(value, str) and bool(re.fullmatch("(Sun|Mon|Tue|Wed|Thu|Fri|Sat):([01]?[0-9]|2[0-3])", value))
    ),
    "its maintenance window is {value}, which Glue does not read.",
    "set MaintenanceWindow to a day and an hour of UTC, such as Sun:3.",
)
