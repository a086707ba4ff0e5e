"""ENC-029  key_rotates_within_a_year

Why       What one version of a key encrypts is what its loss exposes. Rotation that is set to seven
          years is in force and does nothing.
Targets   AWS::KMS::Key
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::KMS::Key",
    "RotationPeriodInDays",
    lambda value, key, stack: 90 <= (number(value) or 0) <= 365,
    "the key rotates every {value} days, and KMS takes 90 to 2560.",
    "set RotationPeriodInDays to 90 to 365, or leave it out: a year.",
)
