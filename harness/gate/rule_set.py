"""The rules of a folder, and the engines that judge with them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from harness.catalogue import catalogue
from harness.catalogue.catalogue import CHECKOV, CHECKS, GUARD, Rule
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.engines.checkov_process import Checkov
from harness.gate.engines.outcome import Engine
from harness.gate.engines.python_checks import Checks
from harness.gate.engines.watch import SECONDS

LINT = "cfn-lint"
ENGINES = (LINT, GUARD, CHECKOV, CHECKS)


class RuleSet:
    """The rules in a folder laid out like `rules/`."""

    def __init__(self, folder: Path = catalogue.RULES) -> None:
        self.folder = folder

    @cached_property
    def rules(self) -> list[Rule]:
        """Every rule, by id."""
        return catalogue.load(self.folder)

    @cached_property
    def names(self) -> Mapping[str, tuple[str, str]]:
        """(id, slug) of each rule by its engine's name for it: the id for Checkov, the slug for the others."""
        return {(rule.id if rule.engine == CHECKOV else rule.slug): (rule.id, rule.slug) for rule in self.rules}

    def of(self, engine: str) -> list[Rule]:
        """The rules of one engine."""
        return [rule for rule in self.rules if rule.engine == engine]

    @contextmanager
    def engines(
        self, names: tuple[str, ...] = ENGINES, own_checks: bool = True, silence: float = SECONDS
    ) -> Iterator[list[Engine]]:
        """The named engines; with `own_checks=False`, Checkov runs only the folder's policies.

        One that finishes nothing for `silence` seconds hangs.
        """
        with ExitStack() as stack:
            engines: list[Engine] = []
            if CHECKOV in names:
                policies = [rule.id for rule in self.of(CHECKOV)]
                engines.append(stack.enter_context(Checkov(self.folder / "checkov", policies, own_checks, silence)))
            if GUARD in names:
                engines.append(CfnGuard([rule.path for rule in self.of(GUARD)], silence))
            if LINT in names:
                # Here, because importing cfn-lint takes a second, which other engines and bad arguments need not wait.
                from harness.gate.engines.cfn_lint import CfnLint

                engines.append(stack.enter_context(CfnLint(silence)))
            if CHECKS in names:
                engines.append(Checks([rule.path for rule in self.of(CHECKS)]))
            yield engines
