"""Permissions missing from the handlers' lists, each with the AWS page that requires it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.deployer.names import Place

#: Calls of the AWS CLI's `package` and `deploy`, including waiters (awscli/customizations/cloudformation/deployer.py).
DEPLOY_CALLS = ("CreateChangeSet", "DescribeChangeSet", "DescribeStacks", "ExecuteChangeSet", "GetTemplateSummary")
#: Calls of `tox -e deploy` after a deployment (harness/deploy/stack.py).
HARNESS_CALLS = ("DescribeStackEvents", "DescribeStacks", "ListStackResources")
_OWN_CALLS = {"package": (), "deploy": DEPLOY_CALLS, "wait": ("DescribeStacks", "DescribeChangeSet")}
_COMMAND = re.compile(r"\baws cloudformation ([a-z][a-z-]+)")

_DEPLOY = "https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/index.html"
_PACKAGE = "https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html"
_CHANGE_SETS = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html"
)
_ACTIONS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html"
_DRIFT = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html"


@dataclass(frozen=True)
class Addition:
    """A statement with actions that no handler lists."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str
    url: str
    #: Whether it is also granted outside CloudFormation.
    direct: bool = False


def of_the_caller(pages: Iterable[str], place: Place) -> list[Addition]:
    """Permissions for the caller of the `aws cloudformation` commands in these pages."""
    calls = {*HARNESS_CALLS, *(call for page in pages for call in _calls(page))}
    stack = (place.arn(f"cloudformation:*:*:stack/{place.stack}/*"),)
    bucket = place.arn(f"s3:::{place.artifacts}")
    # These calls name a drift detection or a template instead of a stack, so they cannot be limited to the stack.
    anywhere = {"DescribeStackDriftDetectionStatus", "GetTemplateSummary"} & calls
    drift = {"DetectStackResourceDrift"} if "DetectStackDrift" in calls else set()
    return [
        Addition(
            "Stack",
            _prefixed(calls - anywhere),
            stack,
            "the commands of this page, and the calls of `aws cloudformation deploy`",
            _DEPLOY,
        ),
        Addition("ChangeSets", _prefixed({"DeleteChangeSet"}), stack, "deletes a reviewed change set", _CHANGE_SETS),
        *([Addition("Drift", _prefixed(drift), stack, "`detect-stack-drift` needs it too", _DRIFT)] if drift else []),
        Addition("AnyStack", _prefixed(anywhere), ("*",), "calls that name a template or a drift detection", _ACTIONS),
        Addition(
            "Artifacts",
            ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
            (f"{bucket}/*",),
            "`package` and `deploy` upload objects that are missing; CloudFormation reads the template",
            _PACKAGE,
        ),
        # Without it, S3 answers 403 instead of 404 for a missing key.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        Addition("ArtifactBucket", ("s3:ListBucket",), (bucket,), "S3 answers 404 for a missing object", _PACKAGE),
        Addition(
            "ImportedKey",
            ("s3:GetEncryptionConfiguration",),
            tuple(
                place.arn(f"s3:::{place.resolved(f'{name}-${{Environment}}-${{AWS::AccountId}}')}")
                for name in ("financial-failed-batches", "financial-raw-data")
            ),
            "`tox -e import-template` reads the encryption keys of the raw and the failed-batches bucket",
            "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html",
        ),
    ]


def of_preflight(place: Place) -> list[Addition]:
    """Permissions of `tox -e preflight`: calls that cannot be limited, and calls on the template's physical names."""
    environment = place.resolved("${Environment}")
    buckets = place.resolved("s3:::financial-*-${Environment}-${AWS::AccountId}")
    return [
        Addition(
            "PreflightAnywhere",
            (
                "ec2:DescribeManagedPrefixLists", "ec2:DescribeRouteTables", "ec2:DescribeSubnets",
                "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs", "kinesis:DescribeLimits",
                "kms:DescribeKey", "kms:GetKeyRotationStatus", "lambda:GetAccountSettings", "logs:DescribeLogGroups",
            ),
            ("*",),
            "`tox -e preflight` reads the network, the quotas and `ExistingKeyArn`, but no data",
            "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html",
        ),
        Addition(
            "PreflightNames",
            (
                "dynamodb:DescribeTable", "kinesis:DescribeStreamSummary", "lambda:GetFunctionConcurrency",
                "s3:GetBucketLocation", "s3:GetEncryptionConfiguration", "s3:ListBucket",
            ),
            (
                place.arn(f"dynamodb:*:*:table/*-{environment}"),
                place.arn(f"kinesis:*:*:stream/financial-*-{environment}"),
                place.arn(f"lambda:*:*:function:*-{environment}"),
                place.arn(buckets),
                place.arn(f"s3:::{place.artifacts}"),
            ),
            "`tox -e preflight` checks the artifact bucket, and that the template's names are free",
            "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
        ),
    ]  # fmt: skip


def of_the_resources(types: Iterable[str], place: Place) -> list[Addition]:
    """Permissions for creating these resource types beyond their handlers' lists."""
    found = []
    if "AWS::Kinesis::Stream" in types:
        found.append(
            Addition(
                "StreamKey",
                ("kms:DescribeKey", "kms:ListAliases", "kms:ListKeys"),
                ("*",),
                "administering a stream under a customer-managed key; `kms:ViaService` is not set for these calls",
                "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html",
                # Reads no data, and the service may call on behalf of CloudFormation.
                direct=True,
            )
        )
    if "AWS::EC2::VPCEndpoint" in types:
        found.append(
            Addition(
                "PrivateNames",
                ("route53:AssociateVPCWithHostedZone",),
                ("*",),
                "an interface endpoint with private DNS; `ec2:CreateVpcEndpoint` depends on it",
                "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html",
            )
        )
    if {"AWS::Lambda::Function", "AWS::Lambda::LayerVersion"} & set(types):
        found.append(
            Addition(
                "Code",
                ("s3:GetObject", "s3:GetObjectVersion"),
                (place.arn(f"s3:::{place.artifacts}/*"),),
                "Lambda fetches the zips from the artifact bucket; the handlers' lists name no bucket",
                "https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html",
            )
        )
    return found


def _calls(page: str) -> Iterable[str]:
    for command in _COMMAND.findall(page.replace("\\\n", " ")):
        yield from _OWN_CALLS.get(command, ("".join(word.capitalize() for word in command.split("-")),))


def _prefixed(calls: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"cloudformation:{call}" for call in sorted(calls))
