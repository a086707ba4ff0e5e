"""CKV_FDP_4  query_results_use_a_customer_key

Why       The result of a query is a copy of the data it read, and it stays. If results are not
          under our key, an analyst's SELECT * copies a licensed feed out of its protection.
Targets   AWS::Athena::WorkGroup
"""

from collections.abc import Iterator
from typing import Any

from harness.render.resources import at
from rules.checkov._base import EncryptionCheck, is_key_arn, properties

_STEPS = ("WorkGroupConfiguration", "ResultConfiguration", "EncryptionConfiguration")
_WITH_A_KEY = ("CSE_KMS", "SSE_KMS")


class QueryResultsUseACustomerKey(EncryptionCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_4",
            "query_results_use_a_customer_key",
            "Ensure that an Athena workgroup encrypts query results with a customer's key.",
            "set EncryptionOption to SSE_KMS or CSE_KMS and KmsKey to the key's ARN.",
            ["AWS::Athena::WorkGroup"],
        )

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What keeps results from being under a key."""
        encryption = at(properties(conf), *_STEPS)
        path = "/".join(("Properties", *_STEPS))
        if at(encryption, "EncryptionOption") not in _WITH_A_KEY:
            yield f"{path}/EncryptionOption", "results are not encrypted through KMS."
        elif not is_key_arn(at(encryption, "KmsKey")):
            yield f"{path}/KmsKey", "results are not encrypted with a key of ours."


check = QueryResultsUseACustomerKey()
