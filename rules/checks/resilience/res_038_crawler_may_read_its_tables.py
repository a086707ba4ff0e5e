"""RES-038  crawler_may_read_its_tables

Why       A crawler that may not list a folder, or may not add to the catalogue, fails or finds nothing new. The hours
          are in the bucket, licensed and validated, and no query sees them.
Targets   AWS::Glue::Crawler, AWS::Glue::Table, AWS::IAM::Role
"""

from collections.abc import Iterator

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, grants
from rules.lib.roles import role_of

PATH = ("Properties", "Role")
#: What of the catalogue a crawl asks for that only adds partitions. AWS names a managed policy that grants all of Glue,
#: and nothing less: https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html
CATALOGUE = (
    "glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:CreatePartition", "glue:GetDatabase",
    "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables", "glue:UpdateTable",
)  # fmt: skip


def subjects(stack: Stack) -> list[str]:
    """The crawlers of declared tables."""
    return [name for name, each in stack.of("AWS::Glue::Crawler").items() if _tables(stack, each)]


def problems(stack: Stack, subject: str) -> Problems:
    """What a crawl takes, and the crawler's role does not allow."""
    crawler = stack.resources[subject]
    role = role_of(stack, crawler)
    if role is None:
        # That a role is this template's is a rule of its own.
        return
    needed: dict[tuple[str, str], None] = {}
    for table in _tables(stack, crawler):
        bucket, folder = _place(table)
        if not bucket:
            yield Problem(
                f"{table.logical_id} states no S3 location, so the crawler has nothing to read.",
                f"set TableInput.StorageDescriptor.Location of {table.logical_id} to an s3:// address.",
                ("Properties", "Targets", "CatalogTargets"),
            )
            continue
        whole = f"arn:{role.arn.split(':')[1]}:s3:::{bucket}"
        if not _may_list(role, whole, folder):
            yield Problem(
                f"{role.logical_id}'s policies do not let it list {folder or 'all'} in {bucket}: new hours of"
                f" {table.logical_id} are not"
                " found.",
                f"allow {role.logical_id} s3:ListBucket on {bucket}, on no condition but s3:prefix.",
                PATH,
            )
        needed |= dict.fromkeys([("s3:GetBucketLocation", whole), ("s3:GetObject", f"{whole}/{folder}*")])
        needed |= dict.fromkeys((action, each) for each in _catalogue(crawler, table) for action in CATALOGUE)
    refused: dict[str, list[str]] = {}
    for action, arn in needed:
        if not grants.may(role, action, arn):
            refused.setdefault(arn, []).append(action)
    for arn, actions in refused.items():
        yield Problem(
            f"{role.logical_id}'s policies do not allow {', '.join(actions)} on {arn}, which the crawler needs.",
            f"allow {role.logical_id} {', '.join(actions)} on {arn}, without a Condition.",
            PATH,
        )


def _tables(stack: Stack, crawler: Resource) -> list[Resource]:
    """The tables of this template that a crawler adds to; another rule judges its other targets."""
    targets = [
        (at(target, "DatabaseName"), name)
        for target in items(at(crawler.properties, "Targets", "CatalogTargets"))
        for name in items(at(target, "Tables"))
    ]
    tables = stack.of("AWS::Glue::Table").values()
    return [each for each in tables if (each.properties.get("DatabaseName"), each.ref) in targets]


def _place(table: Resource) -> tuple[str, str]:
    """The bucket and the folder of a table's location; both empty if it states none."""
    location = at(table.properties, "TableInput", "StorageDescriptor", "Location")
    scheme, _, path = location.partition("://") if isinstance(location, str) else ("", "", "")
    bucket, _, folder = path.partition("/") if scheme in ("s3", "s3a", "s3n") else ("", "", "")
    return bucket, f"{folder.rstrip('/')}/" if folder else ""


def _may_list(role: Resource, bucket: str, folder: str) -> bool:
    # The folder itself, and the folders in it.
    return all(grants.may(role, "s3:ListBucket", bucket, {"s3:prefix": each}) for each in (folder, f"{folder}x"))


def _catalogue(crawler: Resource, table: Resource) -> Iterator[str]:
    """The ARNs on which Glue requires permissions for a table: the table, its database and catalogue."""
    own = crawler.arn.partition("crawler/")[0]
    database = table.properties.get("DatabaseName")
    yield from (f"{own}catalog", f"{own}database/{database}", f"{own}table/{database}/{table.ref}")
