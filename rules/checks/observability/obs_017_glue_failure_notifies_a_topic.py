"""OBS-017  glue_failure_notifies_a_topic

Why       Glue has no metric for a failed run; it sends one event. If no rule matches it, analysts unknowingly work with
          tables that stopped growing.
Targets   AWS::Glue::Job, AWS::Glue::Crawler, AWS::Events::Rule
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import TOPIC
from rules.lib.events import JOB_FAILURES, crawler_event, job_event, rules_for, target_arns

subjects = all_of("AWS::Glue::Job", "AWS::Glue::Crawler")


def problems(stack: Stack, subject: str) -> Problems:
    """A rule has to report each way of failing to a topic of the template."""
    resource = stack.resources[subject]
    if resource.type == "AWS::Glue::Job":
        events = {state: job_event(resource, state) for state in JOB_FAILURES}
    else:
        events = {"Failed": crawler_event(resource, "Failed")}
    unreported = [
        state
        for state, event in events.items()
        if not any(stack.by_ref(arn, TOPIC) for rule in rules_for(stack, event).values() for arn in target_arns(rule))
    ]
    if unreported:
        yield Problem(
            f"runs of {resource.ref} that end as {', '.join(unreported)} are reported to no topic.",
            f"add an AWS::Events::Rule on the default bus that matches {', '.join(unreported)} of it, with a topic of "
            "the template as target.",
        )
