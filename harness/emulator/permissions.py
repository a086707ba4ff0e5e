"""The permission check: which right does AWS ask for that the deployed roles and keys do not give?

The emulator refuses what the functions themselves call without a right. What services do with a function's role, or
with a key, it does unasked; so that is judged here, from what is deployed, before any record is put on the stream.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.emulator.deployment import Clients, Deployment
from harness.emulator.policies import role_may, service_may
from harness.emulator.service_calls import all_calls
from harness.emulator.service_calls.call import ServiceCall


@dataclass(frozen=True, order=True)
class MissingGrant:
    """A right that is needed and not given. `role` is a service's name where the service acts for itself."""

    role: str
    action: str
    resource: str
    why: str

    def __str__(self) -> str:
        return f"{self.role} may not {self.action} on {self.resource} ({self.why})"


def missing_grants(clients: Clients, *, region: str, account: str) -> list[MissingGrant]:
    """Everything missing from what is deployed, each right once per role and resource."""
    return judge(all_calls(Deployment(clients, region, account)))


def judge(calls: Iterable[ServiceCall]) -> list[MissingGrant]:
    """The calls that no policy allows."""
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
