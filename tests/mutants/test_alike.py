"""Of resources that are alike in all that a Guard rule can see, one is judged: the others would fare as it does."""

from harness.catalogue.catalogue import GUARD
from harness.gate.engines.cfn_guard import CfnGuard, properties_seen
from harness.gate.rule_set import RuleSet
from harness.mutants.judge import Mutant, _by_target, _SideBySide
from tests.mutants.sampling import some


def test_what_is_found_of_one_is_what_is_found_of_each(mutants: list[Mutant]):
    """Some mutants by default, all of them in the nightly profile."""
    resources = _SideBySide(some(mutants, 40))
    rules = _by_target(RuleSet().of(GUARD))
    alike, each = set(), set()
    for type_, of_type in rules.items():
        each |= {*resources.ask(CfnGuard([rule.path for rule in of_type]), type_, {})}
        for rule in of_type:
            seen = properties_seen(rule.path.read_text())
            alike |= {*resources.ask_alike(CfnGuard([rule.path]), type_, {}, seen)}

    assert each
    assert alike == each
