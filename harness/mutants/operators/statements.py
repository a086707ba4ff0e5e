"""Policy statements: who may do what, on what, on which condition."""

from collections.abc import Iterator
from typing import Any

from harness.mutants import places
from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import ENDPOINT, ROLE, Edit, Template, operator, type_of
from harness.render.resources import items


@operator
def remove_statement(template: Template) -> Iterator[Edit]:
    """A policy does not say something that it has to say."""
    for resource, place, statement in places.statements(template):
        if type_of(template, resource) == ROLE and not _used_by_a_service(template, resource, statement):
            continue
        # A statement behind a condition goes with its condition.
        whole = place[: place.index("Fn::If")] if "Fn::If" in place else place
        name = statement.get("Sid", place[-1])
        yield Edit(resource, whole, ABSENT, f"without {name}")


def _used_by_a_service(template: Template, resource: str, statement: dict[str, Any]) -> bool:
    """Whether a role's statement is a refusal, or a grant that a service uses and not our code.

    What the code lacks is noticed by the pipeline, which runs under the role; the emulated services do not ask
    (harness/emulator/service_calls/__init__.py says for which they do).
    """
    if statement["Effect"] == "Deny" or "Principal" in statement:
        return True
    trusted = get(template, ("Resources", resource, "Properties", "AssumeRolePolicyDocument", "Statement", 0))
    if isinstance(trusted, dict) and "s3.amazonaws.com" in items(trusted.get("Principal", {}).get("Service")):
        return not str(items(statement["Action"])[0]).startswith("kms:")
    return statement.get("Sid") in _SERVICES_STATEMENTS


_SERVICES_STATEMENTS = frozenset(
    {
        "FindNetworkInterfaces", "HaveNetworkInterfaces", "KeepFailedAsynchronousEvents", "ListForOnFailureDestination",
        "ReadScript", "ReadStream", "ReceiveNotifications", "StoreRawObjects", "WriteOwnLog",
    }
)  # fmt: skip


@operator
def add_statement(template: Template) -> Iterator[Edit]:
    """A policy says one thing too many, or one that nobody can be held to."""
    for resource, body in template["Resources"].items():
        for key in ("PolicyDocument", "KeyPolicy"):
            place = ("Resources", resource, "Properties", key, "Statement")
            present = get(template, place)
            if not isinstance(present, list) or body["Type"] == ENDPOINT:
                continue
            action = str(items(present[0].get("Action", "s3:*"))[0]).split(":")[0]
            everybody = {"Effect": "Allow", "Principal": "*", "Action": f"{action}:*", "Resource": "*"}
            nobody = {"Effect": "Deny", "Action": f"{action}:Tag*", "Resource": present[0]["Resource"]}
            at = (*place, len(present))
            yield Edit(resource, at, everybody, "everything to everybody")
            yield Edit(resource, at, nobody, "without a principal")


@operator
def invert_effect(template: Template) -> Iterator[Edit]:
    """Allow for Deny, and Deny for Allow."""
    for resource, place, statement in places.statements(template):
        if type_of(template, resource) == ROLE and not _used_by_a_service(template, resource, statement):
            continue
        effect = "Deny" if statement["Effect"] == "Allow" else "Allow"
        yield Edit(resource, (*place, "Effect"), effect, effect)


#: Where each kind of policy says which topic or queue it is put on, and what that is.
_PUT_ON = {
    "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic"),
    "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue"),
}


@operator
def share_policy(template: Template) -> Iterator[Edit]:
    """One policy for two topics or queues, a statement about two, and two policies for one."""
    for resource, body in template["Resources"].items():
        if body["Type"] not in _PUT_ON:
            continue
        key, kind = _PUT_ON[body["Type"]]
        targets = body["Properties"][key]
        others = [
            name
            for name, each in template["Resources"].items()
            if each["Type"] == kind and {"Ref": name} not in targets
        ]
        properties = ("Resources", resource, "Properties")
        for other in others[:1]:
            yield Edit(resource, (*properties, key, len(targets)), {"Ref": other}, f"for {other} too")
            arn = {"Ref": other} if kind == "AWS::SNS::Topic" else {"Fn::GetAtt": [other, "Arn"]}
            for _, place, statement in places.statements({"Resources": {resource: body}}):
                both = [*items(statement["Resource"]), arn]
                name = statement.get("Sid", place[-1])
                yield Edit(resource, (*place, "Resource"), both, f"{name} about {other} too")
                if kind == "AWS::SNS::Topic":
                    yield Edit(resource, (*place, "Action"), "sns:*", f"{name} about every action")
        added = f"{resource}Again"
        yield Edit(added, ("Resources", added), body, f"a second {body['Type']} like {resource}")


@operator
def old_policy_language(template: Template) -> Iterator[Edit]:
    """A policy in the language of 2008, which takes variables for text, or in none."""
    for resource, place in places.documents(template):
        at = (*place, "Version")
        yield Edit(resource, at, "2008-10-17", "2008-10-17")
        yield Edit(resource, at, ABSENT, "removed")
