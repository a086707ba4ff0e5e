"""RET-037  table_is_restorable_for_a_month

Why       A fault that damages rows is found when a month is closed. A table that can be restored
          for a day only keeps the damage.
Targets   AWS::DynamoDB::Table
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::DynamoDB::Table",
    "PointInTimeRecoverySpecification/RecoveryPeriodInDays",
    lambda value, table, stack: number(value) == 35,
    "the table can be restored for {value} days.",
    "set RecoveryPeriodInDays to 35, or leave it out.",
)
