"""CKV_FDP_12  metrics_are_published_to_one_namespace

Why       Alarms trust the metrics. A role that may publish to any namespace can write a zero over
          the count of rejected records or dead letters, and nobody is called while data is lost.
Targets   AWS::IAM::Role, AWS::IAM::ManagedPolicy, AWS::IAM::Policy, AWS::IAM::RolePolicy
"""

from collections.abc import Iterator
from typing import Any

from rules.checkov._base import GrantCheck, is_name
from rules.lib.iam import Statement


class MetricsArePublishedToOneNamespace(GrantCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_12",
            "metrics_are_published_to_one_namespace",
            "Ensure that a role publishes metrics to one namespace only.",
            "add the condition StringEquals cloudwatch:namespace with one name.",
        )

    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """Grants to publish without a namespace."""
        if not statement.touches("cloudwatch:PutMetricData"):
            return
        names = statement.condition("StringEquals", "cloudwatch:namespace")
        # In StringEquals a star is only a star: no namespace is called that, and nothing would be published.
        if len(names) != 1 or not is_name(names[0]) or set("*?") & set(names[0]):
            yield f"metrics can be published to {len(names) or 'all'} namespaces."


check = MetricsArePublishedToOneNamespace()
