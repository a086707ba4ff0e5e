"""`tox -e mutants`: break the template in every place where it matters, and ask which rule notices."""

import os
import random
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.access import table
from harness.access.command import TABLE as ACCESS_TABLE
from harness.catalogue import proof
from harness.catalogue.catalogue import RULES, BadRule, fingerprint
from harness.cli import Parser
from harness.gate.command import TEMPLATE
from harness.gate.engines.errors import EngineError
from harness.gate.rule_set import RuleSet
from harness.mutants import harmless
from harness.mutants.cache import cached_mutants
from harness.mutants.harmless import BadHarmless
from harness.mutants.judge import SHARES, MutantJudge
from harness.mutants.operators import OPERATORS
from harness.mutants.policies.judging import judge as ask_access
from harness.mutants.report import Result
from harness.mutants.sample import sample
from harness.progress import shown
from harness.render.dumping import as_indented_json
from harness.render.errors import TemplateError
from harness.render.source import Source, read

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "build" / "mutants" / "report.json"
#: Each mutant with its killers, for whoever wants to know about one.
MUTANTS = REPORT.with_name("mutants.json")
NO_SURVIVOR, SURVIVORS, COULD_NOT_JUDGE = 0, 1, 2
#: How many mutants are judged a second time, whole: of all, and of a sample.
RECHECKED, RECHECKED_OF_SAMPLE = 15, 8
SHOWN = 40
#: What kills a mutant that no rule kills, and that access notices.
ACCESS = "access"


def main(argv: list[str]) -> int:
    """Judge every mutant and write build/mutants/report.json; 0 when each is refused, 1 if not, 2 if none can be."""
    parser = Parser(
        prog="mutants",
        description="Break this project's template in every place where it matters, and ask which rule notices. "
        "Writes build/mutants/report.json.",
        epilog="Exit codes: 0 every mutant is refused and every rule is needed, 1 not so, 2 could not judge.",
    )
    parser.add_argument("--rules", type=Path, default=RULES, metavar="FOLDER", help="a folder laid out like rules/")
    parser.add_argument(
        "--recheck",
        type=int,
        metavar="N",
        help=f"judge N mutants whole (default: {RECHECKED}, of a sample {RECHECKED_OF_SAMPLE})",
    )
    parser.add_argument(
        "--sample",
        type=int,
        default=os.environ.get("MUTANTS_SAMPLE") or "0",
        metavar="N",
        help="judge N of them, with every rule and operator, and leave cfn-lint and Checkov's own checks out (default: "
        "MUTANTS_SAMPLE, or all)",
    )
    parser.add_argument("--seed", type=int, help="of these choices (default: another each time)")
    options = parser.parse_args(argv)
    if options.recheck is None:
        options.recheck = RECHECKED_OF_SAMPLE if options.sample else RECHECKED
    for stale in (REPORT, MUTANTS):
        stale.unlink(missing_ok=True)
    started = time.monotonic()
    try:
        rule_set = RuleSet(options.rules)
        source = read(TEMPLATE)
        seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
        result, problems = _run(source, rule_set, options.recheck, options.sample, seed)
        fingerprinted = fingerprint(options.rules)
    except (TemplateError, EngineError, BadRule, BadHarmless, table.BadTable, OSError) as error:
        print(f"mutants: {' '.join(str(error).split())}", file=sys.stderr)
        return COULD_NOT_JUDGE
    seconds = time.monotonic() - started
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(as_indented_json(result.as_dict(source.sha256, fingerprinted, seconds, options.recheck)))
    MUTANTS.write_text(as_indented_json(result.every_mutant()))
    _show(result, problems, seconds, seed)
    return SURVIVORS if problems else NO_SURVIVOR


def _run(source: Source, rule_set: RuleSet, rechecked: int, size: int, seed: int) -> tuple[Result, list[str]]:
    cached = cached_mutants(source)
    reviewed = harmless.load(rule_set.folder / "harmless.yaml")
    mutants = cached.mutants
    if size:
        only = {slug: each.killed_only_by_it for slug, each in proof.read(rule_set.folder / "proof.csv").items()}
        mutants = sample(mutants, size, seed, rule_set.rules, only, reviewed)
    judge = MutantJudge(cached.reach, rule_set)
    chosen = random.Random(seed).sample(range(len(mutants)), min(rechecked, len(mutants)))
    everything = len(mutants) == len(cached.mutants)
    with shown("mutants", f"shares of {len(mutants):,} mutants judged (seed {seed})", SHARES) as progress:
        again = judge.judge(mutants, everything, chosen, progress)
    result = Result(mutants, reviewed, rule_set.rules, tuple(OPERATORS), cached.mutants)
    disagreements = []
    for mutant, refusals in zip((mutants[index] for index in chosen), again, strict=True):
        if refusals != mutant.killers:
            differing = ", ".join(sorted(refusals ^ mutant.killers))
            disagreements.append(f"judged whole (seed {seed}), {mutant.mutation.name} differs: {differing}")
    # Only what no rule kills, so that what a rule kills alone is counted without access.
    if left := result.survivors:
        for mutant, found in zip(
            left, ask_access(left, cached.reach, table.read(ACCESS_TABLE, source.template)), strict=True
        ):
            mutant.killers |= {ACCESS} if found else set()
    return result, [*result.problems(), *disagreements]


def _show(result: Result, problems: list[str], seconds: float, seed: int) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    rows = Table("intent", "rules", "mutants killed", "by no other intent", title_justify="left")
    for column in rows.columns[1:]:
        column.justify = "right"
    for intent, counts in result.by_intent().items():
        rows.add_row(intent, *(f"{counts[key]:,}" for key in ("rules", "killed", "alone")))
    console.print(rows)
    rows = Table("operator", "mutants", "killed", "harmless")
    for column in rows.columns[1:]:
        column.justify = "right"
    for operator, counts in result.by_operator().items():
        rows.add_row(operator, *(f"{counts[key]:,}" for key in ("total", "killed", "harmless")))
    console.print(rows)
    for problem in problems[:SHOWN]:
        console.print(problem, style="red", soft_wrap=True, markup=False)
    if len(problems) > SHOWN:
        console.print(f"... and {len(problems) - SHOWN} more", style="red")
    made = "" if len(result.mutants) == len(result.made) else f" of {len(result.made):,} (seed {seed})"
    counted = f"{len(result.mutants):,} mutants{made}: {len(result.killed):,} killed, {len(result.survivors)} survived"
    console.print(f"{counted}, {len(result.excused)} harmless; {len(result.rules)} rules; {seconds:.0f} s")
