"""ACC-034  variable_holds_no_secret

Why       Function variables and job arguments are visible to anyone who may list them, stay in the template's history,
          and are printed in error reports. The pipeline needs no password at all: its roles grant everything.
Targets   AWS::Lambda::Function, AWS::Glue::Job
"""

import re
from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, all_of
from rules.lib.iam import Path

#: Where variables stand, by type.
VARIABLES: dict[str, Path] = {
    "AWS::Glue::Job": ("Properties", "DefaultArguments"),
    "AWS::Lambda::Function": ("Properties", "Environment", "Variables"),
}
#: How the name of a secret ends, in words: SECRET_NAME only says which one, and COMPASSION is a word of its own.
NAMED = re.compile(
    "(^|_)(password|passwd|passphrase|pwd|secret|token|credentials?|(api|access|private)_?key)(_[0-9]+)?$"
)
#: What is a secret under any name: AWS's access key ids, and a key in PEM.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
IS_ONE = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----")
#: What only leads to a secret: an ARN, a path of Parameter Store, and what CloudFormation resolves by itself.
LEADS = re.compile(r"arn:|/|\{\{resolve:(secretsmanager|ssm-secure):")

subjects = all_of(*VARIABLES)


def problems(stack: Stack, subject: str) -> Problems:
    """Variables that hold a secret, or are called one and lead nowhere."""
    resource = stack.resources[subject]
    place = VARIABLES[resource.type]
    variables = at(dict(resource.body), *place)
    for name, value in variables.items() if isinstance(variables, dict) else ():
        if _is_secret(str(name), value):
            yield Problem(
                f"{name} holds a secret, which anyone who may view the configuration can read.",
                f"remove {name}: a role needs no password. For a system outside AWS, pass the ARN of an"
                " AWS::SecretsManager::Secret.",
                (*place, name),
            )


def _is_secret(name: str, value: Any) -> bool:
    text = str(value)
    return bool(IS_ONE.search(text) or (NAMED.search(_words(name)) and text and not LEADS.match(text)))


def _words(name: str) -> str:
    """API_KEY, ApiKey and --api-key are api_key."""
    return "_".join(re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)).lower()
