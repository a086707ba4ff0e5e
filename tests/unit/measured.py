"""`python -m tests.unit.measured`: the functions' own tests, unless `tox -e unit` has measured them since a change."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: The folders of the functions' own tests.
MEASURED = ("market_data", "pipeline_store", "kinesis_consumer", "data_validation")

if __name__ == "__main__":
    file = Path(os.environ["COVERAGE_FILE"])
    code = max(path.stat().st_mtime for path in (ROOT / "lambda_src").rglob("*.py"))
    if not any(path.stat().st_mtime > code for path in file.parent.glob(f"{file.name}.*")):
        subprocess.run([sys.executable, "-m", "coverage", "erase"], check=True)
        folders = [ROOT / "tests" / "unit" / name for name in MEASURED]
        sys.exit(subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "2", *folders], check=False).returncode)
