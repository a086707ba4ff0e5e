"""RES-002  table_refuses_to_be_deleted

Why       The job table knows which objects are still to be processed, the lineage table where each object came from.
          One wrong command would delete either, and a day's work would be done twice or not at all until it is
          restored.
Targets   AWS::DynamoDB::Table
"""

from rules.lib import Problem, Problems, Stack

TABLE = "AWS::DynamoDB::Table"


def subjects(stack: Stack) -> list[str]:
    """The tables, unless whoever deploys has switched their protection off for a first attempt."""
    return [] if stack.parameters.get("TableDeletionProtection") == "disabled" else list(stack.of(TABLE))


def problems(stack: Stack, subject: str) -> Problems:
    """A table that can be deleted with one call."""
    if stack.of(TABLE)[subject].properties.get("DeletionProtectionEnabled") not in (True, "true"):
        yield Problem(
            "deletion protection is off, so one call deletes this table with all its rows.",
            "set DeletionProtectionEnabled to true.",
            ("Properties", "DeletionProtectionEnabled"),
        )
