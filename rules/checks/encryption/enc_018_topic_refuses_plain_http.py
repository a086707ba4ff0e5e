"""ENC-018  topic_refuses_plain_http

Why       Whoever can forge or change an alert decides when somebody is woken and when nobody is. Publishing without TLS
          allows that to anyone in between.
Targets   AWS::SNS::Topic, AWS::SNS::TopicPolicy
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.stores import PLAIN_HTTP, guards, refuses_everybody

subjects = all_of("AWS::SNS::Topic")


def problems(stack: Stack, subject: str) -> Problems:
    """No statement that denies everyone publishing without TLS. A topic policy cannot name `sns:*`."""
    topic = stack.resources[subject]
    if not refuses_everybody(guards(stack, topic), "sns:Publish", [topic.arn], PLAIN_HTTP):
        yield Problem(
            "the topic accepts messages without TLS, at least from some publishers.",
            "add to a policy of the topic a Deny of sns:Publish for Principal '*' on its ARN, with only the condition"
            " Bool aws:SecureTransport false.",
        )
