"""RES-046  glue_job_may_add_partitions

Why       The job adds the hours that it has written to the catalogue. If its role may not, every run fails at its end:
          the Parquet is in the bucket, and no query finds it. Glue requires the permission on the table and on its
          database and catalogue.
Targets   AWS::Glue::Job, AWS::Glue::Table, AWS::IAM::Role
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack, grants
from rules.lib.buckets import BUCKET, prefix_in
from rules.lib.roles import ROLE, role_of

JOB, TABLE, DATABASE = "AWS::Glue::Job", "AWS::Glue::Table", "AWS::Glue::Database"
PATH = ("Properties", "Role")
ARGUMENT = ("Properties", "DefaultArguments", "--database")
#: What the job calls: glue_src/json_to_parquet. The resources of each:
#: https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
ACTIONS = ("glue:BatchUpdatePartition", "glue:CreatePartition", "glue:GetPartition", "glue:GetTable")


def subjects(stack: Stack) -> list[str]:
    """The jobs that are given a database and run with a role of this template."""
    stack.of(ROLE, TABLE, DATABASE, BUCKET)
    return [
        name
        for name, job in stack.of(JOB).items()
        if at(job.properties, "DefaultArguments", "--database") and role_of(stack, job) is not None
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """What adding a partition to a table that the job writes takes, and its role does not allow."""
    job = stack.of(JOB)[subject]
    role, database = role_of(stack, job), at(job.properties, "DefaultArguments", "--database")
    if role is None:
        return
    if stack.by_ref(database, DATABASE) is None:
        yield Problem(
            f"its --database is {database}, which this template does not declare.",
            "set --database to !Ref of the template's AWS::Glue::Database.",
            ARGUMENT,
        )
        return
    own = job.arn.partition("job/")[0]
    needed = [f"{own}catalog", f"{own}database/{database}"]
    needed += [f"{own}table/{database}/{each.ref}" for each in _written(stack, role, database)]
    for arn in needed:
        missing = [action for action in ACTIONS if not grants.may(role, action, arn)]
        if missing:
            yield Problem(
                f"{role.logical_id}'s policies do not allow {', '.join(missing)} on {arn}, so queries never see what "
                "the job writes.",
                f"allow {role.logical_id} {', '.join(missing)} on {arn}, without a Condition.",
                PATH,
            )


def _written(stack: Stack, role: Resource, database: str) -> list[Resource]:
    """The partitioned tables of the database that lie where the role may put objects."""
    return [
        table
        for table in stack.of(TABLE).values()
        if table.properties.get("DatabaseName") == database
        and items(at(table.properties, "TableInput", "PartitionKeys"))
        and any(_may_put(role, bucket, table) for bucket in stack.of(BUCKET).values())
    ]


def _may_put(role: Resource, bucket: Resource, table: Resource) -> bool:
    prefix = prefix_in(bucket, at(table.properties, "TableInput", "StorageDescriptor", "Location"))
    return prefix is not None and grants.may(role, "s3:PutObject", f"{bucket.arn}/{prefix}x")
