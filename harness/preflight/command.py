"""`python -m harness preflight`: its options, its output and its exit code."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError

from harness.cli import Parser, complain, put
from harness.deploy.stack import STACK_NAME, DeployError
from harness.preflight.asking import Asker, CannotAskError, Session
from harness.preflight.checks import CHECKS, Finding, findings
from harness.preflight.facts import NotAnswered, Stack
from harness.preflight.given import complete, missing, read

PROGRAM = "preflight"
FOUND, CANNOT_ASK = 1, 2


def main(argv: list[str]) -> int:
    """Report what would fail.

    Return 0 for no findings, 1 for findings (including checks not evaluated), 2 if AWS or the output is unavailable.
    """
    parser = Parser(
        prog=PROGRAM,
        description="Report what would make a deployment with these parameters fail. Reads only, in the account of the "
        "AWS_* variables. Exit code 0: no findings; 1: findings; 2: AWS not reached.",
    )
    parser.add_argument("--parameters", type=Path, required=True, help="the parameter file to deploy with")
    parser.add_argument("--stack-name", default=STACK_NAME, help=f"default: {STACK_NAME}")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(argv)
    try:
        found = ask(boto3.Session(), options.parameters, options.stack_name)
    except (BotoCoreError, CannotAskError, DeployError, OSError) as error:
        complain(PROGRAM, error)
        return CANNOT_ASK
    if not put(PROGRAM, (as_json(found) if options.json else as_table(found)) + "\n"):
        return CANNOT_ASK
    return FOUND if found else 0


def ask(session: Session, parameters: Path, stack_name: str) -> list[Finding]:
    """The findings for a parameter file. Raises CannotAskError or DeployError."""
    values, template = read(parameters)
    asker = Asker(session, stack_name)
    stack = asker.stack()
    before = stack.parameters if isinstance(stack, Stack) else {}
    given = complete(values, template, {name: each for name, each in before.items() if name in template["Parameters"]})
    if absent := missing(given):
        unseen = f"; {stack.action} failed, so the stack may have it" if isinstance(stack, NotAnswered) else ""
        raise DeployError(f"{parameters}: no value for {', '.join(absent)}, which have no default{unseen}")
    return findings(given, asker.facts(given, stack))


def as_table(found: Sequence[Finding]) -> str:
    """One line per passed check and per finding, and the totals."""
    width = max(map(len, CHECKS))
    rows = []
    for name in CHECKS:
        of_check = [each for each in found if each.check == name]
        rows += [f"{_state(each):<13}  {name:<{width}}  {_line(each)}" for each in of_check]
        rows += [] if of_check else [f"{'ok':<13}  {name}"]
    open_ = sum(not each.evaluated for each in found)
    wrong = len(found) - open_
    return "\n".join([*rows, f"preflight: {wrong} to fix, {open_} not evaluated, {len(CHECKS)} checks"])


def as_json(found: Sequence[Finding]) -> str:
    """The same for a program."""
    return json.dumps({"checks": list(CHECKS), "findings": [asdict(each) for each in found]}, indent=2)


def _line(finding: Finding) -> str:
    # A value may contain line ends.
    return " ".join(f"{finding.what}: {finding.why} -> {finding.fix}".split())


def _state(finding: Finding) -> str:
    return "WRONG" if finding.evaluated else "not evaluated"
