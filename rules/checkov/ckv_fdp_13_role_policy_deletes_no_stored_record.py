"""CKV_FDP_13  role_policy_deletes_no_stored_record

Why       What arrived from a vendor cannot be ordered again, and a regulator asks for it years
          later. No step of the pipeline needs to delete a record or shorten its retention, so no
          fault or intruder in a step may be able to.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

from collections.abc import Iterator
from typing import Any

from rules.checkov._base import GrantCheck
from rules.lib.iam import Statement

#: s3:DeleteObject is not here: in a versioned bucket it hides an object and destroys none.
DESTROYING = (
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket",
    "s3:DeleteObjectVersion",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:PutReplicationConfiguration",
    "s3:ReplicateDelete",
    # A batch write and a PartiQL statement can delete as well as put.
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteBackup",
    "dynamodb:DeleteItem",
    "dynamodb:DeleteTable",
    "dynamodb:PartiQLDelete",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
    "kinesis:DecreaseStreamRetentionPeriod",
    "kinesis:DeleteStream",
    "kinesis:StopStreamEncryption",
    "logs:DeleteLogGroup",
    "logs:DeleteLogStream",
    "logs:DeleteRetentionPolicy",
    "logs:PutRetentionPolicy",
    "sqs:DeleteQueue",
    "sqs:PurgeQueue",
    # What the catalogue does not list, no query finds.
    "glue:BatchDelete*",
    "glue:DeleteDatabase",
    "glue:DeletePartition",
    "glue:DeleteTable*",
    "backup:DeleteBackupVault*",
    "backup:DeleteRecoveryPoint",
)


class RolePolicyDeletesNoStoredRecord(GrantCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_13",
            "role_policy_deletes_no_stored_record",
            "Ensure that a role's policy cannot delete a stored record or shorten its retention.",
            "remove the action; what may go is named by lifecycle rules in the template.",
        )

    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """Actions that delete records, or shorten their retention."""
        if granted := statement.touched(DESTROYING):
            yield f"it allows {', '.join(granted[:3])}{' and more' if granted[3:] else ''}."


check = RolePolicyDeletesNoStoredRecord()
