"""RES-037  mapping_may_read_its_source

Why       Lambda polls with the function's role. A mapping whose role may not read is enabled but receives nothing, or
          receives messages and cannot delete them, until records expire unread.
Targets   AWS::Lambda::EventSourceMapping, AWS::Lambda::Function, AWS::IAM::Role
"""

from rules.lib import Problem, Problems, Stack, grants, mappings
from rules.lib.roles import role_of
from rules.lib.stores import service_of

#: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html and
#: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
ACTIONS = {
    "kinesis": (
        "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
        "kinesis:ListShards",
    ),
    "sqs": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
}  # fmt: skip


def subjects(stack: Stack) -> list[str]:
    """The mappings that read a stream or a queue."""
    return [
        name
        for name, each in stack.of(mappings.MAPPING).items()
        if service_of(mappings.source(each)) in ACTIONS and "/consumer/" not in mappings.source(each)
    ]


def problems(stack: Stack, subject: str) -> Problems:
    """What Lambda does with the role, and the role does not allow."""
    mapping = stack.of(mappings.MAPPING)[subject]
    source, function = mappings.source(mapping), mappings.function_of(stack, mapping)
    role = role_of(stack, function) if function else None
    if role is None:
        yield Problem(
            "the mapping's function, or its role, is not in this template: nothing shows that it may read its source.",
            "set FunctionName to a function of this template that has a role of this template.",
            ("Properties", "FunctionName"),
        )
        return
    refused = [each for each in ACTIONS[service_of(source)] if not grants.may(role, each, source)]
    if refused:
        yield Problem(
            f"Lambda reads {source} with {role.logical_id}, whose policies do not allow {', '.join(refused)}.",
            f"allow {role.logical_id} {', '.join(refused)} on {source}, without a Condition.",
            ("Properties", "EventSourceArn"),
        )
