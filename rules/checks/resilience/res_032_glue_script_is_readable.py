"""RES-032  glue_script_is_readable

Why       Glue fetches the script with the job's own role. A job that may not read it fails at every start, and the
          tables go stale while everything else looks healthy.
Targets   AWS::Glue::Job, AWS::IAM::Role
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, all_of, grants
from rules.lib.roles import role_of

JOB = "AWS::Glue::Job"
PATH = ("Properties", "Command", "ScriptLocation")

subjects = all_of(JOB)


def problems(stack: Stack, subject: str) -> Problems:
    """A script that is nowhere, or that the job's role may not read."""
    job = stack.of(JOB)[subject]
    place = at(job.body, *PATH)
    if not isinstance(place, str) or not place:
        yield Problem("the job names no script.", "set Command.ScriptLocation.", PATH)
        return
    # A path of the working copy: `aws cloudformation package` puts the file into the bucket of artifacts.
    artifacts = stack.parameters.get("ArtifactBucketName")
    name = place.removeprefix("s3://") if place.startswith("s3://") else f"{artifacts}/*" if artifacts else ""
    role = role_of(stack, job)
    if not name:
        yield Problem(
            f"the bucket of the script {place} is unknown, so nothing shows that the job may read it.",
            "add a parameter ArtifactBucketName, or set Command.ScriptLocation to an s3:// address.",
            PATH,
        )
    elif role is None or not grants.may(role, "s3:GetObject", f"arn:{role.arn.split(':')[1]}:s3:::{name}"):
        yield Problem(
            f"the policies of the job's role do not let it read its script, s3://{name}: without that no run starts.",
            f"allow the job's role s3:GetObject on {name}.",
            PATH,
        )
