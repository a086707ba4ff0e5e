"""CKV_FDP_9  role_policy_cannot_widen_itself

Why       Every other limit on a role is worthless if the role can lift it: pass another role,
          rewrite a function with more permissions, open a bucket or grant the key. Whoever
          compromises one function would own the platform.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

from collections.abc import Iterator
from typing import Any

from rules.checkov._base import GrantCheck
from rules.lib.iam import Statement

WIDENING = (
    # Who may do what.
    "account:*",
    "iam:*",
    "lakeformation:GrantPermissions",
    "lakeformation:PutDataLakeSettings",
    "organizations:*",
    "ram:*",
    "sso:*",
    "sts:Assume*",
    "sts:GetFederationToken",
    "sts:TagSession",
    # Who may use the key, and whether anybody still can.
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DeleteAlias",
    "kms:DeleteImportedKeyMaterial",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:ScheduleKeyDeletion",
    "kms:UpdateAlias",
    # Code that runs with another role.
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack*",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateStack*",
    "glue:CreateJob",
    "glue:PutResourcePolicy",
    "glue:UpdateJob",
    "lambda:AddLayerVersionPermission",
    "lambda:AddPermission",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "lambda:PublishLayerVersion",
    "lambda:UpdateEventSourceMapping",
    "lambda:UpdateFunction*",
    # Whom stores let in.
    "dynamodb:PutResourcePolicy",
    "ec2:AuthorizeSecurityGroup*",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifyVpcEndpoint",
    "kinesis:PutResourcePolicy",
    "logs:PutResourcePolicy",
    "s3:DeleteBucketPolicy",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutAccessPointPolicy",
    "s3:PutAccountPublicAccessBlock",
    "s3:PutBucketAcl",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "sns:AddPermission",
    "sns:SetTopicAttributes",
    "sqs:AddPermission",
    "sqs:SetQueueAttributes",
)


class RolePolicyCannotWidenItself(GrantCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_9",
            "role_policy_cannot_widen_itself",
            "Ensure that a role's policy cannot change permissions.",
            "remove the action; permissions are changed by deploying the template.",
        )

    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """Actions that change who may do what."""
        if granted := statement.touched(WIDENING):
            yield f"it allows {', '.join(granted[:3])}{' and more' if granted[3:] else ''}."


check = RolePolicyCannotWidenItself()
