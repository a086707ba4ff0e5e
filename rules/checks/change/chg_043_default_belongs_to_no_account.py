"""CHG-043  default_belongs_to_no_account

Why       Whoever deploys without choosing gets the default. If that is an account, a key, a network or an address, the
          data of the next environment goes to whoever owns it, and nobody decided so.
Targets   Parameters
"""

import re
from typing import Any

from harness.render import parameters
from harness.render.resources import at
from rules.lib import Problem, Problems
from rules.lib.sections import entries

JUDGES = "source"

#: What one account has: its number, ARNs, the ids of networks and organizations, address ranges, mail addresses.
_OWNED = re.compile(
    r"\b\d{12}\b|\barn:|\b(vpc|subnet|sg|rtb|pl|eni|igw|i|ami|o)-[0-9a-z]{8,}|\d+\.\d+\.\d+\.\d+|\w@\w|\b\w+\.amazonaws\."
)
#: Names of buckets are shared by all accounts.
_NAMED = re.compile("bucket(name)?$", re.IGNORECASE)


def subjects(template: dict[str, Any]) -> list[str]:
    """The parameters with a default."""
    return [name for name, each in entries(template, "Parameters").items() if at(each, "Default") is not None]


def problems(template: dict[str, Any], subject: str) -> Problems:
    """A default that belongs to somebody."""
    default = parameters.text(at(template, "Parameters", subject, "Default"))
    # A systems-wide number, such as a limit of bytes, is not an account's.
    if at(template, "Parameters", subject, "Type") == "Number":
        return
    if _OWNED.search(default) or (default and _NAMED.search(subject)):
        yield Problem(
            f"without a choice, {subject} is {default}, which belongs to one account or person.",
            "leave the default out, or make it empty where nothing is meant.",
            ("Parameters", subject, "Default"),
        )
