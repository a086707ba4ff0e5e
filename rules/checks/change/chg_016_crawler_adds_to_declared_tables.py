"""CHG-016  crawler_adds_to_declared_tables

Why       A crawler that is given a folder creates its own tables and guesses the columns. A price that becomes a double
          no longer matches the venue's to the last digit, and a column that is guessed differently breaks everybody's
          queries overnight.
Targets   AWS::Glue::Crawler, AWS::Glue::Table
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack, all_of

CRAWLER = "AWS::Glue::Crawler"
PATH = ("Properties", "Targets")

subjects = all_of(CRAWLER)


def problems(stack: Stack, subject: str) -> Problems:
    """Targets other than tables that this template declares."""
    targets = at(stack.of(CRAWLER)[subject].body, *PATH)
    kinds = {key: items(each) for key, each in targets.items()} if isinstance(targets, dict) else {}
    if not kinds.get("CatalogTargets"):
        yield Problem(
            "the crawler has no table to add partitions to.",
            "add Targets.CatalogTargets with tables of this template.",
            PATH,
        )
    for kind in (each for each, listed in kinds.items() if each != "CatalogTargets" and listed):
        yield Problem(
            f"the crawler creates its own tables from {kind}, with guessed columns.",
            f"declare the tables, name them in CatalogTargets and remove {kind}.",
            (*PATH, kind),
        )
    declared = [(each.properties.get("DatabaseName"), each.ref) for each in stack.of("AWS::Glue::Table").values()]
    for index, target in enumerate(kinds.get("CatalogTargets", [])):
        database, tables = at(target, "DatabaseName"), items(at(target, "Tables"))
        unknown = [str(each) for each in tables if (database, each) not in declared]
        if unknown or not tables:
            yield Problem(
                f"the crawler is given {', '.join(unknown) or 'a target without tables'}, which this template declares"
                f" in no database {database}.",
                "name tables of this template in Tables, and their database in DatabaseName.",
                (*PATH, "CatalogTargets", index),
            )
