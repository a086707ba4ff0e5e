"""Which intent a rule serves: its folder says so, and the number of Checkov's policies, which have one folder."""

from __future__ import annotations

from collections.abc import Iterable

from harness.rules.catalogue import CHECKOV, Rule

#: Checkov's policies are about encryption and least privilege; those about encryption come first.
LAST_ENCRYPTION_POLICY = 4


def intents(rules: Iterable[Rule]) -> dict[str, str]:
    """Slug -> intent."""
    return {rule.slug: _intent(rule) for rule in rules}


def _intent(rule: Rule) -> str:
    if rule.engine != CHECKOV:
        return rule.intent
    return "encryption" if int(rule.id.rpartition("_")[2]) <= LAST_ENCRYPTION_POLICY else "access"
