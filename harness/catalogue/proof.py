"""`rules/proof.csv`: a line per rule with its verdict on the template and the mutants that it kills.

`tox -e rules -- --write` writes it after a run of all mutants. `make test` judges a sample and takes the counts, and
for each rule a mutant that only it kills, from here.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from io import StringIO
from pathlib import Path

from harness.catalogue.catalogue import RULES

PROOF = RULES / "proof.csv"


@dataclass(frozen=True)
class Proof:
    """A rule's line. `killed_only_by_it` is the name of a mutant that no other rule kills; empty if there is none."""

    id: str
    slug: str
    engine: str
    verdict: str
    mutants_killed: int
    killed_alone: int
    killed_only_by_it: str


COLUMNS = tuple(field.name for field in fields(Proof))


def written(about: Sequence[str], rows: Sequence[Proof]) -> str:
    """The file's text. Its first line has as many cells as the others, so that a code host shows it as a table."""
    text = StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*about, *[""] * (len(COLUMNS) - len(about))])
    out.writerow(COLUMNS)
    out.writerows(map(astuple, rows))
    return text.getvalue()


def read(path: Path = PROOF) -> Mapping[str, Proof]:
    """The lines by slug; those that cannot be read are left out, as if the rule were new."""
    if not path.is_file():
        return {}
    found = {}
    for row in list(csv.reader(path.read_text().splitlines()))[2:]:
        if len(row) == len(COLUMNS) and row[4].isdecimal() and row[5].isdecimal():
            found[row[1]] = Proof(row[0], row[1], row[2], row[3], int(row[4]), int(row[5]), row[6])
    return found
