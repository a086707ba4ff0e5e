"""CHG-022  resource_sets_only_what_is_judged

Why       A rule sees only what it was written for. A share with another account, an access point, an inventory that is
          sent elsewhere: each is a resource or property that the rules about buckets and roles do not see. What no rule
          judges has not passed; it is unseen. So each property that is set, however deep, is one of rules/judged.yaml.
Targets   *
"""

from rules.lib import Problem, Problems, Stack, judged

FIX = "remove it; or write the rules for it, break the template there, and add it to rules/judged.yaml."


def subjects(stack: Stack) -> list[str]:
    """Every resource."""
    return list(stack.all())


def problems(stack: Stack, subject: str) -> Problems:
    """A type that no rule is about, and properties that none reads, however deep."""
    resource = stack.resources[subject]
    if resource.type not in judged.trees():
        yield Problem(f"no rule judges an {resource.type}, so what it opens or stores goes unseen.", FIX)
        return
    for place, path in judged.unjudged(resource):
        yield Problem(
            f"no rule judges {path or 'Properties that are not an object'} of an {resource.type}, so whatever it sets "
            "goes unseen.",
            FIX,
            place,
        )
