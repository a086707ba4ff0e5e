"""The calls of Lambda and Glue with the roles of functions, jobs and crawlers."""

from collections.abc import Iterator
from typing import Any

from harness.emulator.policies import Request, Role
from harness.emulator.service_calls.call import Finder, ServiceCall

#: For a standard iterator. `SubscribeToShard` is for enhanced fan-out; nothing calls `ListStreams`.
POLL_STREAM = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)
POLL_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
#: Where Glue logs with the role of a job or crawler, in log groups that it creates.
#: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
GLUE_LOGS = "/aws-glue"
#: Actions without resource-level permissions, and those on network interfaces that Lambda creates.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
FIND_INTERFACES = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
HAVE_INTERFACES = ("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")
TRACE = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")

#: The action to send to a destination, by the service in its ARN.
DELIVER = {"sqs": ("sqs:SendMessage",), "sns": ("sns:Publish",)}
#: Lambda's key layout in an on-failure bucket.
FAILED_BATCHES = "aws/lambda/"
#: The actions of glue_src/json_to_parquet on each table that it writes, its database and the catalog.
ADD_OWN_PARTITIONS = ("glue:GetTable", "glue:CreatePartition", "glue:GetPartition", "glue:BatchUpdatePartition")
#: The actions of a crawler of declared tables on each table, its database and the catalog.
#: https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html
ADD_PARTITIONS = (
    "glue:BatchCreatePartition",
    "glue:BatchGetPartition",
    "glue:CreatePartition",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "glue:UpdateTable",
)


class Compute(Finder):
    """The calls for functions, their event sources, jobs and crawlers."""

    def calls(self) -> Iterator[ServiceCall]:
        """All these calls."""
        for function in self._deployment.functions:
            yield from self._function(function)
        roles = {f["FunctionArn"]: self._deployment.role(f["Role"]) for f in self._deployment.functions}
        for mapping in self._deployment.mappings:
            arn = ":".join(mapping["FunctionArn"].split(":")[:7])
            if arn in roles:
                yield from self._mapping(mapping, arn.rsplit(":", 1)[-1], roles[arn])
        for job in self._deployment.jobs:
            yield from self._job(job)
        for crawler in self._deployment.crawlers:
            yield from self._crawler(crawler)

    def _function(self, function: dict[str, Any]) -> Iterator[ServiceCall]:
        role, name = self._deployment.role(function["Role"]), function["FunctionName"]
        yield self._trust(role, "lambda.amazonaws.com", f"Lambda runs {name} with it")
        group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        yield from self._logs(role, group, f"{name} logs", declared=group in self._deployment.log_groups)
        yield from self._network(role, function.get("VpcConfig", {}), f"{name} is in a VPC")
        if function.get("TracingConfig", {}).get("Mode") == "Active":
            yield from self._each(role, TRACE, "*", f"{name} is traced")
        if target := function.get("DeadLetterConfig", {}).get("TargetArn"):
            yield from self._delivery(role, target, f"{name} has this dead-letter target")
        if key := self._deployment.key(function.get("KMSKeyArn")):
            context = {"kms:EncryptionContext:aws:lambda:FunctionArn": function["FunctionArn"]}
            yield self._key(role, "kms:Decrypt", key, "lambda", context, f"{name}'s variables are encrypted")
        yield from self._data(role, name)

    def _mapping(self, mapping: dict[str, Any], function: str, role: Role) -> Iterator[ServiceCall]:
        source = mapping["EventSourceArn"]
        why = f"Lambda polls {source.rsplit(':', 1)[-1]} for {function}"
        actions = {"kinesis": POLL_STREAM, "sqs": POLL_QUEUE}.get(source.split(":")[2], ())
        store = self._deployment.stores.get(source)
        yield from self._each(role, actions, source, why, policy=store.policy if store else None)
        destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination:
            yield from self._delivery(role, destination, f"failed batches of {why.removeprefix('Lambda polls ')}")

    def _job(self, job: dict[str, Any]) -> Iterator[ServiceCall]:
        role, name = self._deployment.role(job["Role"]), job["Name"]
        yield self._trust(role, "glue.amazonaws.com", f"Glue runs {name} with it")
        script = job.get("Command", {}).get("ScriptLocation", "")
        if script.startswith("s3://"):
            bucket, _, key = script.removeprefix("s3://").partition("/")
            store = self._deployment.stores.get(f"arn:aws:s3:::{bucket}")
            policy = store.policy if store else None
            resource = f"arn:aws:s3:::{bucket}/{key}"
            yield from self._each(role, ("s3:GetObject",), resource, f"{name} is this script", policy=policy)
        arguments = job.get("DefaultArguments", {})
        configuration = job.get("SecurityConfiguration", "")
        # Of its own naming, for lines before the job starts, and those that the job names.
        jobs = f"{GLUE_LOGS}/jobs/{configuration}-role/{role.name}" if configuration else f"{GLUE_LOGS}/jobs"
        for prefix in dict.fromkeys((jobs, arguments.get("--custom-logGroup-prefix", jobs))):
            for group in ("output", "error"):
                yield from self._glue_logs(role, f"{prefix}/{group}", configuration, f"{name} logs")
        if group := arguments.get("--continuous-log-logGroup"):
            yield from self._logs(role, group, f"{name} logs", declared=group in self._deployment.log_groups)
        if "--enable-metrics" in arguments:
            context = {"cloudwatch:namespace": "Glue"}
            request = Request("cloudwatch:PutMetricData", "*", self._deployment.region, context)
            yield ServiceCall(request, f"{name} publishes metrics", role=role)
        if database := arguments.get("--database"):
            written = f"s3://{arguments.get('--processed_bucket')}/{arguments.get('--target_prefix', '')}"
            for (of, table), location in self._deployment.table_locations.items():
                if of == database and location.startswith(written):
                    why = f"{name} adds its partitions to {table}"
                    for resource in ("catalog", f"database/{database}", f"table/{database}/{table}"):
                        yield from self._each(role, ADD_OWN_PARTITIONS, self._arn("glue", resource), why)
        yield from self._data(role, name)

    def _crawler(self, crawler: dict[str, Any]) -> Iterator[ServiceCall]:
        role, name = self._deployment.role(crawler["Role"]), crawler["Name"]
        yield self._trust(role, "glue.amazonaws.com", f"Glue runs {name} with it")
        configuration = crawler.get("CrawlerSecurityConfiguration", "")
        group = f"{GLUE_LOGS}/crawlers-role/{role.name}-{configuration}" if configuration else f"{GLUE_LOGS}/crawlers"
        yield from self._glue_logs(role, group, configuration, f"{name} logs")
        for target in crawler.get("Targets", {}).get("CatalogTargets", []):
            database = target["DatabaseName"]
            for table in target["Tables"]:
                above = ("catalog", f"database/{database}", f"table/{database}/{table}")
                for resource in above:
                    arn = self._arn("glue", resource)
                    yield from self._each(role, ADD_PARTITIONS, arn, f"{name} adds partitions to {table}")
                if location := self._deployment.table_locations.get((database, table)):
                    yield from self._crawled(role, location, f"{name} looks for partitions of {table}")
        for target in crawler.get("Targets", {}).get("S3Targets", []):
            yield from self._crawled(role, target["Path"], f"{name} looks into {target['Path']}")
        yield from self._data(role, name)

    def _crawled(self, role: Role, location: str, why: str) -> Iterator[ServiceCall]:
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        arn = f"arn:aws:s3:::{bucket}"
        store = self._deployment.stores.get(arn)
        policy = store.policy if store else None
        yield from self._each(role, ("s3:GetBucketLocation",), arn, why, policy=policy)
        yield from self._each(role, ("s3:GetObject",), f"{arn}/{prefix}x", why, policy=policy)
        listing = Request("s3:ListBucket", arn, self._deployment.region, {"s3:prefix": prefix})
        yield ServiceCall(listing, why, role=role, policy=policy)

    def _network(self, role: Role, network: dict[str, Any], why: str) -> Iterator[ServiceCall]:
        if not network.get("SubnetIds"):
            return
        yield from self._each(role, FIND_INTERFACES, "*", why)
        interface = self._arn("ec2", "network-interface/x")
        yield from self._each(role, HAVE_INTERFACES, interface, why)
        subnets = [f"subnet/{subnet}" for subnet in network["SubnetIds"]]
        groups = [f"security-group/{group}" for group in network["SecurityGroupIds"]]
        for resource in (interface, *(self._arn("ec2", place) for place in (*subnets, *groups))):
            yield from self._each(role, ("ec2:CreateNetworkInterface",), resource, why)

    def _delivery(self, role: Role, target: str, why: str) -> Iterator[ServiceCall]:
        service, store = target.split(":")[2], self._deployment.stores.get(target)
        policy = store.policy if store else None
        yield from self._each(role, DELIVER.get(service, ()), target, why, policy=policy)
        if service == "s3":
            # The ARN names only the bucket; Lambda adds its own prefix.
            inside = f"{target}/{FAILED_BATCHES}x"
            yield from self._each(role, ("s3:PutObject",), inside, why, policy=policy)
            yield from self._each(role, ("s3:ListBucket",), target, why, policy=policy)
        if store is not None:
            action = {"s3": "s3:PutObject", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}[service]
            yield from self._use_key(role, action, store, f"{target}/{FAILED_BATCHES}x", why)

    def _logs(self, role: Role, group: str, why: str, *, declared: bool) -> Iterator[ServiceCall]:
        arn = self._arn("logs", f"log-group:{group}")
        yield from self._each(role, WRITE_LOGS, f"{arn}:log-stream:x", why)
        if not declared:
            yield from self._each(role, ("logs:CreateLogGroup",), arn, f"{why}, and its log group is not declared")

    def _glue_logs(self, role: Role, group: str, configuration: str, why: str) -> Iterator[ServiceCall]:
        """Of Glue's own groups. https://docs.aws.amazon.com/glue/latest/dg/encryption-security-configuration.html"""
        declared = group in self._deployment.log_groups
        yield from self._logs(role, group, why, declared=declared)
        if self._deployment.log_keys.get(configuration):
            arn = self._arn("logs", f"log-group:{group}")
            yield from self._each(role, ("logs:AssociateKmsKey",), arn, f"{why}, encrypted as {configuration} says")
