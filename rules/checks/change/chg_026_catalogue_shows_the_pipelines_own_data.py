"""CHG-026  catalogue_shows_the_pipelines_own_data

Why       Analysts query what the catalogue calls trades. A table in somebody else's bucket, or a link to somebody
          else's table, answers just as well, and its name does not show whose prices these are. A catalogue whose
          defaults grant everybody new tables exposes ours.
Targets   AWS::Glue::Database, AWS::Glue::Table, AWS::S3::Bucket
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.principals import ACCOUNT

#: Where each says what it is.
INPUT = {"AWS::Glue::Database": "DatabaseInput", "AWS::Glue::Table": "TableInput"}
#: What makes it show something that is elsewhere, or to everybody.
LINKS = (
    "CreateTableDefaultPermissions", "FederatedDatabase", "TargetDatabase", "TargetTable", "ViewExpandedText",
    "ViewOriginalText",
)  # fmt: skip


def subjects(stack: Stack) -> list[str]:
    """Databases and tables."""
    stack.of(buckets.BUCKET)
    return list(stack.of(*INPUT))


def problems(stack: Stack, subject: str) -> Problems:
    """Catalogues, links and locations outside the template."""
    resource = stack.resources[subject]
    stated, path = resource.properties.get(INPUT[resource.type]), ("Properties", INPUT[resource.type])
    catalogue = resource.properties.get("CatalogId", ACCOUNT)
    if str(catalogue) != ACCOUNT:
        yield Problem(
            f"it is in the catalogue of {catalogue}.",
            "set CatalogId to !Ref AWS::AccountId.",
            ("Properties", "CatalogId"),
        )
    for link in LINKS:
        if at(stated, link):
            yield Problem(
                f"its {link} points to another table, or opens it to everyone.", f"remove {link}.", (*path, link)
            )
    place = at(stated, "LocationUri") or at(stated, "StorageDescriptor", "Location")
    is_table = resource.type == "AWS::Glue::Table"
    if (is_table or place) and not _is_ours(stack, place):
        yield Problem(
            f"its location is {place or 'missing'}, which is in no bucket of this template.",
            "set its location to a bucket of this template: s3://${Bucket}/prefix/.",
            path,
        )


def _is_ours(stack: Stack, place: Any) -> bool:
    return any(buckets.prefix_in(bucket, place) is not None for bucket in stack.of(buckets.BUCKET).values())
