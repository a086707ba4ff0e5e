"""The verification harness: shows, on every change, that the template deploys and that the data path loses nothing."""

import gc
import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("market_data") is None:
    # `python -m harness` works outside tox too, where nobody has put the functions' sources on the path.
    sys.path.append(str(Path(__file__).resolve().parents[1] / "lambda_src"))

# What commands and tests make (schemas, renderings, mutants) lives until they end. By Python's defaults, looking for
# garbage in it again and again takes a tenth of their time.
gc.set_threshold(200_000, 50, 100)
