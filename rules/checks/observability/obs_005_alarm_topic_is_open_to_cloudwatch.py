"""OBS-005  alarm_topic_is_open_to_cloudwatch

Why       A topic whose policy does not allow CloudWatch drops every alarm without a trace. The dashboard is red, nobody
          is called, and records expire in the stream.
Targets   AWS::SNS::Topic, AWS::SNS::TopicPolicy
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.alarms import called_topics
from rules.lib.requests import alarm_requests, granted
from rules.lib.stores import guards

subjects = called_topics


def problems(stack: Stack, subject: str) -> Problems:
    """Their policies have to let CloudWatch publish for each of the alarms."""
    topic = stack.resources[subject]
    statements = guards(stack, topic)
    requests = alarm_requests(stack, topic, "sns:Publish", topic.ref)
    silent = [name for name, request in requests if not granted(statements, request)]
    if silent:
        yield Problem(
            f"the topic policy does not allow CloudWatch to publish, so alarms reach nobody: {', '.join(silent)}.",
            "allow cloudwatch.amazonaws.com sns:Publish on the topic, with aws:SourceAccount of this account.",
        )
