"""The verification harness: shows, on every change, that the template deploys and that the data path loses nothing."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("market_data") is None:
    # `python -m harness` works outside tox too, where nobody has put the functions' sources on the path.
    sys.path.append(str(Path(__file__).resolve().parents[1] / "lambda_src"))
