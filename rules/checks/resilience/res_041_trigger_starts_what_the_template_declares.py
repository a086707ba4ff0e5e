"""RES-041  trigger_starts_what_the_template_declares

Why       Arguments of a trigger override those of the job: another folder, another package, another security
          configuration. The job then looks as reviewed, but runs differently.
Targets   AWS::Glue::Trigger, AWS::Glue::Job, AWS::Glue::Crawler
"""

from typing import Any

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack

#: What an action may say, and the type of what it names.
STARTS = {"CrawlerName": "AWS::Glue::Crawler", "JobName": "AWS::Glue::Job"}

#: As many as one trigger can start: https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html
CRAWLERS = 2


def subjects(stack: Stack) -> list[str]:
    """All triggers."""
    stack.of(*STARTS.values())
    return list(stack.of("AWS::Glue::Trigger"))


def problems(stack: Stack, subject: str) -> Problems:
    """Actions that start something else, or start it differently."""
    actions = items(stack.resources[subject].properties.get("Actions"))
    if not actions:
        yield Problem("it starts nothing.", "name a job or a crawler of the template in Actions.", ("Properties",))
    crawlers = [action for action in actions if at(action, "CrawlerName")]
    if len(crawlers) > CRAWLERS:
        yield Problem(
            f"it starts {len(crawlers)} crawlers, and a trigger in Glue starts at most {CRAWLERS}.",
            "give the others a trigger of their own, or one crawler several tables.",
            ("Properties", "Actions"),
        )
    for index, action in enumerate(actions):
        path = ("Properties", "Actions", index)
        if not _starts_ours(stack, action):
            yield Problem(
                "it starts something that this template does not declare, or two things at once.",
                "refer to one job (JobName) or one crawler (CrawlerName) of the template in each action.",
                path,
            )
        for name in action if isinstance(action, dict) else ():
            if name not in STARTS:
                yield Problem(
                    f"its {name} overrides what the job states, so the job does not run as reviewed.",
                    f"remove {name} from the action; set it in the job.",
                    (*path, name),
                )


def _starts_ours(stack: Stack, action: Any) -> bool:
    named = {key: at(action, key) for key in STARTS if at(action, key)}
    return len(named) == 1 and all(stack.by_ref(name, STARTS[key]) is not None for key, name in named.items())
