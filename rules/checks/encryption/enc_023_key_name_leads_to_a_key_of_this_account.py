"""ENC-023  key_name_leads_to_a_key_of_this_account

Why       Everything encrypts with the key that an alias, or one parameter, names. If it points to a key of another
          account, every store follows with the next deployment: we can read the data only as long as that key's owner
          lets us.
Targets   AWS::KMS::Alias, AWS::SSM::Parameter
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.principals import ACCOUNT
from rules.lib.stores import is_key_arn

#: Where each says which key.
NAMES = {"AWS::KMS::Alias": "TargetKeyId", "AWS::SSM::Parameter": "Value"}


def subjects(stack: Stack) -> list[str]:
    """Aliases, and parameters that hold the ARN of a key."""
    found = stack.of(*NAMES).items()
    return [name for name, each in found if each.type == "AWS::KMS::Alias" or is_key_arn(each.properties.get("Value"))]


def problems(stack: Stack, subject: str) -> Problems:
    """A key of another account."""
    resource = stack.resources[subject]
    key = resource.properties.get(NAMES[resource.type])
    if is_key_arn(key) and str(key).split(":")[4] != ACCOUNT:
        yield Problem(
            f"it points to {key}, a key of another account, whose owner could make our data unreadable.",
            "point it to the template's key, or to another key of this account.",
            ("Properties", NAMES[resource.type]),
        )
