"""Market data in: captures, canonical files and generated feeds become the contract's records, and go on the stream."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("market_data") is None:
    # `python -m harness.replay` works outside tox too, where nobody has put the functions' sources on the path.
    sys.path.append(str(Path(__file__).resolve().parents[2] / "lambda_src"))
