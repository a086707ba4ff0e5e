"""`tox -e policy-mutants`: break each statement of each policy, and ask access alone whether it notices."""

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress

from harness.access import table
from harness.access.command import TABLE
from harness.cli import Parser, complain, put
from harness.gate.command import TEMPLATE
from harness.gate.engines.errors import EngineError
from harness.mutants.cache import CACHE, cached_mutants
from harness.mutants.harmless import BadHarmless
from harness.mutants.judge import Mutant
from harness.mutants.mutation import Mutation
from harness.mutants.policies.judging import judge
from harness.mutants.policies.mutants import policy_mutants
from harness.mutants.policies.report import Judged
from harness.mutants.policies.reviewed import HARMLESS, load
from harness.progress import shown
from harness.render.dumping import as_indented_json
from harness.render.errors import TemplateError
from harness.render.source import Source, read

PROGRAM = "policy-mutants"
REPORT = CACHE.parents[1] / "policy-mutants" / "report.json"
NO_SURVIVOR, SURVIVORS, COULD_NOT_JUDGE = 0, 1, 2


def main(argv: list[str]) -> int:
    """Judge the mutants of policies; write build/policy-mutants/report.json. Returns 0, 1 (survivors) or 2."""
    parser = Parser(
        prog=PROGRAM,
        description="Break each statement of each policy in every way there is, and ask `access` alone whether it "
        "notices, all other engines switched off. Writes build/policy-mutants/report.json.",
        epilog="Exit codes: 0 access notices each, or a review in rules/harmless_policies.yaml says why it does not "
        "have to; 1 one survives, or a review is stale; 2 could not judge.",
    )
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="judge N of them (default: all)")
    parser.add_argument("--seed", type=int, help="of the sample (default: another each time)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output format (default: text)")
    options = parser.parse_args(argv)
    if options.sample < 0:
        parser.error("argument --sample: it is negative")
    seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    began = time.monotonic()
    try:
        REPORT.unlink(missing_ok=True)
        source = read(TEMPLATE)
        judged = _judged(source, options.sample, seed)
        report = as_indented_json(judged.as_dict(source.sha256, seed, time.monotonic() - began))
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(report)
    except (TemplateError, EngineError, BadHarmless, table.BadTable, OSError) as error:
        complain(PROGRAM, error)
        return COULD_NOT_JUDGE
    if not put(PROGRAM, report if options.format == "json" else _text(judged, seed, time.monotonic() - began)):
        return COULD_NOT_JUDGE
    return SURVIVORS if judged.problems else NO_SURVIVOR


def _judged(source: Source, size: int, seed: int) -> Judged:
    meant, reviewed = table.read(TABLE, source.template), load(HARMLESS)
    mutants = policy_mutants(cached_mutants(source))

    def judged(chosen: Sequence[Mutant], made: Sequence[Mutation]) -> Judged:
        with shown(PROGRAM, "mutants judged", len(chosen)) as progress:
            return Judged(chosen, judge(chosen, mutants.reach, meant, progress), made, reviewed)

    if not size:
        chosen = mutants.all()
        return judged(chosen, [each.mutation for each in chosen])
    # The reviewed ones take longest, as access looks for a difference in every scenario.
    some = [each for each in mutants.mutations if not any(entry.excuses(each) for entry in reviewed)]
    found = judged(mutants.sample(some, size, seed), mutants.mutations)
    # Reviews, and whoever reads them, know equal ones by the name of the first.
    again = {each.name for each in found.survivors if not mutants.is_first(each)}
    kept = [each.mutation.name not in again for each in found.mutants]
    return replace(found, mutants=[*compress(found.mutants, kept)], noticed=[*compress(found.noticed, kept)])


def _text(judged: Judged, seed: int, seconds: float) -> str:
    of = "" if judged.is_whole else f" of {len(judged.made):,} mutations (seed {seed})"
    counts = ", ".join(f"{number:,} {outcome}" for outcome, number in judged.counts.items())
    return "\n".join(
        [*judged.problems, f"{len(judged.mutants):,} mutants of policies{of}: {counts}; {seconds:.0f} s\n"]
    )
