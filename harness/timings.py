"""The end of `make test`: test counts and slowest tests, from pytest's reports in build/tests.

Standard library only. What each environment took as a whole, tox has just said.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree

REPORTS = Path(__file__).resolve().parent.parent / "build" / "tests"
SHOWN = 10


def main(reports: Path = REPORTS) -> int:
    """Print each environment's counts, slowest tests and files; never fails."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    tests: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for path in sorted(reports.glob("*.xml")):
        try:
            suites = list(ElementTree.parse(path).iter("testsuite"))
        except ElementTree.ParseError:
            print(f"{path}: cut short")
            continue
        for suite in suites:
            counts[path.stem].update(
                {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
            )
            counts[path.stem]["seconds"] += round(float(suite.get("time", 0)))
            for test in suite.iter("testcase"):
                file, milliseconds = test.get("classname", ""), round(1000 * float(test.get("time", 0)))
                tests[f"{file}::{test.get('name')}"] += milliseconds
                files[file] += milliseconds
    print(f"{'environment':<12} {'tests':>6} {'failed':>6} {'skipped':>7} {'seconds':>7}")
    for name, count in sorted(counts.items(), key=lambda each: -each[1]["seconds"]):
        failed = count["failures"] + count["errors"]
        print(f"{name:<12} {count['tests']:>6} {failed:>6} {count['skipped']:>7} {count['seconds']:>7}")
    for what, slowest in (("files", files), ("tests", tests)):
        print(f"slowest {what}, in seconds (one worker's):")
        for name, milliseconds in slowest.most_common(SHOWN):
            print(f"{milliseconds / 1000:>8.1f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
