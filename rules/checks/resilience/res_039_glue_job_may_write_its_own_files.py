"""RES-039  glue_job_may_write_its_own_files

Why       A job whose temporary files or Spark event log go where its role may not write fails in the middle of a run,
          or leaves no trace of how it ran. If the folder is not in a bucket of the pipeline, no rule here protects its
          contents.
Targets   AWS::Glue::Job, AWS::IAM::Role, AWS::S3::Bucket
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, grants
from rules.lib.buckets import BUCKET
from rules.lib.roles import ROLE, role_of

#: Arguments that name a folder for what a run writes beside its data.
#: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
FOLDERS = ("--TempDir", "--spark-event-logs-path")


def subjects(stack: Stack) -> list[str]:
    """All jobs."""
    stack.of(ROLE, BUCKET)
    return list(stack.of("AWS::Glue::Job"))


def problems(stack: Stack, subject: str) -> Problems:
    """Folders of the job that its role may not write in, or that are not the pipeline's."""
    job = stack.resources[subject]
    role = role_of(stack, job)
    for argument in FOLDERS:
        folder = at(job.properties, "DefaultArguments", argument)
        if not isinstance(folder, str):
            continue
        bucket, _, prefix = folder.removeprefix("s3://").partition("/")
        if stack.by_ref(bucket, BUCKET) is None:
            yield Problem(
                f"{argument} is {folder}, which is in no bucket of this template.",
                "name a prefix of a bucket that the template declares.",
                ("Properties", "DefaultArguments", argument),
            )
        elif role is None or not grants.may(role, "s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}x"):
            yield Problem(
                f"{argument} is {folder}, where its role lacks s3:PutObject.",
                f"grant the role s3:PutObject on {bucket}/{prefix}*, or name a prefix that it has.",
                ("Properties", "DefaultArguments", argument),
            )
