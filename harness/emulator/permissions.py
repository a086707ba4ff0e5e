"""The permission check: which permissions do AWS services need that the deployed roles and keys do not grant?

The emulator denies unauthorized calls of the functions themselves. It does not check what services do with a role or
a key, so this module checks that, from the deployed policies, before any record is put on the stream.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.emulator.deployment import Clients, Deployment
from harness.emulator.policies import role_may, service_may
from harness.emulator.service_calls import all_calls
from harness.emulator.service_calls.call import ServiceCall


@dataclass(frozen=True, order=True)
class MissingGrant:
    """A missing permission. `role` is the service's name if the service acts in its own name."""

    role: str
    action: str
    resource: str
    why: str

    def __str__(self) -> str:
        return f"{self.role} may not {self.action} on {self.resource} ({self.why})"


def missing_grants(clients: Clients, *, region: str, account: str) -> list[MissingGrant]:
    """All missing permissions of the deployment, once per role, action and resource."""
    return judge(all_calls(Deployment(clients, region, account)))


def judge(calls: Iterable[ServiceCall]) -> list[MissingGrant]:
    """The missing permissions for these calls."""
    missing: dict[tuple[str, str, str], MissingGrant] = {}
    for call in calls:
        if not _allowed(call):
            name = call.role.name if call.role is not None else call.service
            grant = MissingGrant(name, call.request.action, call.request.resource, call.why)
            missing.setdefault((grant.role, grant.action, grant.resource), grant)
    return sorted(missing.values())


def _allowed(call: ServiceCall) -> bool:
    if call.role is None:
        return service_may(call.service, call.request, call.policy)
    return role_may(call.role, call.request, call.policy, required=call.policy_decides)
