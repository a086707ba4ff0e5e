"""`python -m harness COMMAND`: dispatches to each command's `main`, which parses its options."""

import sys
from importlib import import_module

#: Subcommand -> module with `main(argv) -> int`, and its description. Imported on use: packaging needs no dependencies.
COMMANDS = {
    "pipeline": ("harness.pipeline.command", "deploy on an emulated AWS, replay market data, account for every record"),
    "package": ("harness.packaging.command", "build the zips and the script the template points at"),
    "gate": ("harness.gate.command", "judge a template in every scenario with every engine"),
    "access": ("harness.access.command", "who can touch what, held to rules/access.yaml or to another version"),
    "cases": ("harness.catalogue.command", "expand the rules' cases for the engines' own test commands; count them"),
    "rules": ("harness.pages.command", "check rules/README.md and rules/proof.csv against the rules and reports"),
    "mutants": ("harness.mutants.command", "break the template everywhere, and report which rules catch it"),
    "policy-mutants": (
        "harness.mutants.policies.command",
        "break each statement of each policy, and report what access alone does not notice",
    ),
    "preflight": ("harness.preflight.command", "report what would make a deployment fail, before anything is created"),
    "deploy": ("harness.deploy.command", "package and deploy the template through the AWS CLI"),
    "import-template": (
        "harness.deploy.import_command",
        "write the files for importing a deleted stack's retained resources",
    ),
    "deployer-policy": (
        "harness.deployer.command",
        "write the deployer's IAM policies, or check that docs/deployer-policy.json is current",
    ),
    "stack-policy": ("harness.deploy.policy_command", "print the stack policy for what the template retains"),
    "replay": ("harness.replay.__main__", "convert captures to the contract's NDJSON, or generate a feed"),
    "costs": ("harness.costs.command", "what the template costs a month at three loads"),
    "faults": (
        "harness.faults.command",
        "run the functions and the job on a simulated AWS that fails, and check that nothing is lost",
    ),
    "quarantine": ("harness.quarantine.command", "show rejected records: counts, reasons and samples"),
}


def main(argv: list[str]) -> int:
    """Run the subcommand `argv[0]`; return 2 if there is none."""
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
        # For commands without their own handling. 128 + the signal's number.
        sys.exit(130)
