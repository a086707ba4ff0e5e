"""CKV_FDP_1  glue_security_configuration_encrypts_everything

Why       What a job leaves beside its output reveals as much as the output: its log names symbols,
          its bookmark shows which hours of a licensed feed we hold. If only the tables are under
          our key, disabling the key does not cut off the feed.
Targets   AWS::Glue::SecurityConfiguration
"""

from collections.abc import Iterator
from typing import Any

from harness.render.resources import at, items
from rules.checkov._base import EncryptionCheck, is_key_arn, properties

_PLACE = "EncryptionConfiguration"


class GlueSecurityConfigurationEncryptsEverything(EncryptionCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_1",
            "glue_security_configuration_encrypts_everything",
            "Ensure that a Glue security configuration encrypts logs, bookmarks and objects with a customer's key.",
            "use SSE-KMS for CloudWatchEncryption and S3Encryptions, CSE-KMS for JobBookmarksEncryption, and give each"
            " a KmsKeyArn.",
            ["AWS::Glue::SecurityConfiguration"],
        )

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What of the three is not under a key."""
        found = at(properties(conf), _PLACE)
        path = f"Properties/{_PLACE}"
        if not isinstance(found, dict):
            yield path, "nothing is encrypted."
            return
        for what, mode, wanted in (
            ("CloudWatchEncryption", "CloudWatchEncryptionMode", "SSE-KMS"),
            ("JobBookmarksEncryption", "JobBookmarksEncryptionMode", "CSE-KMS"),
        ):
            if not _is_under_a_key(found.get(what), mode, wanted):
                yield f"{path}/{what}", f"{what} is not {wanted} with a key's ARN."
        kinds = items(found.get("S3Encryptions"))
        if not kinds:
            yield f"{path}/S3Encryptions", "objects are not encrypted."
        for index, each in enumerate(kinds):
            if not _is_under_a_key(each, "S3EncryptionMode", "SSE-KMS"):
                yield f"{path}/S3Encryptions/[{index}]", "objects are not encrypted SSE-KMS with a key's ARN."


def _is_under_a_key(encryption: Any, mode: str, wanted: str) -> bool:
    return at(encryption, mode) == wanted and is_key_arn(at(encryption, "KmsKeyArn"))


check = GlueSecurityConfigurationEncryptsEverything()
