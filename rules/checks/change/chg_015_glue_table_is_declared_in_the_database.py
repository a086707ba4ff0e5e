"""CHG-015  glue_table_is_declared_in_the_database

Why       Analysts and their permissions know one database. A table or a crawler in another one works without an error,
          while the tables that people query go stale or are missing.
Targets   AWS::Glue::Table, AWS::Glue::Crawler, AWS::Glue::Database
"""

from rules.lib import Problem, Problems, Stack, all_of

JUDGED = ("AWS::Glue::Crawler", "AWS::Glue::Table")

subjects = all_of(*JUDGED)


def problems(stack: Stack, subject: str) -> Problems:
    """A database that this template does not declare."""
    judged = stack.of(*JUDGED)[subject]
    if not stack.by_ref(judged.properties.get("DatabaseName"), "AWS::Glue::Database"):
        yield Problem(
            f"the {judged.type.rsplit(':', 1)[1].lower()} belongs to a database outside this template, where analysts "
            "do not look.",
            "set DatabaseName to !Ref of the template's AWS::Glue::Database.",
            ("Properties", "DatabaseName"),
        )
