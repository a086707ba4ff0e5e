"""`python -m harness faults`: random schedules of faults and people, each from one seed, and what must hold in each."""

import gc
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import time
from collections import deque
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from pathlib import Path

from rich.console import Console

from harness.cli import Parser, complain
from harness.progress import shown

from .aws.errors import NotModelled
from .bugs import BUGS, SEEDS, hunted, seeds
from .deployed import Deployed
from .report import Report, told
from .shrink import shrunk
from .simulation import ACTIONS, Simulation
from .substitutions import replaced

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "build" / "faults" / "report.json"
HELD, VIOLATED, COULD_NOT_RUN = 0, 1, 2
SCHEDULES, NIGHTLY_SCHEDULES = 600, 20_000
#: Schedules that a worker runs at a time.
HANDFUL = 20
#: Violations of one invariant that are counted before a run ends early: more of them say nothing new.
ENOUGH = 25
#: Each bug must be caught within so many seeds.
SEEDS_OF_A_BUG = 1000
#: The same in a night, whose seeds nobody has chosen: a bug that one of 300 schedules shows is missed by 1,000 in a
#: month's nights, and by 5,000 never.
SEEDS_OF_A_NIGHT = 5000


def main(argv: list[str]) -> int:
    """Run schedules and write build/faults/report.json; 0 if everything held, 1 if not, 2 if it could not run."""
    parser = Parser(
        prog="faults",
        description="Run the functions and the job on a simulated AWS that fails at any call, with people who deploy, "
        "delete and redrive; check after each step, and when everything has come to rest, that nothing is lost, "
        "doubled or miscounted. Writes build/faults/report.json.",
        epilog="Exit codes: 0 everything held, 1 an invariant was violated, 2 could not run.",
    )
    parser.add_argument("--schedules", type=_number, metavar="N", help=f"default: {SCHEDULES}")
    parser.add_argument(
        "--nightly",
        action="store_true",
        default=os.environ.get("HYPOTHESIS_PROFILE") == "nightly",
        help=f"{NIGHTLY_SCHEDULES:,} schedules, and a new hunt for each seeded bug (the default in `make nightly`)",
    )
    parser.add_argument("--seed", type=_number, help="of the first schedule (default: another each time)")
    parser.add_argument("--replay", type=_number, metavar="SEED", help="run one schedule, and shrink it if it fails")
    parser.add_argument("--hours", type=float, metavar="H", help="run for so long, however many schedules that is")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="STEP",
        choices=sorted(ACTIONS),
        help="leave out a kind of step",
    )
    parser.add_argument("--bugs", action="store_true", help="put in each seeded bug, and run the seed that catches it")
    parser.add_argument("--hunt", action="store_true", help="search a seed for each seeded bug, and print them")
    parser.add_argument("--write", action="store_true", help="with --hunt: write them to seeds.json")
    options = parser.parse_args(argv)
    if options.bugs or options.hunt:
        return _bugs(hunt=options.hunt, first=options.seed or 0, write=options.write)
    if options.hours is not None and not 0 < options.hours <= 1000:
        parser.error("argument --hours: must be above 0 and at most 1000")
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    schedules = range(seed, seed + (options.schedules or (NIGHTLY_SCHEDULES if options.nightly else SCHEDULES)))
    until = None
    if options.replay is not None:
        schedules = range(options.replay, options.replay + 1)
    elif options.hours is not None:
        schedules, until = range(seed, seed + 10**9), time.monotonic() + options.hours * 3600
    started = _cpu_seconds()
    try:
        report = _run(schedules, until, frozenset(options.without))
        seconds = _cpu_seconds() - started
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(json.dumps(report.as_dict(seconds), indent=1))
    except (NotModelled, OSError, BrokenExecutor) as error:
        complain("faults", error)
        return COULD_NOT_RUN
    _show(report, seconds)
    hunted = _bugs(hunt=True, first=seed, write=False) if options.nightly and options.replay is None else HELD
    return VIOLATED if report.violations else hunted


def _cpu_seconds() -> float:
    """Of this process, and of the workers that have ended."""
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + workers.ru_utime + workers.ru_stime


def _bugs(*, hunt: bool, first: int, write: bool) -> int:
    deployed, known = Deployed(), {} if hunt else seeds()
    missed = 0
    try:
        for bug in BUGS:
            most = SEEDS_OF_A_BUG if write else SEEDS_OF_A_NIGHT
            tried = range(first, first + most) if hunt else [known.get(bug.name, 0)]
            seed = hunted(deployed, bug, tried)
            if seed is None:
                missed += 1
                print(f"{bug.name}: not caught by {bug.invariant!r} ({len(tried)} seeds)", flush=True)
            else:
                known[bug.name] = seed
                print(f"{bug.name}: seed {seed}, {bug.invariant!r}", flush=True)
        if write and not missed:
            SEEDS.write_text(json.dumps(known, indent=1) + "\n")
    except (NotModelled, OSError) as error:
        complain("faults", error)
        return COULD_NOT_RUN
    print(f"{len(BUGS) - missed} of {len(BUGS)} seeded bugs caught")
    return VIOLATED if missed else HELD


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _run(schedules: range, until: float | None, without: frozenset[str]) -> Report:
    report = Report(_commit(), schedules.start)
    # Modules and caches stay: the garbage collector need not look at them again and again.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    handfuls = iter(range(schedules.start, schedules.stop, HANDFUL))
    running: deque[Future[Report]] = deque()
    cores = os.cpu_count() or 1
    with (
        # Workers are copies of this process, with what stands in for AWS in place.
        replaced(_DEPLOYED.substitutions()),
        ProcessPoolExecutor(cores, multiprocessing.get_context("fork")) as workers,
        shown("faults", f"schedules from seed {schedules.start}", len(schedules)) as progress,
    ):
        progress(0)
        while True:
            is_over = (until is not None and time.monotonic() > until) or len(report.violations) >= ENOUGH * len(
                report.shrunk or "-"
            )
            while not is_over and len(running) < 2 * cores and (first := next(handfuls, None)) is not None:
                some = range(first, min(first + HANDFUL, schedules.stop))
                running.append(workers.submit(_handful, report.commit, some, without))
            if not running:
                return report
            done = running.popleft().result()
            report.merge(done)
            for result in done.violations:
                assert result.violation is not None
                if result.violation.invariant not in report.shrunk:
                    report.shrunk[result.violation.invariant] = shrunk(_DEPLOYED, result, without)
            progress(report.schedules)


#: This process's, and each worker's.
_DEPLOYED = Deployed()


def _handful(commit: str, schedules: range, without: frozenset[str]) -> Report:
    report = Report(commit, schedules.start)
    for seed in schedules:
        report.add(Simulation(_DEPLOYED, seed, without=without).run())
    return report


def _commit() -> str:
    try:
        found = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude", "*"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def _show(report: Report, seconds: float) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    for table in report.tables():
        console.print(table)
    if missing := report.not_hit():
        console.print(f"{len(missing)} cells were not hit: {', '.join(missing)}", soft_wrap=True, markup=False)
    for result in report.shrunk.values():
        console.print(told(result, report.commit), style="red", soft_wrap=True, markup=False)
    for invariant, count in _counted(report).items():
        console.print(f"{count} of {report.schedules} schedules: {invariant}", style="red", markup=False)
    rate = report.schedules / max(seconds, 1e-9) * 60
    fewest = f", at least {report.fewest_faults} in each" if report.schedules > len(report.violations) else ""
    done = f"{report.schedules:,} schedules from seed {report.seed}, commit {report.commit}"
    held = f"{report.faults:,} faults{fewest}; {len(report.violations)} violations"
    console.print(f"{done}: {held}; {seconds:.0f} CPU s, {rate:.0f} schedules a CPU minute")


def _counted(report: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for result in report.violations:
        assert result.violation is not None
        found[result.violation.invariant] = found.get(result.violation.invariant, 0) + 1
    return found
