"""ACC-032  role_is_granted_what_its_work_calls

Why       An action that nothing calls is useful only to an intruder, and no run misses it. So this rule keeps a list of
          what is called, not of what is dangerous: whatever AWS adds tomorrow is not on it. The list is
          rules/access.yaml's, whatever the template.
Targets   AWS::IAM::Role, AWS::Glue::Crawler, AWS::Glue::Job, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function
"""

from functools import cache
from pathlib import Path

import yaml

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack
from rules.lib.iam import role_statements
from rules.lib.mappings import MAPPING, function_of, source
from rules.lib.roles import ROLE, runners_of

#: Lambda reads for a mapping with the function's role.
#: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, .../with-sqs.html
POLLS = {
    "kinesis:describestream", "kinesis:describestreamsummary", "kinesis:getrecords", "kinesis:getsharditerator",
    "kinesis:listshards", "sqs:deletemessage", "sqs:getqueueattributes", "sqs:receivemessage",
}  # fmt: skip
#: Roles of rules/access.yaml, which says what each calls and why, by the type of what runs with them.
_ROLES = {
    "AWS::Lambda::Function": {"DataValidationRole", "KinesisConsumerRole"},
    "AWS::Glue::Job": {"GlueJobRole"},
    "AWS::Glue::Crawler": {"GlueCrawlerRole"},
}
_TABLE = Path(__file__).resolve().parents[2] / "access.yaml"


@cache
def _calls() -> dict[str, set[str]]:
    """What is called, by the type of what runs with a role: by the code of lambda_src/ and glue_src/, and by AWS."""
    with _TABLE.open() as file:
        rows = yaml.safe_load(file)["rows"]
    return {
        kind: {action.lower() for row in rows if roles & set(items(row["who"])) for action in items(row.get("may", []))}
        for kind, roles in _ROLES.items()
    }


def subjects(stack: Stack) -> list[str]:
    """Roles that functions, jobs or crawlers run with."""
    stack.of(MAPPING)
    return [name for name, role in stack.of(ROLE).items() if runners_of(stack, role)]


def problems(stack: Stack, subject: str) -> Problems:
    """Granted actions that none of them calls."""
    role = stack.resources[subject]
    callers = runners_of(stack, role)
    called = {action for caller in callers for action in _calls()[caller.type]}
    if any(at(caller.properties, "TracingConfig", "Mode") == "Active" for caller in callers):
        called |= {"xray:puttelemetryrecords", "xray:puttracesegments"}
    who = ", ".join(caller.logical_id for caller in callers)
    polled = {source(each) for each in stack.of(MAPPING).values() if function_of(stack, each) in callers}
    for statement in role_statements(role):
        for action in statement.actions if statement.allows else ():
            if "*" in action:
                continue
            if action.lower() not in called:
                yield Problem(
                    f"{who} never calls {action}, so only an intruder would use it.",
                    f"remove {action}.",
                    statement.path,
                )
            elif action.lower() in POLLS and not set(statement.resources) <= polled:
                yield Problem(
                    f"Lambda calls {action} only for an event source mapping, and no mapping of {who} has this source.",
                    f"remove {action}, or name nothing but the sources of the mappings as its Resource.",
                    statement.path,
                )
