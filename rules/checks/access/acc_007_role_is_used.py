"""ACC-007  role_is_used

Why       An unused role is a way to the data that nobody watches and no test would miss. So is one that its user cannot
          assume, and that user cannot work.
Targets   AWS::IAM::Role, AWS::ApiGateway::Account, AWS::Batch::JobDefinition, AWS::DMS::Endpoint, AWS::EC2::FlowLog,
          AWS::ECS::TaskDefinition, AWS::Events::Rule, AWS::Glue::Crawler, AWS::Glue::Job, AWS::IAM::InstanceProfile,
          AWS::KinesisAnalyticsV2::Application, AWS::KinesisFirehose::DeliveryStream, AWS::Lambda::Function,
          AWS::Logs::SubscriptionFilter, AWS::Pipes::Pipe, AWS::S3::Bucket, AWS::Scheduler::Schedule,
          AWS::StepFunctions::StateMachine
"""

from rules.lib import Problem, Problems, Resource, Stack, all_of
from rules.lib.conditions import holds
from rules.lib.iam import trust_statements
from rules.lib.principals import ACCOUNT, names_everybody, services
from rules.lib.roles import ROLE, USERS, users_of

#: AWS does not document that they say whose work they do: a condition on that may refuse them.
SILENT = ("lambda.amazonaws.com", "s3.amazonaws.com")


subjects = all_of(ROLE)


def problems(stack: Stack, subject: str) -> Problems:
    """A role without a user, or with one that it does not trust."""
    role = stack.resources[subject]
    users = users_of(stack, role)
    if not users:
        yield Problem(
            "nothing in the template uses this role, so its permissions are an unwatched way to the data.",
            "remove the role, or name it as the Role of what needs it.",
        )
    for user in users:
        service = USERS.get(user.type, "")
        if service and not _trusts(role, service, user):
            yield Problem(
                f"{user.logical_id} uses this role, but {service} may not assume it.",
                f"name {service} as the Service of the trust, or give {user.logical_id} another role.",
                ("Properties", "AssumeRolePolicyDocument"),
            )


def _trusts(role: Resource, service: str, user: Resource) -> bool:
    source = {} if service in SILENT else {"aws:sourceaccount": ACCOUNT, "aws:sourcearn": user.arn}
    meant = [each for each in trust_statements(role) if each.touches("sts:AssumeRole")]
    denied = any(
        each.denies
        and (service in services(each) or names_everybody(each) or "NotPrincipal" in each.body)
        and holds(each, source) is not False
        for each in meant
    )
    return not denied and any(each.allows and service in services(each) and holds(each, source) for each in meant)
