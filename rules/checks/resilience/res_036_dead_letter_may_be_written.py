"""RES-036  dead_letter_may_be_written

Why       Lambda writes a dead letter with the function's role. If the role may not, the failed event is lost although a
          queue is configured, and a run that somebody started by hand to fill a gap leaves another.
Targets   AWS::Lambda::Function, AWS::IAM::Role
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack, grants
from rules.lib.roles import role_of
from rules.lib.stores import service_of

FUNCTION = "AWS::Lambda::Function"
PATH = ("Properties", "DeadLetterConfig", "TargetArn")
#: What Lambda does with the function's role.
ACTIONS = {"sns": "sns:Publish", "sqs": "sqs:SendMessage"}


def subjects(stack: Stack) -> list[str]:
    """The functions whose failed events go to a queue or a topic. That they do is a rule of its own."""
    return [name for name, each in stack.of(FUNCTION).items() if _service(each) in ACTIONS]


def problems(stack: Stack, subject: str) -> Problems:
    """A role that may not write there."""
    function = stack.of(FUNCTION)[subject]
    target, action, role = str(_target(function)), ACTIONS[_service(function)], role_of(stack, function)
    if role is None or not grants.may(role, action, target):
        yield Problem(
            f"the policies of the function's role do not allow {action} on {target}: events that fail are lost.",
            f"allow the function's role {action} on {target}, without a Condition.",
            PATH,
        )


def _target(function: Resource) -> Any:
    return at(function.body, *PATH)


def _service(function: Resource) -> str:
    target = _target(function)
    return service_of(target) if isinstance(target, str) else ""
