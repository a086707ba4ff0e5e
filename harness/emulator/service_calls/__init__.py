"""The calls that AWS services make with a role, or in their own name, which the emulator does not authorize.

Lambda polls streams and queues and writes logs with the function's role, S3 replicates with a role and notifies in its
own name, and every encrypted store calls KMS. This package lists those calls, in three parts; `permissions` decides
which of them are denied.
"""

from collections.abc import Iterator

from harness.emulator.deployment import Deployment
from harness.emulator.service_calls.alerts import Alerts
from harness.emulator.service_calls.call import ServiceCall
from harness.emulator.service_calls.compute import Compute
from harness.emulator.service_calls.storage import Storage


def all_calls(deployment: Deployment) -> Iterator[ServiceCall]:
    """Every call that AWS services would make for this deployment."""
    for part in (Compute, Storage, Alerts):
        yield from part(deployment).calls()
