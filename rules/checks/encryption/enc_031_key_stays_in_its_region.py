"""ENC-031  key_stays_in_its_region

Why       A multi-Region key can be replicated by whoever may call KMS in another Region, under a
          policy that this template does not write. A policy whose safety check was skipped can lock
          everybody out.
Targets   AWS::KMS::Key
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::KMS::Key",
    "MultiRegion BypassPolicyLockoutSafetyCheck",
    lambda value, key, stack: value in (False, "false"),
    "MultiRegion or BypassPolicyLockoutSafetyCheck is {value}.",
    "set both to false, or leave them out.",
)
