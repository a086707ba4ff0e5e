"""Preflight checks: from parameters and facts about the account to findings. No AWS calls."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from harness.preflight.facts import Concurrency, Endpoint, Fact, Facts, NotAnswered, Subnet, Vpc
from harness.preflight.given import ENDPOINTS, GATEWAYS, Given, rejected
from harness.render.attributes import Account
from harness.render.dependencies import Dependencies
from harness.render.errors import UnrenderableTemplate
from harness.render.intrinsics import Evaluation

#: Concurrency that Lambda keeps unreserved in every account.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
ALWAYS_UNRESERVED = 100
IMPORT = "docs/deploying.md, Deploying again after a deletion"
FAILED = "docs/deploying.md, When an update fails"
_VALIDATORS_AT_LEAST = 2
_LONGEST_VALUE = 80
#: Stack states that accept an update, or, in review, a creation.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html (Stack status codes)
_TAKES_CHANGES = (
    "CREATE_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
)  # fmt: skip
#: Other states: why it matters, and what to type.
_NO_UPDATE = "CloudFormation cannot update it."
_DELETE = (_NO_UPDATE, "aws cloudformation delete-stack")
_STATES = {
    "CREATE_FAILED": _DELETE,
    "DELETE_FAILED": _DELETE,
    # Its events name the cause; AWS documents no command that continues the rollback of an import.
    "IMPORT_ROLLBACK_FAILED": (_NO_UPDATE, "aws cloudformation describe-stack-events, and ask AWS Support"),
    "ROLLBACK_COMPLETE": _DELETE,
    "ROLLBACK_FAILED": _DELETE,
    # Left by --disable-rollback. An update without that option is rejected, or rolls everything back.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
    "UPDATE_FAILED": ("the last update stopped halfway, and its changes remain.", "aws cloudformation rollback-stack"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
    "UPDATE_ROLLBACK_FAILED": (_NO_UPDATE, f"aws cloudformation continue-update-rollback ({FAILED})"),
}


@dataclass(frozen=True)
class Finding:
    """What is wrong, why it matters, and what to type. "Not evaluated" does not count as passed."""

    check: str
    what: str
    why: str
    fix: str
    evaluated: bool = True


@dataclass(frozen=True)
class Wrong:
    """A finding without its check's name."""

    what: str
    why: str
    fix: str


class _OpenError(Exception):
    """AWS did not answer a call that the check needs."""

    def __init__(self, answer: NotAnswered) -> None:
        super().__init__(answer.action)
        self.answer = answer


class _WaitsError(Exception):
    """The check's subject is missing, which is another check's finding."""


@dataclass(frozen=True)
class _Usable(Given):
    """The parameters. Reading a value that the template rejects raises, because it could be anything."""

    rejected: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> str:
        if name in self.rejected:
            raise _WaitsError("parameters")
        return super().__getitem__(name)


Check = Callable[[Given, Facts], Iterator[Wrong]]
CHECKS: dict[str, Check] = {}


def _check(name: str) -> Callable[[Check], Check]:
    def named(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return named


def findings(given: Given, facts: Facts) -> list[Finding]:
    """All findings, including checks that could not be evaluated, in the checks' order."""
    usable = _Usable(given.values, given.template, frozenset(rejected(given)))
    return [finding for name, check in CHECKS.items() for finding in _of(name, check, usable, facts)]


def _of(name: str, check: Check, given: Given, facts: Facts) -> Iterator[Finding]:
    try:
        for wrong in check(given, facts):
            yield Finding(name, wrong.what, wrong.why, wrong.fix)
    except _OpenError as rejected:
        answer = rejected.answer
        yield Finding(
            name,
            f"{answer.action} was not answered ({answer.why})",
            "so this check is not evaluated.",
            f"grant {answer.action} to the caller" if _is_denial(answer) else "run preflight again, or check by hand",
            evaluated=False,
        )
    except _WaitsError as other:
        why = "so this check is not evaluated."
        yield Finding(name, f"depends on the check {other}", why, f"fix {other} first", evaluated=False)


def _is_denial(answer: NotAnswered) -> bool:
    return any(word in answer.why for word in ("AccessDenied", "Unauthorized", "Forbidden", "403"))


def _known(answer: Fact | NotAnswered) -> Fact:
    if isinstance(answer, NotAnswered):
        raise _OpenError(answer)
    return answer


def _there(facts: Facts) -> Vpc:
    vpc = _known(facts.vpc)
    if vpc is None:
        raise _WaitsError("VPC")
    return vpc


def _all_subnets(given: Given, facts: Facts) -> Mapping[str, Subnet]:
    known = _known(facts.subnets)
    if not {*given.entries("SubnetIds"), *given.endpoint_subnets} <= known.keys():
        raise _WaitsError("subnets")
    return known


# ---------------------------------------------------------------------------------------- where, and what is there ----


@_check("parameters")
def _parameters(given: Given, facts: Facts) -> Iterator[Wrong]:
    bad = rejected(given)
    for name, constraint in bad.items():
        shown = _shown(given.values[name])
        yield Wrong(f"{name} is {shown}", f"the template rejects it: {name} {constraint}", f"{name}=<another>")
    yield from _rules(given, facts, bad.keys())


def _rules(given: Given, facts: Facts, bad: Collection[str]) -> Iterator[Wrong]:
    account = Account(facts.account, facts.region, facts.partition)
    evaluation = Evaluation(given.template, given.values, account)
    dependencies = Dependencies(given.template)
    for rule, body in given.template.get("Rules", {}).items():
        for assertion in body["Assertions"]:
            names = sorted(dependencies.of(assertion["Assert"]))
            # A rejected value would also fail assertions about other parameters.
            if not {*names, *dependencies.of(body.get("RuleCondition"))}.isdisjoint(bad):
                continue
            try:
                broken = evaluation.holds(body.get("RuleCondition", True)) and not evaluation.holds(assertion["Assert"])
            except UnrenderableTemplate as error:
                raise _OpenError(NotAnswered(f"the rule {rule}", str(error))) from error
            if broken:
                yield Wrong(
                    " and ".join(f"{name} is {_shown(given.values[name])}" for name in names) or rule,
                    f"the template's rule {rule} rejects it: {assertion.get('AssertDescription', 'no description.')}",
                    " ".join(f"{name}=<another>" for name in names),
                )


def _shown(value: str) -> str:
    text = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}..."
    return text if text.strip() else "empty"


@_check("Region")
def _region(given: Given, facts: Facts) -> Iterator[Wrong]:
    if given.regions is not None and facts.region not in given.regions:
        yield Wrong(
            f"{facts.region} ({facts.partition}) is not supported",
            "services that the template needs are not available there.",
            f"export AWS_DEFAULT_REGION=<one of {', '.join(sorted(given.regions))}>",
        )


@_check("stack")
def _stack(given: Given, facts: Facts) -> Iterator[Wrong]:
    stack = _known(facts.stack)
    if stack is None or stack.status in _TAKES_CHANGES:
        return
    if stack.status.endswith("_IN_PROGRESS"):
        why, fix = "CloudFormation accepts one operation at a time.", "wait, then run preflight again"
    else:
        why, fix = _STATES.get(stack.status, (_NO_UPDATE, "aws cloudformation describe-stack-events"))
    yield Wrong(f"the stack is {stack.status}", why, fix)


@_check("names")
def _names(given: Given, facts: Facts) -> Iterator[Wrong]:
    # Part of every name.
    given["Environment"]
    unanswered: NotAnswered | None = None
    for named, there in facts.taken.items():
        if isinstance(there, NotAnswered):
            unanswered = unanswered or there
        elif there:
            deletion = f"aws logs delete-log-group --log-group-name {named.name}"
            yield Wrong(
                f"{named.type} {named.name} already exists outside the stack",
                "the template uses this name, so creating the resource fails.",
                f"import it: {IMPORT}" if named.retained else deletion,
            )
    if unanswered is not None:
        raise _OpenError(unanswered)


# -------------------------------------------------------------------------------------------------------- the VPC ----


@_check("VPC")
def _vpc(given: Given, facts: Facts) -> Iterator[Wrong]:
    if _known(facts.vpc) is None:
        yield Wrong(
            f"{given['VpcId']} does not exist in {facts.region} and is not shared with account {facts.account}",
            "the functions need a VPC.",
            "VpcId=<one of `aws ec2 describe-vpcs`>",
        )


@_check("VPC owner")
def _owner(given: Given, facts: Facts) -> Iterator[Wrong]:
    vpc, said = _there(facts), given["VpcOwnerAccountId"]
    if vpc.owner == facts.account and said:
        yield Wrong(
            f"VpcOwnerAccountId is {said}, but this account owns the VPC",
            "the functions' roles would not be allowed to use its subnets.",
            "VpcOwnerAccountId=",
        )
    elif vpc.owner not in (facts.account, said):
        yield Wrong(
            f"the VPC is shared by its owner, account {vpc.owner}",
            "the functions' roles are not allowed to use its subnets.",
            f"VpcOwnerAccountId={vpc.owner}",
        )


@_check("endpoints of a shared VPC")
def _shared(given: Given, facts: Facts) -> Iterator[Wrong]:
    _there(facts)
    made = [switch for switch in ENDPOINTS if given.creates(switch)]
    if _is_shared(given, facts) and made:
        # https://repost.aws/knowledge-center/vpc-interface-endpoint-creation-errors
        yield Wrong(
            f"{', '.join(made)}: true in a shared VPC",
            "only the owner can create endpoints there.",
            f"{' '.join(f'{each}=false' for each in made)}, and ask the owner for endpoints for S3, DynamoDB and SQS",
        )


@_check("DNS support")
def _dns_support(given: Given, facts: Facts) -> Iterator[Wrong]:
    _there(facts)
    if not _known(facts.dns_support):
        yield _no_dns(given, "enableDnsSupport", "--enable-dns-support")


@_check("DNS host names")
def _dns_host_names(given: Given, facts: Facts) -> Iterator[Wrong]:
    _there(facts)
    if not _known(facts.dns_host_names):
        yield _no_dns(given, "enableDnsHostnames", "--enable-dns-hostnames")


def _no_dns(given: Given, attribute: str, option: str) -> Wrong:
    # https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
    return Wrong(
        f"{attribute} of {given['VpcId']} is off",
        "private DNS of interface endpoints requires both DNS attributes.",
        f"aws ec2 modify-vpc-attribute --vpc-id {given['VpcId']} {option}",
    )


@_check("VPC blocks")
def _blocks(given: Given, facts: Facts) -> Iterator[Wrong]:
    vpc = _there(facts)
    if set(given.entries("VpcCidr")) != set(vpc.blocks):
        yield Wrong(
            f"VpcCidr is {given['VpcCidr']}, but the VPC has {', '.join(vpc.blocks)}",
            "hosts in a missing block cannot use the endpoints; a foreign block admits outsiders.",
            f"VpcCidr={','.join(vpc.blocks[:5])}",
        )


# ---------------------------------------------------------------------------------------------- subnets and routes ----


@_check("subnets")
def _subnets(given: Given, facts: Facts) -> Iterator[Wrong]:
    known = _known(facts.subnets)
    for subnet in dict.fromkeys([*given.entries("SubnetIds"), *given.endpoint_subnets]):
        if subnet not in known:
            yield Wrong(
                f"{subnet} does not exist in {facts.region} and is not shared with account {facts.account}",
                "the functions and endpoints need a subnet.",
                f"SubnetIds=<some of `aws ec2 describe-subnets --filters Name=vpc-id,Values={given['VpcId']}`>",
            )
        elif known[subnet].vpc != given["VpcId"]:
            yield Wrong(
                f"{subnet} is in {known[subnet].vpc}",
                f"security groups of {given['VpcId']} cannot be used there.",
                f"SubnetIds=<some of `aws ec2 describe-subnets --filters Name=vpc-id,Values={given['VpcId']}`>",
            )


@_check("zones")
def _zones(given: Given, facts: Facts) -> Iterator[Wrong]:
    known = _all_subnets(given, facts)
    for name, ids in ((name, given.entries(name)) for name in ("SubnetIds", "EndpointSubnetIds")):
        zones = {known[each].zone for each in ids}
        if len(zones) == 1:
            yield Wrong(
                f"all subnets of {name} are in {min(zones)}",
                "an outage of that zone stops everything in them.",
                f"{name}=<subnets of two zones or more>",
            )


@_check("endpoint subnets")
def _endpoint_zones(given: Given, facts: Facts) -> Iterator[Wrong]:
    interfaces = [switch for switch in ENDPOINTS if switch not in GATEWAYS and given.creates(switch)]
    if not interfaces:
        return
    known = _all_subnets(given, facts)
    counted = Counter(known[each].zone for each in given.endpoint_subnets)
    for zone in sorted(zone for zone, count in counted.items() if count > 1):
        inside = [each for each in given.endpoint_subnets if known[each].zone == zone]
        # https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
        yield Wrong(
            f"{' and '.join(inside)} are in {zone}",
            "an interface endpoint takes one subnet per zone.",
            f"EndpointSubnetIds={','.join(_one_a_zone(given, known))}",
        )


def _one_a_zone(given: Given, known: Mapping[str, Subnet]) -> list[str]:
    first: dict[str, str] = {}
    for each in given.endpoint_subnets:
        first.setdefault(known[each].zone, each)
    return list(first.values())


@_check("route tables")
def _route_tables(given: Given, facts: Facts) -> Iterator[Wrong]:
    known = _known(facts.route_tables)
    for table in given.entries("RouteTableIds"):
        if known.get(table) != given["VpcId"]:
            yield Wrong(
                f"{table} {f'belongs to {known[table]}' if table in known else f'does not exist in {facts.region}'}",
                "a gateway endpoint accepts only route tables of its own VPC.",
                "RouteTableIds=<those of the subnets>",
            )


# ------------------------------------------------------------------------------------------------------- endpoints ----


@_check("gateway endpoints")
def _gateways(given: Given, facts: Facts) -> Iterator[Wrong]:
    _there(facts)
    endpoints, subnets = _known(facts.endpoints), _all_subnets(given, facts)
    used = {each: subnets[each].route_table for each in given.entries("SubnetIds")}
    needed = set(filter(None, used.values()))
    for switch in GATEWAYS:
        service = ENDPOINTS[switch]
        there = [each for each in endpoints if each.service == service and each.type == "Gateway"]
        others = [each for each in there if not _is_own(each, facts)]
        taken = {table for each in others for table in each.route_tables}
        made = set(given.entries("RouteTableIds")) if given.creates(switch) else set()
        for endpoint in others:
            # https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
            if common := sorted(made & set(endpoint.route_tables)):
                yield Wrong(
                    f"{switch} is true, but {endpoint.id} already routes {', '.join(common)} to {service}",
                    "a route table takes one gateway endpoint per service.",
                    f"{switch}=false",
                )
        unrouted = sorted(needed - made - taken)
        if unrouted and not given.creates(switch):
            yield from _absent(given, facts, f"{', '.join(unrouted)} have no gateway endpoint for {service}", switch)
        elif unrouted:
            yield Wrong(
                f"{', '.join(unrouted)}, used by SubnetIds, are missing in RouteTableIds",
                f"functions there cannot reach {service}.",
                f"RouteTableIds={','.join(sorted(made | set(unrouted)))}",
            )
    if unseen := [subnet for subnet, table in used.items() if not table]:
        raise _OpenError(NotAnswered("ec2:DescribeRouteTables", f"no route table found for {', '.join(unseen)}"))


@_check("interface endpoints")
def _interfaces(given: Given, facts: Facts) -> Iterator[Wrong]:
    _there(facts)
    endpoints = _known(facts.endpoints)
    for switch, service in ENDPOINTS.items():
        if switch in GATEWAYS:
            continue
        named = [each for each in endpoints if each.service == service and each.private_names]
        others = [each for each in named if not _is_own(each, facts)]
        if given.creates(switch) and others:
            yield Wrong(
                f"{switch} is true, but {others[0].id} already provides private DNS for {service}",
                "a second endpoint with private DNS fails.",
                f"{switch}=false",
            )
        elif service == "sqs" and not given.creates(switch) and not others:
            yield from _absent(given, facts, "the VPC has no sqs endpoint with private DNS", switch)


def _absent(given: Given, facts: Facts, what: str, switch: str) -> Iterator[Wrong]:
    if _is_shared(given, facts):
        # AWS does not document which of the owner's endpoints a participant sees.
        raise _OpenError(NotAnswered("ec2:DescribeVpcEndpoints", f"{what}, as far as a participant can see"))
    yield Wrong(what, "the functions' calls would time out.", f"{switch}=true")


def _is_own(endpoint: Endpoint, facts: Facts) -> bool:
    stack = _known(facts.stack)
    return stack is not None and endpoint.id in stack.owns


def _is_shared(given: Given, facts: Facts) -> bool:
    vpc = facts.vpc
    owner = vpc.owner if isinstance(vpc, Vpc) else given["VpcOwnerAccountId"]
    return owner not in ("", facts.account)


@_check("prefix lists")
def _prefix_lists(given: Given, facts: Facts) -> Iterator[Wrong]:
    known = _known(facts.prefix_lists)
    for name, service in (("S3PrefixListId", "s3"), ("DynamoDBPrefixListId", "dynamodb")):
        wanted = f"com.amazonaws.{facts.region}.{service}"
        right = next((each for each, called in known.items() if called == wanted), "")
        if known.get(given[name]) != wanted:
            yield Wrong(
                f"{name} is {given[name]}, which is {known.get(given[name], f'unknown in {facts.region}')}",
                f"the functions can reach {service} only through {wanted}.",
                f"{name}={right or f'<id of {wanted}>'}",
            )


# ----------------------------------------------------------------------------------------------- quotas and stores ----


@_check("Lambda concurrency")
def _concurrency(given: Given, facts: Facts) -> Iterator[Wrong]:
    known = _known(facts.concurrency)
    shards, validators = int(given["ShardCount"]), int(given["ValidationConcurrency"])
    if given["ReserveConcurrency"] == "true":
        needed = given.consumer_concurrency + validators
        spare = known.unreserved + known.own - ALWAYS_UNRESERVED
        if needed > spare:
            # Some of it may be the stack's own.
            _known(facts.stack)
            yield Wrong(
                f"{needed} executions must be reserved, but only {max(spare, 0)} can be (account limit {known.limit})",
                f"Lambda keeps {ALWAYS_UNRESERVED} unreserved in every account.",
                "ReserveConcurrency=false, or request a higher quota",
            )
    elif shards + validators > known.limit:
        yield Wrong(
            f"{shards} shards and {validators} validators need {shards + validators} of {known.limit} executions",
            "batches and objects would be throttled.",
            _fitting(known),
        )


def _fitting(known: Concurrency) -> str:
    half = max(known.limit // 2, 1)
    return f"ShardCount=<{half} or less> ValidationConcurrency={max(known.limit - half - 1, _VALIDATORS_AT_LEAST)}"


@_check("shard limit")
def _shards(given: Given, facts: Facts) -> Iterator[Wrong]:
    known = _known(facts.shards)
    wanted = int(given["ShardCount"])
    spare = known.limit - known.open + known.own
    if wanted > spare:
        # As above.
        _known(facts.stack)
        yield Wrong(
            f"ShardCount is {wanted}, but only {spare} more can be open (account limit {known.limit})",
            "Kinesis rejects the stream.",
            f"ShardCount=<{spare} or less>, or request a higher quota",
        )


@_check("artifact bucket")
def _artifacts(given: Given, facts: Facts) -> Iterator[Wrong]:
    bucket = _known(facts.artifact_bucket)
    name = given["ArtifactBucketName"]
    if bucket is None:
        yield Wrong(f"{name} does not exist", "the code is uploaded there.", f"aws s3api create-bucket --bucket {name}")
        return
    if bucket.region != facts.region:
        why = f"Lambda accepts code only from {facts.region}."
        yield Wrong(f"{name} is in {bucket.region}", why, "ArtifactBucketName=<another>")
    if bucket.algorithm != "AES256":
        yield Wrong(
            f"{name} encrypts with {bucket.algorithm}",
            "the job's role can use only the pipeline's key, so Glue could not read the script.",
            f"aws s3api put-bucket-encryption --bucket {name}, with SSEAlgorithm AES256",
        )


@_check("alert queue")
def _alert_queue(given: Given, facts: Facts) -> Iterator[Wrong]:
    if not given["AlertQueueArn"]:
        return
    _, partition, _, region, account, *_ = given["AlertQueueArn"].split(":")
    if (partition, region, account) != (facts.partition, facts.region, facts.account):
        yield Wrong(
            f"AlertQueueArn is in account {account}, {region}",
            f"the topics are in account {facts.account}, {facts.region}.",
            f"AlertQueueArn=arn:{facts.partition}:sqs:{facts.region}:{facts.account}:<name>",
        )


@_check("existing key")
def _key(given: Given, facts: Facts) -> Iterator[Wrong]:
    arn = given["ExistingKeyArn"]
    if not arn:
        return
    if (region := arn.split(":")[3]) != facts.region:
        yield Wrong(f"{arn} is in {region}", "a key works in its Region only.", f"ExistingKeyArn=<of {facts.region}>")
        return
    key = _known(facts.key)
    if key is None:
        yield Wrong(f"{arn} does not exist", "nothing can be encrypted with it.", "ExistingKeyArn=")
    elif key.state != "Enabled":
        yield Wrong(f"{arn} is {key.state}", "nothing can be encrypted with it.", f"aws kms enable-key --key-id {arn}")
    elif (key.usage, key.spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
        yield Wrong(f"{arn} is {key.spec} for {key.usage}", "it has to be symmetric.", "ExistingKeyArn=<another>")


@_check("rotation of the key")
def _rotation(given: Given, facts: Facts) -> Iterator[Wrong]:
    if given["ExistingKeyArn"] and _known(facts.key) is None:
        raise _WaitsError("existing key")
    if given["ExistingKeyArn"] and not _known(facts.rotation):
        yield Wrong(
            f"{given['ExistingKeyArn']} is not rotated",
            "the template's own key is rotated every year.",
            f"aws kms enable-key-rotation --key-id {given['ExistingKeyArn']}",
        )
