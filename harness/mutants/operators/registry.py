"""What operators have in common: how they are found, and how they say what they changed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from harness.mutants.mutation import Mutation, changed
from harness.render.source import Place

Template = Mapping[str, Any]
Operator = Callable[[Template], Iterator[Mutation]]
OPERATORS: dict[str, Operator] = {}

ALARM = "AWS::CloudWatch::Alarm"
ROLE = "AWS::IAM::Role"
ENDPOINT = "AWS::EC2::VPCEndpoint"
NO_VALUE = {"Ref": "AWS::NoValue"}
FOREIGN_KEY = "arn:aws:kms:us-east-1:999999999999:key/00000000-0000-4000-8000-999999999999"
#: Keys whose property switches something on or says who is told: removed by the operators named for that.
DESTINATIONS = frozenset(
    {
        "AlarmActions", "DeadLetterConfig", "DestinationConfig", "LoggingConfig", "LoggingConfiguration",
        "NotificationConfiguration", "RedrivePolicy", "ReplicationConfiguration", "Subscription", "Targets",
        "Actions", "ResultConfiguration", "MetricsConfig",
    }
)  # fmt: skip
RETENTIONS = frozenset(
    {
        "Days", "DaysAfterInitiation", "ExpirationInDays", "MessageRetentionPeriod", "NoncurrentDays",
        "RetentionInDays", "RetentionPeriodHours", "TransitionInDays",
    }
)  # fmt: skip


class Edit(NamedTuple):
    """What an operator does: `value` (or ABSENT) at `place`, which is in `resource`; `change` says it in words."""

    resource: str
    place: Place
    value: Any
    change: str


Edits = Callable[[Template], Iterator[Edit]]


def operator(edits: Edits) -> Edits:
    """Register an operator under its function's name."""
    return registered(OPERATORS, edits)


def registered(operators: dict[str, Operator], edits: Edits) -> Edits:
    """Register an operator among `operators` under its function's name."""

    def mutations(template: Template) -> Iterator[Mutation]:
        for edit in edits(template):
            mutated = changed(template, edit.place, edit.value)
            yield Mutation(edits.__name__, edit.resource, edit.place, edit.change, mutated)

    operators[edits.__name__] = mutations
    return edits


def type_of(template: Template, resource: str) -> str:
    """The type of a resource."""
    return str(template["Resources"][resource]["Type"])
