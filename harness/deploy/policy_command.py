"""`python -m harness stack-policy`: the stack policy that the template asks for."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.cli import Parser
from harness.deploy.protection import STACK_POLICY, stack_policy
from harness.deploy.stack import TEMPLATE, DeployError


def main(argv: list[str]) -> int:
    """Print the policy, or write it beside the template; 1 for a name that the template does not retain."""
    parser = Parser(
        prog="stack-policy",
        description="Print the stack policy that refuses to replace or remove what the template retains.",
    )
    parser.add_argument("--write", action="store_true", help=f"write {STACK_POLICY.name} beside the template")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="LOGICAL_ID",
        help="leave this resource unprotected: for one update that replaces or removes it on purpose",
    )
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="another template, of an earlier release say")
    options = parser.parse_args(argv)
    if options.write and (options.without or options.template != TEMPLATE):
        parser.error("--write goes alone: what is kept beside the template is the template's whole policy")
    try:
        policy = stack_policy(options.template.read_text(), options.without)
    except (DeployError, OSError) as error:
        print(f"stack-policy: {error}", file=sys.stderr)
        return 1
    if options.write:
        STACK_POLICY.write_text(policy)
    else:
        sys.stdout.write(policy)
    return 0
