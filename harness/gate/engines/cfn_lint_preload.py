"""Loads cfn-lint's rules. Imported by the process that cfn-lint's processes are forked from."""

import gc

from harness.gate.engines.cfn_lint_rules import Kind, rules_of

for _kind in Kind:
    rules_of(_kind)
# What is loaded stays as it is: collecting garbage would copy its memory into each process.
gc.collect()
gc.freeze()
