"""Facts about the account. Data only: `asking` collects them, `checks` evaluates them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class NotAnswered:
    """A call that AWS denied or rejected: what it asked is unknown, and must not count as passed."""

    #: As IAM writes it, `ec2:DescribeVpcs`.
    action: str
    why: str


Fact = TypeVar("Fact")


@dataclass(frozen=True)
class Vpc:
    """A VPC, as its owner or a participant account sees it."""

    owner: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Subnet:
    """A subnet and its route table; empty if none was found."""

    vpc: str
    zone: str
    route_table: str = ""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the VPC. `service` is the last part of its name: `sqs`, `kinesis-streams`."""

    id: str
    service: str
    type: str
    private_names: bool = False
    route_tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bucket:
    """The artifact bucket: its Region and default encryption."""

    region: str
    algorithm: str


@dataclass(frozen=True)
class Key:
    """A KMS key's properties that the pipeline depends on."""

    state: str
    usage: str
    spec: str


@dataclass(frozen=True)
class Concurrency:
    """Lambda concurrency: the account's limit, the unreserved rest, and this stack's reservation."""

    limit: int
    unreserved: int
    own: int = 0


@dataclass(frozen=True)
class Shards:
    """Kinesis shards: the account's limit in the Region, open shards, and this stack's among them."""

    limit: int
    open: int
    own: int = 0


@dataclass(frozen=True)
class Stack:
    """The stack: its status, parameters, and physical ids of its resources."""

    status: str
    parameters: Mapping[str, str]
    owns: frozenset[str]


@dataclass(frozen=True)
class Named:
    """A named resource of the template. `retained` ones outlive their stack."""

    type: str
    name: str
    retained: bool


@dataclass(frozen=True)
class Facts:
    """All facts. None means that it does not exist; NotAnswered that it is unknown."""

    account: str
    region: str
    partition: str
    stack: Stack | NotAnswered | None
    vpc: Vpc | NotAnswered | None
    dns_support: bool | NotAnswered
    dns_host_names: bool | NotAnswered
    #: By id; missing ones are absent.
    subnets: Mapping[str, Subnet] | NotAnswered
    #: Of RouteTableIds: id -> VPC.
    route_tables: Mapping[str, str] | NotAnswered
    endpoints: tuple[Endpoint, ...] | NotAnswered
    #: Managed prefix lists: id -> name.
    prefix_lists: Mapping[str, str] | NotAnswered
    concurrency: Concurrency | NotAnswered
    shards: Shards | NotAnswered
    artifact_bucket: Bucket | NotAnswered | None
    #: Only asked with an ExistingKeyArn.
    key: Key | NotAnswered | None
    rotation: bool | NotAnswered
    #: Whether each of the template's names is taken outside this stack.
    taken: Mapping[Named, bool | NotAnswered]
