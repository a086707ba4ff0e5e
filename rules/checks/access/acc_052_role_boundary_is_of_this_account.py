"""ACC-052  role_boundary_is_of_this_account

Why       A permissions boundary is the last limit on a role. One that AWS manages, or another
          account writes, is changed by people who do not know the pipeline.
Targets   AWS::IAM::Role
"""

import re

from rules.lib.principals import ACCOUNT
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::IAM::Role",
    "PermissionsBoundary",
    lambda value, role, stack: (
        isinstance(value, str) and bool(re.fullmatch(rf"arn:aws[a-z-]*:iam::{ACCOUNT}:policy/[^*?]+", value))
    ),
    "its permissions boundary is {value}, which is no policy of this account.",
    "set PermissionsBoundary to the ARN of a managed policy of this account.",
)
