"""Glue triggers: what they start, and whether by the clock."""

from harness.render.resources import Resource, Stack, at, items

#: ("JobName" or "CrawlerName", its name).
Work = tuple[str, str]


def started(trigger: Resource) -> set[Work]:
    """What a trigger starts."""
    return _named(trigger.properties.get("Actions"))


def has_clock(trigger: Resource) -> bool:
    """Whether a trigger fires by the clock."""
    return trigger.properties.get("Type") == "SCHEDULED" and bool(trigger.properties.get("Schedule"))


def of(stack: Stack) -> list[Resource]:
    """The triggers of this template."""
    return list(stack.of("AWS::Glue::Trigger").values())


def _named(listed: object) -> set[Work]:
    return {
        (kind, name)
        for each in items(listed)
        for kind in ("JobName", "CrawlerName")
        if isinstance(name := at(each, kind), str) and name
    }
