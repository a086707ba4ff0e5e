"""OBS-018  missing_job_success_is_alarmed

Why       A job that never starts never fails. An alarm has to report that no run has succeeded for six hours; otherwise
          analysts notice by a wrong report.
Targets   AWS::Glue::Job, AWS::Events::Rule, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import Silence, unalarmed
from rules.lib.events import JOB_FAILURES, job_event, of_others, rules_for
from rules.lib.metrics import metric_of

# The job starts hourly and may take most of an hour: an alarm that looks back for less than two would be on between any
# two runs.
NONE_IN_SIX_HOURS = Silence(every=120, minutes=360)

subjects = all_of("AWS::Glue::Job")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire if a rule that counts the job's successes has counted none for six hours."""
    job = stack.resources[subject]
    success = job_event(job, "SUCCEEDED")
    bad = [*(job_event(job, state) for state in JOB_FAILURES), *of_others(success)]
    wrong = {name for event in bad for name in rules_for(stack, event)}
    reasons = [
        unalarmed(stack, metric_of(rule, "AWS/Events", "MatchedEvents", "RuleName"), NONE_IN_SIX_HOURS)
        for name, rule in rules_for(stack, success).items()
        if name not in wrong
    ]
    if all(reasons):
        yield Problem(
            "no alarm reports that the job has stopped succeeding: "
            f"{'; '.join(reasons) or 'no rule counts its successes'}.",
            "add an AWS::Events::Rule that matches SUCCEEDED of the job alone, and an alarm on FILL of its "
            "MatchedEvents with 0: Sum < 1 in six periods of an hour, TreatMissingData breaching. Without "
            "FILL an alarm looks back for the last number there was, and is late.",
        )
