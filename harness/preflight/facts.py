"""What AWS said before a deployment. Data only: `asking` gets it, `checks` judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class NotAnswered:
    """A call that AWS refused, or did not understand: the question is open, and nothing may be taken for well."""

    #: As IAM writes it, `ec2:DescribeVpcs`.
    action: str
    why: str


Fact = TypeVar("Fact")


@dataclass(frozen=True)
class Vpc:
    """A VPC as its account, or one that it is shared with, sees it."""

    owner: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Subnet:
    """A subnet, and the route table that its traffic takes; empty where none was found."""

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
    """The artifact bucket: where it is, and how it encrypts by itself."""

    region: str
    algorithm: str


@dataclass(frozen=True)
class Key:
    """A KMS key, as far as a pipeline depends on it."""

    state: str
    usage: str
    spec: str


@dataclass(frozen=True)
class Concurrency:
    """Lambda's concurrent executions: the account's, what is left unreserved, and what this stack has reserved."""

    limit: int
    unreserved: int
    own: int = 0


@dataclass(frozen=True)
class Shards:
    """Kinesis shards: the account's limit in the Region, how many are open, and how many of them are this stack's."""

    limit: int
    open: int
    own: int = 0


@dataclass(frozen=True)
class Stack:
    """The stack as it stands: its status, what it was deployed with, and the physical ids of what it has."""

    status: str
    parameters: Mapping[str, str]
    owns: frozenset[str]


@dataclass(frozen=True)
class Named:
    """A resource of the template by the name that it will have. `retained` ones outlive their stack."""

    type: str
    name: str
    retained: bool


@dataclass(frozen=True)
class Facts:
    """Everything that was asked. None is "there is none"; NotAnswered is "nobody knows"."""

    account: str
    region: str
    partition: str
    stack: Stack | NotAnswered | None
    vpc: Vpc | NotAnswered | None
    dns_support: bool | NotAnswered
    dns_host_names: bool | NotAnswered
    #: By id; what is not there is missing.
    subnets: Mapping[str, Subnet] | NotAnswered
    #: Of RouteTableIds: id -> VPC.
    route_tables: Mapping[str, str] | NotAnswered
    endpoints: tuple[Endpoint, ...] | NotAnswered
    #: Managed prefix lists: id -> name.
    prefix_lists: Mapping[str, str] | NotAnswered
    concurrency: Concurrency | NotAnswered
    shards: Shards | NotAnswered
    artifact_bucket: Bucket | NotAnswered | None
    #: Not asked where no ExistingKeyArn is given.
    key: Key | NotAnswered | None
    rotation: bool | NotAnswered
    #: Names of the template that are taken, and by nobody's stack or by another one.
    taken: Mapping[Named, bool | NotAnswered]
