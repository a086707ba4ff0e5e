"""ACC-006  function_has_a_role_of_its_own

Why       With a shared role, each program may do what any of them needs: a fault in a program that only reads can then
          write, and the logs cannot tell which program it was. Crawlers do one kind of work and may share.
Targets   AWS::Glue::Crawler, AWS::Glue::Job, AWS::Lambda::Function, AWS::ApiGateway::Account,
          AWS::Batch::JobDefinition, AWS::DMS::Endpoint, AWS::EC2::FlowLog, AWS::ECS::TaskDefinition, AWS::Events::Rule,
          AWS::IAM::InstanceProfile, AWS::IAM::Role, AWS::KinesisAnalyticsV2::Application,
          AWS::KinesisFirehose::DeliveryStream, AWS::Logs::SubscriptionFilter, AWS::Pipes::Pipe, AWS::S3::Bucket,
          AWS::Scheduler::Schedule, AWS::StepFunctions::StateMachine
"""

from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.roles import RUNNERS, role_of, users_of

CRAWLER = "AWS::Glue::Crawler"

subjects = all_of(*RUNNERS)


def problems(stack: Stack, subject: str) -> Problems:
    """A role that others use too, or that is not in this template."""
    runner = stack.resources[subject]
    role = role_of(stack, runner)
    if role is None:
        yield Problem(
            "its role is not in this template, so what it may do, and who shares it, cannot be judged.",
            "declare a role for it and set Role to that role's ARN.",
            ("Properties", "Role"),
        )
        return
    others = [each for each in users_of(stack, role) if each is not runner]
    shared = [each.logical_id for each in others if not each.type == runner.type == CRAWLER]
    if shared:
        yield Problem(
            f"it shares the role {role.logical_id} with {', '.join(shared)}: each may do whatever the others need.",
            "declare a role for it alone, with only the permissions that it needs, and set Role to that role's ARN.",
            ("Properties", "Role"),
        )
