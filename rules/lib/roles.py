"""Roles: who works with them."""

from typing import Any

from harness.render.resources import Resource, Stack
from rules.lib.cached import cached_by_part

ROLE = "AWS::IAM::Role"

#: What runs with a role in its property `Role`, and the service that has to be able to assume it.
RUNNERS = {
    "AWS::Glue::Crawler": "glue.amazonaws.com",
    "AWS::Glue::Job": "glue.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
}

#: What works with a role, and the service that has to be able to assume it; empty if that depends.
USERS = {
    **RUNNERS,
    "AWS::ApiGateway::Account": "apigateway.amazonaws.com",
    "AWS::Batch::JobDefinition": "",
    "AWS::DMS::Endpoint": "",
    "AWS::EC2::FlowLog": "vpc-flow-logs.amazonaws.com",
    "AWS::ECS::TaskDefinition": "ecs-tasks.amazonaws.com",
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::IAM::InstanceProfile": "ec2.amazonaws.com",
    "AWS::KinesisAnalyticsV2::Application": "kinesisanalytics.amazonaws.com",
    "AWS::KinesisFirehose::DeliveryStream": "firehose.amazonaws.com",
    "AWS::Logs::SubscriptionFilter": "",
    "AWS::Pipes::Pipe": "pipes.amazonaws.com",
    "AWS::S3::Bucket": "s3.amazonaws.com",
    "AWS::Scheduler::Schedule": "scheduler.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
}


#: What Lambda does with a function's role by itself, from outside of the VPC: it reads for the mappings.
LAMBDA_READS = (
    "dynamodb:describestream",
    "dynamodb:getrecords",
    "dynamodb:getsharditerator",
    "dynamodb:liststreams",
    "kinesis:describe*",
    "kinesis:get*",
    "kinesis:list*",
    "kinesis:subscribetoshard",
    "sqs:changemessagevisibility*",
    "sqs:deletemessage*",
    "sqs:getqueueattributes",
    "sqs:receivemessage",
)


def role_of(stack: Stack, runner: Resource) -> Resource | None:
    """The role of this template that a function, job or crawler runs with, or None."""
    role = runner.properties.get("Role")
    return stack.by_arn(role, ROLE) or stack.by_ref(role, ROLE)


def runners_of(stack: Stack, role: Resource) -> list[Resource]:
    """The functions, jobs and crawlers that run with a role of this template."""
    return [each for each in stack.of(*RUNNERS).values() if role_of(stack, each) is role]


def users_of(stack: Stack, role: Resource) -> list[Resource]:
    """Everything that works with a role: that names it in a property called a role, such as `ExecutionRoleArn`."""
    return [each for each in stack.all().values() if _roles_named(each) & {role.ref, role.arn}]


@cached_by_part
def _roles_named(user: Resource) -> frozenset[str]:
    # What stands in IAM is about roles, but for an instance profile, and works with none.
    if user.type.startswith("AWS::IAM::") and user.type != "AWS::IAM::InstanceProfile":
        return frozenset()
    return frozenset(value for path, value in user.leaves if value and isinstance(value, str) and _says_role(path))


def _says_role(path: tuple[Any, ...]) -> bool:
    words = [each.lower() for each in path if isinstance(each, str)]
    # An instance profile has a list of `Roles`, a flow log a `DeliverLogsPermissionArn`. A variable only passes it on.
    named = bool(words) and ("role" in words[-1] or words[-1].endswith("permissionarn"))
    return named and not {"variables", "environment", "defaultarguments", "condition"} & set(words)
