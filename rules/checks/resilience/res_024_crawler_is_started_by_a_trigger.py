"""RES-024  crawler_is_started_by_a_trigger

Why       A crawl is the second look: it finds the hours that are in a bucket but not in the catalogue. A crawler that
          nobody starts finds none, and nothing shows that it did not run.
Targets   AWS::Glue::Crawler, AWS::Glue::Trigger
"""

from rules.lib import Problem, Problems, Stack, all_of, triggers

CRAWLER = "AWS::Glue::Crawler"

subjects = all_of(CRAWLER)


def problems(stack: Stack, subject: str) -> Problems:
    """A crawler that no trigger starts, or only one that never fires by itself."""
    crawler = stack.of(CRAWLER)[subject]
    naming = [each for each in triggers.of(stack) if ("CrawlerName", crawler.ref) in triggers.started(each)]
    if not naming:
        yield Problem(
            "no trigger starts this crawler, so new partitions are never found.",
            "name the crawler in the Actions of a trigger.",
        )
    elif not any(triggers.has_clock(each) for each in naming):
        names = ", ".join(each.logical_id for each in naming)
        yield Problem(
            f"the trigger that starts this crawler ({names}) has no schedule.", "make it SCHEDULED, with a Schedule."
        )
