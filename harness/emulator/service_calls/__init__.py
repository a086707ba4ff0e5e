"""What AWS's services do with a role's rights, or in their own name, that the emulator does without asking.

Lambda's poller reads streams and queues with the function's role, the logs are written with it, S3 replicates with a
role and notifies in its own name, and every encrypted store asks its key. This is the table of it, in three parts; who
lacks what is decided in `permissions`.
"""

from collections.abc import Iterator

from harness.emulator.deployment import Deployment
from harness.emulator.service_calls.alerts import Alerts
from harness.emulator.service_calls.call import ServiceCall
from harness.emulator.service_calls.compute import Compute
from harness.emulator.service_calls.storage import Storage


def all_calls(deployment: Deployment) -> Iterator[ServiceCall]:
    """Every request that AWS would make for what is deployed."""
    for part in (Compute, Storage, Alerts):
        yield from part(deployment).calls()
