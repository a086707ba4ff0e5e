"""ENC-017  queue_refuses_plain_http

Why       Messages name objects of the record and say why they were rejected. Sent in the clear, they can be read in
          transit, or changed so that the wrong object is judged.
Targets   AWS::SQS::Queue, AWS::SQS::QueuePolicy
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.stores import PLAIN_HTTP, guards, refuses_everybody

subjects = all_of("AWS::SQS::Queue")


def problems(stack: Stack, subject: str) -> Problems:
    """No statement that denies everyone everything without TLS."""
    queue = stack.resources[subject]
    if not refuses_everybody(guards(stack, queue), "sqs:*", [queue.arn], PLAIN_HTTP):
        yield Problem(
            "the queue can be used without TLS, by some callers or for some actions.",
            "add to a policy of the queue a Deny of sqs:* for Principal '*' on its ARN, with only the condition Bool"
            " aws:SecureTransport false.",
        )
