"""`python -m harness.mutants.ensure`: leave the reports of gate and mutants in build/, run anew where they are stale.

For `tox -e rules` by itself; after `tox -e gate` and `tox -e mutants` there is nothing to do.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from harness.catalogue.catalogue import fingerprint
from harness.gate.command import TEMPLATE, VERDICTS
from harness.mutants.command import REPORT


def main() -> int:
    """Findings and survivors are no failure here: the environments of these names fail for them."""
    for report, name in ((VERDICTS, "gate"), (REPORT, "mutants")):
        if not is_fresh(report):
            print(f"{report.name} is missing or stale: running {name}", flush=True)
            subprocess.run([sys.executable, "-m", "harness", name], check=False)
    return 0


def is_fresh(report: Path) -> bool:
    """Whether a report is about the template and the rules that there are now."""
    try:
        read = json.loads(report.read_text())
    except (OSError, ValueError):
        return False
    judged = (read.get("template_sha256"), read.get("rules_sha256")) if isinstance(read, dict) else None
    return judged == (hashlib.sha256(TEMPLATE.read_bytes()).hexdigest(), fingerprint())


if __name__ == "__main__":
    sys.exit(main())
