"""OBS-055  table_shows_its_busiest_keys

Why       A key that everybody writes throttles a table that has capacity left. Insights that are
          declared and switched off show nobody which.
Targets   AWS::DynamoDB::Table
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::DynamoDB::Table",
    "ContributorInsightsSpecification/Enabled",
    lambda value, table, stack: value in (True, "true"),
    "its ContributorInsightsSpecification.Enabled is {value}.",
    "set Enabled to true, or leave ContributorInsightsSpecification out.",
)
