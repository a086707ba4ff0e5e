"""CHG-018  partitioned_table_is_crawled

Why       A query sees only the hours in the catalogue, and no error reports the others. The job adds the hours that it
          writes; an hour that was deleted from the catalogue, or written before it existed, is missing from every query
          until a crawler finds it.
Targets   AWS::Glue::Table, AWS::Glue::Crawler
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack

TABLE = "AWS::Glue::Table"


def subjects(stack: Stack) -> list[str]:
    """The tables whose partitions have to be added."""
    return [name for name, each in stack.of(TABLE).items() if _has_partitions(each)]


def problems(stack: Stack, subject: str) -> Problems:
    """A table that no crawler of the template has for a target."""
    table = stack.of(TABLE)[subject]
    crawled = [
        (at(target, "DatabaseName"), name)
        for crawler in stack.of("AWS::Glue::Crawler").values()
        for target in items(at(crawler.properties, "Targets", "CatalogTargets"))
        for name in items(at(target, "Tables"))
    ]
    if (table.properties.get("DatabaseName"), table.ref) not in crawled:
        yield Problem(
            "no crawler looks for partitions of this table that are missing from the catalogue, so queries never see "
            "them.",
            "name the table in Targets.CatalogTargets of a crawler of this template.",
            ("Properties", "TableInput", "PartitionKeys"),
        )


def _has_partitions(table: Resource) -> bool:
    # Athena computes the partitions itself where projection is on.
    projected = at(table.properties, "TableInput", "Parameters", "projection.enabled")
    return bool(items(at(table.properties, "TableInput", "PartitionKeys"))) and str(projected).lower() != "true"
