"""RES-024  crawler_is_started_by_a_trigger

Why       Partitions that no crawler has added are not in the table: a query answers without the
          latest hours and looks complete. A schedule of the crawler's own would not wait for the
          job that writes them.
Targets   AWS::Glue::Crawler, AWS::Glue::Trigger, AWS::Glue::Job

Cases     SKIP  no crawler in the template
          PASS  a scheduled trigger starts it; when a job has succeeded
          FAIL  no trigger; a schedule of its own instead; no Properties; somebody has to start
                the trigger; it waits for a job that is not there; text where the actions belong;
                a good crawler beside a bad one
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks import Problem, Resource, Stack, triggers

CRAWLER = "AWS::Glue::Crawler"


def subjects(stack: Stack) -> list[str]:
    """The crawlers."""
    return list(stack.of(CRAWLER))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """A crawler that no trigger starts, or only one that never fires by itself."""
    crawler = stack.of(CRAWLER)[subject]
    naming = [each for each in triggers.of(stack) if ("CrawlerName", crawler.ref) in triggers.started(each)]
    if not naming:
        yield Problem(
            "no trigger starts this crawler, so its tables never learn of new partitions.",
            "name the crawler in the Actions of a trigger.",
        )
    elif not any(_fires(stack, each) for each in naming):
        names = ", ".join(each.logical_id for each in naming)
        yield Problem(
            f"the trigger that starts this crawler ({names}) has no schedule and waits for no job of this template.",
            "make it SCHEDULED, or let its Predicate wait for the job that writes what is crawled.",
        )


def _fires(stack: Stack, trigger: Resource) -> bool:
    # Whether what it waits for is started itself is that job's rule.
    jobs = {("JobName", each.ref) for each in stack.of("AWS::Glue::Job").values()}
    crawlers = {("CrawlerName", each.ref) for each in stack.of(CRAWLER).values()}
    return triggers.has_clock(trigger) or bool(triggers.awaited(trigger) & (jobs | crawlers))
