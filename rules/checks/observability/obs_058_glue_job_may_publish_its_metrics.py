"""OBS-058  glue_job_may_publish_its_metrics

Why       A job whose role may not publish to Glue's namespace runs as before and reports nothing: the
          memory that it runs out of, and the workers that it waits for, are on no graph.
Targets   AWS::Glue::Job, AWS::IAM::Role
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, grants
from rules.lib.roles import role_of

JOB = "AWS::Glue::Job"
#: https://docs.aws.amazon.com/glue/latest/dg/monitoring-awsglue-with-cloudwatch-metrics.html
NAMESPACE = "Glue"


def subjects(stack: Stack) -> list[str]:
    """Jobs that publish metrics, with a role of this template."""
    jobs = stack.of(JOB).items()
    stack.of("AWS::IAM::Role")
    return [
        name
        for name, each in jobs
        if at(each.properties, "DefaultArguments", "--enable-metrics") and role_of(stack, each)
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """A role that may not publish them."""
    role = role_of(stack, stack.resources[subject])
    if role and not grants.may(role, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": NAMESPACE}):
        yield Problem(
            f"the policies of {role.logical_id} do not let the job publish to the namespace {NAMESPACE}.",
            f"allow cloudwatch:PutMetricData on '*', with StringEquals cloudwatch:namespace {NAMESPACE}.",
            ("Properties", "Role"),
        )
