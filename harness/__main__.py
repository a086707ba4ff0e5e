"""`python -m harness`: one subcommand a job; each module's own `main` reads its options."""

from __future__ import annotations

import sys
from importlib import import_module

#: Subcommand -> module with `main(argv) -> int`, and what it does. Imported on use: packaging needs no third party.
COMMANDS = {
    "pipeline": ("harness.pipeline.command", "deploy on an emulated AWS, replay market data, account for every record"),
    "package": ("harness.packaging.command", "build the zips and the script the template points at"),
    "gate": ("harness.gate.command", "judge a template in every scenario with every engine"),
    "cases": ("harness.catalogue.command", "expand the cases of the rules for the engines' own commands; count them"),
    "rules": ("harness.pages.command", "hold rules/README.md and rules/proof.csv to the rules and reports"),
    "mutants": ("harness.mutants.command", "break the template everywhere, and ask which rule notices"),
    "preflight": ("harness.preflight.command", "say what a deployment would fail on, before anything is built"),
    "deploy": ("harness.deploy.command", "package and deploy the template through the AWS CLI"),
    "import-template": (
        "harness.deploy.import_command",
        "write the files for importing what a deleted stack has left",
    ),
    "deployer-policy": (
        "harness.deployer.command",
        "write the deployer's rights as IAM policies, or say whether docs/deployer-policy.json is stale",
    ),
    "stack-policy": ("harness.deploy.policy_command", "print the stack policy for what the template retains"),
    "replay": ("harness.replay.__main__", "convert captures to the contract's NDJSON, or generate a feed"),
    "quarantine": ("harness.quarantine.command", "read what the pipeline refused: how much, why, and what it was"),
}


def main(argv: list[str]) -> int:
    """Run the subcommand named first in `argv`; 2 when there is none of that name."""
    if argv and argv[0] in COMMANDS:
        module = import_module(COMMANDS[argv[0]][0])
        result: int = module.main(argv[1:])
        return result
    wants_help = bool(argv) and argv[0] in ("-h", "--help")
    stream = sys.stdout if wants_help else sys.stderr
    if not wants_help:
        print(f"harness: {f'unknown command {argv[0]!r}' if argv else 'a command is needed'}", file=stream)
    print("usage: python -m harness COMMAND [--help]", file=stream)
    for name, (_, purpose) in COMMANDS.items():
        print(f"  {name:<16} {purpose}", file=stream)
    return 0 if wants_help else 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before a command has set up its own answer to it, or where it has none. 128 + the signal's number.
        sys.exit(130)
