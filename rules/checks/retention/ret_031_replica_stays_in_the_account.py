"""RET-031  replica_stays_in_the_account

Why       A replica in another account belongs to that account: it is read, kept and deleted there by rules that are not
          ours, although it looks like our own archive.
Targets   AWS::S3::Bucket
"""

from harness.render.resources import at, items
from rules.lib import Problem, Problems, Stack, buckets
from rules.lib.principals import ACCOUNT

PATH = ("Properties", "ReplicationConfiguration", "Rules")


def subjects(stack: Stack) -> list[str]:
    """Buckets that are replicated."""
    return [name for name, each in stack.of(buckets.BUCKET).items() if items(at(dict(each.body), *PATH))]


def problems(stack: Stack, subject: str) -> Problems:
    """Replication rules that hand the copy on."""
    for index, rule in enumerate(items(at(dict(stack.resources[subject].body), *PATH))):
        account = at(rule, "Destination", "Account")
        if str(account or ACCOUNT) != ACCOUNT:
            yield Problem(
                f"its copies go to account {account}, which can read and delete them.",
                "remove Destination.Account, and replicate into a bucket of this template.",
                (*PATH, index, "Destination", "Account"),
            )
        if at(rule, "Destination", "AccessControlTranslation"):
            yield Problem(
                "its copies become the property of whoever owns the destination bucket.",
                "remove Destination.AccessControlTranslation.",
                (*PATH, index, "Destination", "AccessControlTranslation"),
            )
