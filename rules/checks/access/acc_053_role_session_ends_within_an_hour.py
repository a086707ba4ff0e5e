"""ACC-053  role_session_ends_within_an_hour

Why       Credentials that were stolen from a run work until the session ends. No step of the
          pipeline needs a session that outlives its run.
Targets   AWS::IAM::Role
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::IAM::Role",
    "MaxSessionDuration",
    lambda value, role, stack: number(value) == 3600,
    "a session of the role may last {value} seconds.",
    "set MaxSessionDuration to 3600, or leave it out.",
)
