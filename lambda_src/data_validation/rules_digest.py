"""Names the rules that a verdict is made under."""

import hashlib
import platform
from collections.abc import Iterable
from pathlib import Path

import msgspec

import market_data

_VERDICTS = Path(__file__).with_name("verdicts.py")


def rules_digest(allow_nonpositive: Iterable[str]) -> str:
    """16 hex digits of SHA-256 over everything that decides a verdict.

    That is the code of the contract and of `verdicts`, the versions of Python and of msgspec, which parse the
    records, and the parameter. Other code may well give the same verdicts; a digest that changes too often costs at
    most an object that no row names, one that changes too seldom mixes two verdicts.
    """
    code = sorted(Path(market_data.__file__).parent.glob("*.py"), key=lambda file: file.name)
    facts = [
        *((file.name, file.read_bytes()) for file in [*code, _VERDICTS]),
        *((part, part.encode()) for part in (platform.python_version(), msgspec.__version__)),
        *((exchange, b"") for exchange in sorted(allow_nonpositive)),
    ]
    # Hashed one by one, so that no two lists of facts read alike.
    parts = (hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest() for name, content in facts)
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
