"""OBS-038  missing_crawler_success_is_alarmed

Why       A crawler that never starts never fails. Partitions that only it would add are missing from the catalogue, and
          a query for them returns nothing instead of an error.
Targets   AWS::Glue::Crawler, AWS::Events::Rule, AWS::CloudWatch::Alarm
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.alarms import Silence, unalarmed
from rules.lib.events import crawler_event, of_others, rules_for
from rules.lib.metrics import metric_of

# A daily crawl may take an hour longer than the one before; an alarm over more than a day is evaluated once an hour.
NONE_IN_TWO_DAYS = Silence(every=25 * 60, minutes=48 * 60, late=60)

subjects = all_of("AWS::Glue::Crawler")


def problems(stack: Stack, subject: str) -> Problems:
    """An alarm has to fire if a rule that counts this crawler's successes alone has counted none for two days."""
    crawlers = stack.of("AWS::Glue::Crawler")
    crawler = crawlers[subject]
    success = crawler_event(crawler, "Succeeded")
    bad = [crawler_event(crawler, "Failed"), *of_others(success)]
    bad += [crawler_event(each, "Succeeded") for name, each in crawlers.items() if name != subject]
    wrong = {name for event in bad for name in rules_for(stack, event)}
    reasons = [
        unalarmed(stack, metric_of(rule, "AWS/Events", "MatchedEvents", "RuleName"), NONE_IN_TWO_DAYS)
        for name, rule in rules_for(stack, success).items()
        if name not in wrong
    ]
    if all(reasons):
        yield Problem(
            "no alarm reports that the crawler has stopped succeeding: "
            f"{'; '.join(reasons) or 'no rule counts its successes'}.",
            "add an AWS::Events::Rule that matches Succeeded of this crawler alone, and an alarm on FILL with 0 of its "
            "MatchedEvents: Sum < 1 in 48 periods of an hour, TreatMissingData breaching.",
        )
