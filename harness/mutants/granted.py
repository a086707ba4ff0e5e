"""Mutants that no rule kills and `access` does.

They grant what rules/access.yaml does not mean, or take away what it does.
"""

from harness.access.compare import Known
from harness.access.judge import in_scenario
from harness.access.refused import Refused
from harness.access.table import Table
from harness.mutants.judge import Mutant
from harness.mutants.reach import Changed, Reach

ACCESS = "access"


class Granted:
    """Holds mutants to the table. Most policies are as in the template: what was compared of those is kept."""

    def __init__(self, reach: Reach, table: Table) -> None:
        self._reach, self._table, self._known = reach, table, Known()

    def notices(self, mutant: Mutant) -> bool:
        """Whether some changed scenario differs from the table, or has a policy that is not evaluated."""
        return any(map(self._differs, mutant.changed))

    def _differs(self, changed: Changed) -> bool:
        meant = self._table.meant(self._reach.scenarios[changed.scenario].rendering)
        try:
            return bool(in_scenario(self._reach.stack(changed), meant, self._known).differences)
        except Refused:
            return True
