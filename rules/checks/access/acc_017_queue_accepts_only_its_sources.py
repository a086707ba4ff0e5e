"""ACC-017  queue_accepts_only_its_sources

Why       A message on the queue makes the validator judge an object. If others could send, a stranger could have
          objects judged that never arrived, or bury real ones under a flood. The sources are the buckets, rules and
          topics of the template that name the queue.
Targets   AWS::SQS::QueuePolicy, AWS::SQS::Queue, AWS::S3::Bucket, AWS::Events::Rule, AWS::SNS::Topic,
          AWS::SNS::Subscription
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Resource, Stack
from rules.lib.iam import Statement, policy_statements
from rules.lib.principals import conditions, is_of_this_account

ARN_TESTS = ("arnequals", "arnlike", "stringequals")
S3 = "s3.amazonaws.com"
#: What each service that may send sends for, and what such a thing has to do with the queue.
SENDERS = {
    S3: ("bucket", "notify the queue"),
    "events.amazonaws.com": ("rule", "name the queue"),
    "sns.amazonaws.com": ("topic", "the queue is subscribed to"),
}


def subjects(stack: Stack) -> list[str]:
    """Queue policies."""
    stack.of("AWS::Events::Rule", "AWS::S3::Bucket", "AWS::SNS::Subscription", "AWS::SNS::Topic", "AWS::SQS::Queue")
    return list(stack.of("AWS::SQS::QueuePolicy"))


def problems(stack: Stack, subject: str) -> Problems:
    """Senders other than the buckets, rules and topics that name the queue, more than sending, or other queues."""
    policy = stack.resources[subject]
    statements = list(policy_statements(policy))
    if not statements:
        yield Problem(
            "the queue policy has no statements, so who may send cannot be judged.",
            "give it a PolicyDocument with statements.",
            ("Properties",),
        )
    queues = _queues(stack, policy)
    senders = {
        S3: _notifying(stack, queues),
        "events.amazonaws.com": _naming(stack.of("AWS::Events::Rule"), queues),
        "sns.amazonaws.com": _subscribed(stack, queues),
    }
    for statement in statements:
        if statement.allows:
            yield from _judge(statement, queues, senders)


def _judge(statement: Statement, queues: list[str], senders: dict[str, list[str]]) -> Problems:
    service = _one_service(statement)
    if service not in SENDERS:
        sending = [each for each, arns in senders.items() if arns]
        yield Problem(
            "the queue policy grants access to a principal other than the sending service, so a stranger could send "
            "messages.",
            f"set Principal to the Service {' or '.join(sending)}."
            if sending
            else "remove the statement: nothing in this template sends to the queue.",
            statement.path,
        )
    if {each.lower() for each in statement.actions} != {"sqs:sendmessage"}:
        yield Problem(
            "the queue policy grants more than sending messages.", "set Action to sqs:SendMessage only.", statement.path
        )
    if not statement.resources or not set(statement.resources) <= set(queues):
        yield Problem(
            "the queue policy names a queue other than its own.",
            "set Resource to the ARN of the policy's own queue.",
            statement.path,
        )
    if service not in SENDERS:
        return
    kind, relation = SENDERS[service]
    tests = conditions(statement)
    sources = [value for operator in ARN_TESTS for value in tests.get((operator, "aws:sourcearn"), [])]
    if not sources or any(each not in senders[service] for each in sources):
        yield Problem(
            f"a {kind} other than those of this template that {relation} may send.",
            f"add the condition ArnEquals aws:SourceArn with the ARN of such a {kind}, and of no other.",
            statement.path,
        )
    # A bucket's name is free to be taken by anybody once the bucket is deleted; the others' ARNs have the account.
    if service == S3 and not is_of_this_account(statement, "aws:SourceAccount"):
        yield Problem(
            "anyone who owns a bucket of that name could send to the queue.",
            "add the condition StringEquals aws:SourceAccount with this account's id.",
            statement.path,
        )


def _one_service(statement: Statement) -> str:
    principal = statement.body.get("Principal")
    named = items(at(principal, "Service")) if isinstance(principal, dict) and set(principal) == {"Service"} else []
    return str(named[0]) if len(named) == 1 else ""


def _queues(stack: Stack, policy: Resource) -> list[str]:
    named = items(policy.properties.get("Queues"))
    return [each.arn for each in stack.of("AWS::SQS::Queue").values() if each.ref in named]


def _notifying(stack: Stack, queues: list[str]) -> list[str]:
    # The buckets whose notifications go to one of the queues.
    return [
        bucket.arn
        for bucket in stack.of("AWS::S3::Bucket").values()
        if any(
            at(each, "Queue") in queues
            for each in items(at(bucket.properties, "NotificationConfiguration", "QueueConfigurations"))
        )
    ]


def _naming(resources: dict[str, Resource], queues: list[str]) -> list[str]:
    # As a target, a subscriber, or where dead letters go.
    return [each.arn for each in resources.values() if any(value in queues for _, value in each.leaves)]


def _subscribed(stack: Stack, queues: list[str]) -> list[str]:
    topics = _naming(stack.of("AWS::SNS::Topic"), queues)
    for each in stack.of("AWS::SNS::Subscription").values():
        if any(value in queues for _, value in each.leaves):
            topics += [str(topic) for topic in items(each.properties.get("TopicArn"))]
    # The topic of a subscription need not be the template's; what is not is a stranger's, for all that it says.
    return [each.arn for each in stack.of("AWS::SNS::Topic").values() if each.arn in topics]
