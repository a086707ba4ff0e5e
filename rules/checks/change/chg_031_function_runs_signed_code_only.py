"""CHG-031  function_runs_signed_code_only

Why       Whoever may upload to the artifact bucket may replace the code of a function. A signature
          stops that only if an unsigned package is refused, and the signer is ours.
Targets   AWS::Lambda::Function, AWS::Lambda::CodeSigningConfig
"""

import re
from typing import Any

from harness.render.resources import at, items
from rules.lib import Resource, Stack
from rules.lib.principals import ACCOUNT
from rules.lib.settings import setting

CONFIGURATION = "AWS::Lambda::CodeSigningConfig"


def _accepts(value: Any, function: Resource, stack: Stack) -> bool:
    configuration = stack.by_ref(value, CONFIGURATION) or stack.by_arn(value, CONFIGURATION)
    if configuration is None:
        # One that the account keeps apart: whether it refuses or only warns does not show.
        own = rf"arn:aws[a-z-]*:lambda:[a-z0-9-]+:{ACCOUNT}:code-signing-config:csc-[a-z0-9]{{17}}"
        return isinstance(value, str) and bool(re.fullmatch(own, value))
    signers = items(at(configuration.properties, "AllowedPublishers", "SigningProfileVersionArns"))
    policy = at(configuration.properties, "CodeSigningPolicies", "UntrustedArtifactOnDeployment")
    ours = rf"arn:aws[a-z-]*:signer:[a-z0-9-]+:{ACCOUNT}:/signing-profiles/[^*?]+"
    return policy == "Enforce" and bool(signers) and all(re.fullmatch(ours, str(each)) for each in signers)


subjects, problems = setting(
    "AWS::Lambda::Function",
    "CodeSigningConfigArn",
    _accepts,
    "its code signing configuration {value} does not refuse code that this account did not sign.",
    "name a CodeSigningConfig of the template: UntrustedArtifactOnDeployment Enforce, signing profiles of ours.",
    "AWS::Lambda::CodeSigningConfig",
)
