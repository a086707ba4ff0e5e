"""OBS-005  alarm_topic_is_open_to_cloudwatch

Why       A topic whose policy does not name CloudWatch drops every alarm without a trace. The
          dashboard is red, nobody is called, and records expire in the stream meanwhile.
Targets   AWS::SNS::Topic, AWS::SNS::TopicPolicy

Cases     SKIP  no topic that an alarm calls
          PASS  CloudWatch may publish; only for alarms of this account; only for alarms by their
                ARN; all but AWS services are refused
          FAIL  no topic policy; a policy for another topic; another action; another service; for
                alarms of another account; on a condition that alarms do not meet; refused by
                another statement; a closed topic beside an open one; a policy without Properties
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.lib import Problem, Stack
from rules.lib.alarms import called_topics
from rules.lib.requests import alarm_requests, granted
from rules.lib.stores import guards


def subjects(stack: Stack) -> list[str]:
    """The topics that alarms call."""
    return list(called_topics(stack))


def problems(stack: Stack, subject: str) -> Iterator[Problem]:
    """Their policies have to let CloudWatch publish for each of the alarms."""
    topic = stack.resources[subject]
    statements = guards(stack, topic)
    silent = [
        name
        for name, request in alarm_requests(stack, topic, "sns:Publish", topic.ref)
        if not granted(statements, request)
    ]
    if silent:
        yield Problem(
            f"the topic's policy does not let CloudWatch publish: {', '.join(silent)} would be silent.",
            "allow cloudwatch.amazonaws.com sns:Publish on the topic, with aws:SourceAccount of this account.",
        )
