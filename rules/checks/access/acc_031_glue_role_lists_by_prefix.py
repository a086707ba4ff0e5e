"""ACC-031  glue_role_lists_by_prefix

Why       Object names show which venues we hold, since when, and what was rejected. The job and the crawlers run code
          from many libraries and need only their own folders; listing a whole bucket shows an intruder where to go
          next.
Targets   AWS::IAM::Role
"""

from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Statement, role_statements, trust_statements
from rules.lib.principals import conditions, services
from rules.lib.roles import ROLE

LIST = "s3:ListBucket"
OPERATORS = ("stringequals", "stringequalsifexists", "stringlike", "stringlikeifexists")


def subjects(stack: Stack) -> list[str]:
    """Roles that Glue may assume and that may list buckets."""
    return [name for name, role in stack.of(ROLE).items() if _is_glues(role) and _listing(role)]


def problems(stack: Stack, subject: str) -> Problems:
    """Statements by which everything can be listed."""
    for statement in _listing(stack.resources[subject]):
        tests = conditions(statement)
        prefixes = [value for operator in OPERATORS for value in tests.get((operator, "s3:prefix"), [])]
        if not prefixes or not all(each.strip("*?") for each in prefixes):
            yield Problem(
                "the role may list every name in the bucket.",
                "add the condition StringLikeIfExists s3:prefix with the folders that it works in.",
                statement.path,
            )


def _listing(role: Resource) -> list[Statement]:
    return [each for each in role_statements(role) if each.allows and each.covers(LIST)]


def _is_glues(role: Resource) -> bool:
    return any(each.allows and "glue.amazonaws.com" in services(each) for each in trust_statements(role))
