"""OBS-052  tracing_reaches_its_service

Why       A trace that the role may not send, or that SNS has no permission for, is paid for and
          never seen.
Targets   AWS::Lambda::Function, AWS::SNS::Topic, AWS::IAM::Role
"""

from typing import Any

from harness.render.resources import at
from rules.lib import Resource, Stack, grants
from rules.lib.roles import role_of
from rules.lib.settings import setting

SENT = ("TelemetryRecords", "TraceSegments")


def _accepts(value: Any, resource: Resource, stack: Stack) -> bool:
    if resource.type == "AWS::SNS::Topic":
        # Active takes a policy of X-Ray's, which no rule judges.
        return bool(value == "PassThrough")
    role = role_of(stack, resource)
    sends = role is not None and all(grants.may(role, f"xray:Put{each}", "*") for each in SENT)
    return at(value, "Mode") == "PassThrough" or (at(value, "Mode") == "Active" and sends)


subjects, problems = setting(
    "AWS::Lambda::Function AWS::SNS::Topic",
    "TracingConfig",
    _accepts,
    "its TracingConfig is {value}, which sends no traces.",
    "allow a function's role xray:PutTelemetryRecords and xray:PutTraceSegments; set a topic's to PassThrough.",
    "AWS::IAM::Role",
)
