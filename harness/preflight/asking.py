"""Asking AWS, wherever the AWS_* variables lead. Every call reads; none changes anything."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from harness.preflight.facts import (
    Bucket,
    Concurrency,
    Endpoint,
    Facts,
    Key,
    Named,
    NotAnswered,
    Shards,
    Stack,
    Subnet,
    Vpc,
)
from harness.preflight.given import Given

#: Error codes of missing resources.
_NOT_THERE = (
    "404", "InvalidRouteTableID.NotFound", "InvalidSubnetID.NotFound", "InvalidVpcID.NotFound", "NoSuchBucket",
    "NotFoundException", "ResourceNotFoundException",
)  # fmt: skip
#: Operations that IAM calls otherwise: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
ACTIONS = {"GetBucketEncryption": "GetEncryptionConfiguration", "HeadBucket": "ListBucket"}
#: The default of buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
_DEFAULT_ALGORITHM = "AES256"
#: The defaults of keys: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
_USAGE, _SPEC = "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"
#: Whose concurrency and whose shards are this stack's own.
FUNCTIONS = ("KinesisConsumerFunction", "DataValidationFunction")
STREAM = "MarketDataStream"

Answer = TypeVar("Answer")
Json = dict[str, Any]


class CannotAskError(Exception):
    """AWS cannot be reached, or the caller is unknown. The message is one line."""


class Session(Protocol):
    """The part of boto3's Session that is used."""

    region_name: str | None

    def client(self, service_name: str) -> Any:
        """A client of a service."""


class Asker:
    """Collects the facts that a deployment depends on. Raises CannotAskError if AWS cannot be reached."""

    def __init__(self, session: Session, stack_name: str) -> None:
        if not session.region_name:
            raise CannotAskError("no Region is set (AWS_DEFAULT_REGION)")
        self._session = session
        self._stack_name = stack_name
        self._clients: dict[str, Any] = {}
        #: The stack's resources: logical id -> physical id.
        self._owned: dict[str, str] = {}

    def stack(self) -> Stack | NotAnswered | None:
        """The stack; None if it does not exist."""

        def ask() -> Stack | None:
            client = self._client("cloudformation")
            try:
                (described,) = client.describe_stacks(StackName=self._stack_name)["Stacks"]
            except ClientError as error:
                # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
                if "does not exist" in str(error):
                    return None
                raise
            stack = {"StackName": self._stack_name}
            owned = self._pages("cloudformation", "list_stack_resources", "StackResourceSummaries", **stack)
            given = {each["ParameterKey"]: each.get("ParameterValue", "") for each in described.get("Parameters", [])}
            self._owned = {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in owned}
            return Stack(described["StackStatus"], given, frozenset(self._owned.values()) - {""})

        return self._answer("cloudformation", ask)

    def facts(self, given: Given, stack: Stack | NotAnswered | None) -> Facts:
        """Everything else."""
        identity = self._identity()
        account, region = identity["Account"], str(self._session.region_name)
        vpc_id = given["VpcId"]
        key, artifacts = given["ExistingKeyArn"], given["ArtifactBucketName"]
        return Facts(
            account=account,
            region=region,
            partition=identity["Arn"].split(":")[1],
            stack=stack,
            vpc=self._answer("ec2", lambda: self._vpc(vpc_id)),
            dns_support=self._dns(vpc_id, "enableDnsSupport", "EnableDnsSupport"),
            dns_host_names=self._dns(vpc_id, "enableDnsHostnames", "EnableDnsHostnames"),
            subnets=self._answer("ec2", lambda: self._subnets(given)),
            route_tables=self._answer("ec2", lambda: self._route_tables(given)),
            endpoints=self._answer("ec2", lambda: self._endpoints(vpc_id)),
            prefix_lists=self._answer("ec2", lambda: self._prefix_lists(region)),
            concurrency=self._answer("lambda", self._concurrency),
            shards=self._answer("kinesis", self._shards),
            artifact_bucket=self._answer("s3", lambda: self._bucket(artifacts)),
            key=self._answer("kms", lambda: self._key(key)) if key else None,
            rotation=self._answer("kms", lambda: self._rotation(key)) if key else True,
            taken=self._taken(given.named(account), stack),
        )

    def _identity(self) -> Json:
        try:
            found: Json = self._client("sts").get_caller_identity()
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise CannotAskError(" ".join(str(error).split())) from error
        if not {"Account", "Arn"} <= found.keys():
            raise CannotAskError("sts:GetCallerIdentity: the endpoint is not AWS (AWS_ENDPOINT_URL)")
        return found

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            try:
                self._clients[service] = self._session.client(service)
            except ValueError as error:
                # botocore's message for an invalid AWS_ENDPOINT_URL or AWS_MAX_ATTEMPTS.
                raise CannotAskError(f"invalid AWS_* variable: {error}") from error
        return self._clients[service]

    def _pages(self, service: str, operation: str, key: str, **parameters: Any) -> list[Json]:
        pages = self._client(service).get_paginator(operation).paginate(**parameters)
        return [each for page in pages for each in page.get(key, [])]

    def _answer(self, service: str, ask: Callable[[], Answer]) -> Answer | NotAnswered:
        try:
            return ask()
        except ClientError as error:
            operation = error.operation_name
            action = f"{service}:{ACTIONS.get(operation, operation)}"
            return NotAnswered(action, error.response.get("Error", {}).get("Code", "no reason given"))
        except ParamValidationError:
            # The SDK rejects the value before sending it. The check of the parameters names it.
            return NotAnswered(f"{service}:*", "the SDK rejects a parameter's value")
        except (BotoCoreError, ResponseParserError) as error:
            raise CannotAskError(" ".join(str(error).split())) from error

    def _vpc(self, vpc: str) -> Vpc | None:
        found = _unless_missing(lambda: self._client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"])
        if not found:
            return None
        stated = found[0].get("CidrBlockAssociationSet", [])
        gone = ("disassociated", "disassociating", "failed", "failing")
        blocks = [each["CidrBlock"] for each in stated if each.get("CidrBlockState", {}).get("State") not in gone]
        return Vpc(found[0]["OwnerId"], tuple(blocks) or (found[0]["CidrBlock"],))

    def _dns(self, vpc: str, attribute: str, key: str) -> bool | NotAnswered:
        def ask() -> bool:
            said = _unless_missing(lambda: self._client("ec2").describe_vpc_attribute(VpcId=vpc, Attribute=attribute))
            return bool(said and said[key]["Value"])

        return self._answer("ec2", ask)

    def _subnets(self, given: Given) -> Mapping[str, Subnet]:
        ids = sorted({*given.entries("SubnetIds"), *given.endpoint_subnets})
        # By filter, because one missing id fails a request by ids.
        found = self._pages("ec2", "describe_subnets", "Subnets", Filters=[{"Name": "subnet-id", "Values": ids}])
        vpcs = sorted({each["VpcId"] for each in found})
        filters = [{"Name": "vpc-id", "Values": vpcs}]
        tables = self._pages("ec2", "describe_route_tables", "RouteTables", Filters=filters) if vpcs else []
        routed: dict[str, str] = {}
        main: dict[str, str] = {}
        for table in tables:
            for association in table.get("Associations", []):
                if association.get("Main"):
                    main[table["VpcId"]] = table["RouteTableId"]
                elif "SubnetId" in association:
                    routed[association["SubnetId"]] = table["RouteTableId"]
        return {
            each["SubnetId"]: Subnet(
                each["VpcId"], each["AvailabilityZone"], routed.get(each["SubnetId"], main.get(each["VpcId"], ""))
            )
            for each in found
        }

    def _route_tables(self, given: Given) -> Mapping[str, str]:
        ids = given.entries("RouteTableIds")
        if not ids:
            return {}
        filters = [{"Name": "route-table-id", "Values": ids}]
        found = self._pages("ec2", "describe_route_tables", "RouteTables", Filters=filters)
        return {each["RouteTableId"]: each["VpcId"] for each in found}

    def _endpoints(self, vpc: str) -> tuple[Endpoint, ...]:
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        found = self._pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=filters)
        return tuple(
            Endpoint(
                each["VpcEndpointId"],
                each["ServiceName"].rpartition(".")[2],
                each["VpcEndpointType"],
                bool(each.get("PrivateDnsEnabled")),
                tuple(each.get("RouteTableIds", [])),
            )
            for each in found
            if each.get("State", "available").lower() not in ("deleted", "deleting", "failed", "rejected", "expired")
        )

    def _prefix_lists(self, region: str) -> Mapping[str, str]:
        found = self._pages("ec2", "describe_managed_prefix_lists", "PrefixLists")
        return {each["PrefixListId"]: each["PrefixListName"] for each in found}

    def _concurrency(self) -> Concurrency:
        limits = self._client("lambda").get_account_settings()["AccountLimit"]
        own = sum(map(self._reserved, filter(None, map(self._owned.get, FUNCTIONS))))
        return Concurrency(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"], own)

    def _reserved(self, function: str) -> int:
        said = _unless_missing(lambda: self._client("lambda").get_function_concurrency(FunctionName=function))
        reserved: int = (said or {}).get("ReservedConcurrentExecutions", 0)
        return reserved

    def _shards(self) -> Shards:
        limits = self._client("kinesis").describe_limits()
        own = 0
        if stream := self._owned.get(STREAM):
            said = _unless_missing(lambda: self._client("kinesis").describe_stream_summary(StreamName=stream))
            own = said["StreamDescriptionSummary"]["OpenShardCount"] if said else 0
        return Shards(limits["ShardLimit"], limits["OpenShardCount"], own)

    def _bucket(self, name: str) -> Bucket | None:
        client = self._client("s3")
        place = _unless_missing(lambda: client.get_bucket_location(Bucket=name))
        if place is None:
            return None
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html: none is us-east-1, EU is old.
        region = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(place.get("LocationConstraint"))
        try:
            said = client.get_bucket_encryption(Bucket=name)
            (rule,) = said["ServerSideEncryptionConfiguration"]["Rules"]
            algorithm = rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ServerSideEncryptionConfigurationNotFoundError":
                raise
            algorithm = _DEFAULT_ALGORITHM
        return Bucket(region or place["LocationConstraint"], algorithm)

    def _key(self, arn: str) -> Key | None:
        said = _unless_missing(lambda: self._client("kms").describe_key(KeyId=arn)["KeyMetadata"])
        return Key(said["KeyState"], said.get("KeyUsage", _USAGE), said.get("KeySpec", _SPEC)) if said else None

    def _rotation(self, arn: str) -> bool:
        said = _unless_missing(lambda: self._client("kms").get_key_rotation_status(KeyId=arn))
        return bool(said and said["KeyRotationEnabled"])

    def _taken(self, names: Iterator[Named], stack: Stack | NotAnswered | None) -> Mapping[Named, bool | NotAnswered]:
        owned = stack.owns if isinstance(stack, Stack) else frozenset()
        found: dict[Named, bool | NotAnswered] = {}
        for named in names:
            if named.name not in owned:
                service, exists = _EXISTS[named.type]
                there = self._answer(service, lambda name=named.name, ask=exists: ask(self, name))  # type: ignore[misc]
                # While the stack is unknown, existing resources may be its own.
                found[named] = stack if there is True and isinstance(stack, NotAnswered) else there
        return found

    def _has_bucket(self, name: str) -> bool:
        try:
            return _unless_missing(lambda: self._client("s3").head_bucket(Bucket=name)) is not None
        except ClientError as error:
            # Not ours to see, but there: names of buckets are everybody's.
            if error.response["Error"]["Code"] == "403":
                return True
            raise

    def _has_table(self, name: str) -> bool:
        return _unless_missing(lambda: self._client("dynamodb").describe_table(TableName=name)) is not None

    def _has_stream(self, name: str) -> bool:
        return _unless_missing(lambda: self._client("kinesis").describe_stream_summary(StreamName=name)) is not None

    def _has_log_group(self, name: str) -> bool:
        found = self._pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        return name in [each["logGroupName"] for each in found]


_EXISTS: dict[str, tuple[str, Callable[[Asker, str], bool]]] = {
    "AWS::DynamoDB::Table": ("dynamodb", Asker._has_table),
    "AWS::Kinesis::Stream": ("kinesis", Asker._has_stream),
    "AWS::Logs::LogGroup": ("logs", Asker._has_log_group),
    "AWS::S3::Bucket": ("s3", Asker._has_bucket),
}


def _unless_missing(ask: Callable[[], Any]) -> Any:
    """The answer; None if the resource does not exist."""
    try:
        return ask()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _NOT_THERE:
            return None
        raise
