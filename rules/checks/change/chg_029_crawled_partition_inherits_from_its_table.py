"""CHG-029  crawled_partition_inherits_from_its_table

Why       Each partition in the catalogue has columns of its own. A crawler that takes them from the files makes the
          hours of one table differ, and a query over two of them fails or shows a price in another column. Partitions
          have to have their table's columns.
Targets   AWS::Glue::Crawler
"""

import json
from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, all_of

CRAWLER = "AWS::Glue::Crawler"
PATH = ("Properties", "Configuration")
#: https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html
WANTED = '{"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}'

subjects = all_of(CRAWLER)


def problems(stack: Stack, subject: str) -> Problems:
    """A crawler that decides by itself what a partition holds, or that changes tables by another setting."""
    stated = _parsed(stack.of(CRAWLER)[subject].properties.get("Configuration"))
    if at(stated, "CrawlerOutput", "Partitions", "AddOrUpdateBehavior") != "InheritFromTable":
        yield Problem(
            "the crawler gives partitions columns that it guesses from files, not those of their table.",
            f"set Configuration to '{WANTED}'.",
            PATH,
        )
    for other in ("Tables", "Grouping"):
        if at(stated, "CrawlerOutput", other) or at(stated, other):
            yield Problem(
                f"the crawler's setting {other} lets it change or regroup tables that the template declares.",
                f"take {other} out of Configuration.",
                PATH,
            )


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
