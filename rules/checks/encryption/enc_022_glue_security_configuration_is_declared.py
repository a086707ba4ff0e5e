"""ENC-022  glue_security_configuration_is_declared

Why       A security configuration decides how a job's logs, bookmarks and files are encrypted. One that is not in the
          template may be anybody's: it may use a key that we cannot disable, or be deleted, and then no run starts.
Targets   AWS::Glue::Job, AWS::Glue::Crawler, AWS::Glue::SecurityConfiguration
"""

from rules.lib import Problem, Problems, Stack

CONFIGURATION = "AWS::Glue::SecurityConfiguration"
#: What runs with a security configuration, and where it names it.
NAMED = {"AWS::Glue::Crawler": "CrawlerSecurityConfiguration", "AWS::Glue::Job": "SecurityConfiguration"}


def subjects(stack: Stack) -> list[str]:
    """Jobs and crawlers that name a security configuration; other rules require that they do."""
    stack.of(CONFIGURATION)
    return [name for name, each in stack.of(*NAMED).items() if NAMED[each.type] in each.properties]


def problems(stack: Stack, subject: str) -> Problems:
    """A configuration that is not of this template."""
    resource = stack.resources[subject]
    key = NAMED[resource.type]
    name = resource.properties.get(key)
    if stack.by_ref(name, CONFIGURATION) is None:
        yield Problem(
            f"its security configuration {name} is not in the template, so how it encrypts cannot be judged.",
            f"set {key} to the Ref of an {CONFIGURATION} of this template.",
            ("Properties", key),
        )
