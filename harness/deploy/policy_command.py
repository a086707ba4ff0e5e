"""`python -m harness stack-policy`: the stack policy for the template."""

from pathlib import Path

from harness.cli import Parser, complain, put
from harness.deploy.protection import STACK_POLICY, stack_policy
from harness.deploy.stack import TEMPLATE, DeployError
from harness.render.errors import UnreadableTemplate
from harness.render.source import read

PROGRAM = "stack-policy"
NOT_RETAINED, UNUSABLE = 1, 2


def main(argv: list[str]) -> int:
    """Print the policy, or write it beside the template.

    Returns 1 for a name that the template does not retain; 2 for a bad option, an unreadable template, or a closed
    standard output.
    """
    parser = Parser(
        prog=PROGRAM,
        description="Print the stack policy that denies replacing or removing the resources that the template retains.",
    )
    parser.add_argument("--write", action="store_true", help=f"write {STACK_POLICY.name} beside the template")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="LOGICAL_ID",
        help="leave this resource unprotected: for one update that replaces or removes it on purpose",
    )
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="another template, as of an earlier release")
    options = parser.parse_args(argv)
    if options.write and (options.without or options.template != TEMPLATE):
        parser.error("--write takes no other option: the file beside the template holds the full policy")
    try:
        policy = stack_policy(read(options.template), options.without)
        if options.write:
            STACK_POLICY.write_text(policy)
    except DeployError as error:
        complain(PROGRAM, error)
        return NOT_RETAINED
    except (OSError, UnreadableTemplate) as error:
        complain(PROGRAM, error)
        return UNUSABLE
    return 0 if options.write or put(PROGRAM, policy) else UNUSABLE
