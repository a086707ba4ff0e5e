"""ACC-028  query_results_stay_in_the_pipeline

Why       The result of a query is a copy of licensed data. In somebody else's bucket it is out of reach: our policies
          do not decide who reads it, and ending a licence does not withdraw it.
Targets   AWS::Athena::WorkGroup, AWS::S3::Bucket
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack
from rules.lib.buckets import BUCKET, prefix_in

PATH = ("Properties", "WorkGroupConfiguration", "ResultConfiguration", "OutputLocation")


def subjects(stack: Stack) -> list[str]:
    """All workgroups."""
    stack.of(BUCKET)
    return list(stack.of("AWS::Athena::WorkGroup"))


def problems(stack: Stack, subject: str) -> Problems:
    """Results that go outside the template, or where a client chooses."""
    place = at(stack.resources[subject].body, *PATH)
    if all(prefix_in(bucket, place) is None for bucket in stack.of(BUCKET).values()):
        yield Problem(
            f"results of queries go to {place}, which is not a bucket of this template."
            if place
            else "no output location is set, so each client decides where query results go.",
            "set ResultConfiguration.OutputLocation to s3://<bucket>/<prefix>/ with a bucket of this template.",
            PATH,
        )
