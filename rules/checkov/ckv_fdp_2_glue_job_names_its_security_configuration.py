"""CKV_FDP_2  glue_job_names_its_security_configuration

Why       A job without one writes its log, bookmarks and temporary files unencrypted by our key,
          whatever key the tables have. Vendor data would be stored where our key does not protect
          it.
Targets   AWS::Glue::Job
"""

from collections.abc import Iterator
from typing import Any

from rules.checkov._base import EncryptionCheck, is_name, properties


class GlueJobNamesItsSecurityConfiguration(EncryptionCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_2",
            "glue_job_names_its_security_configuration",
            "Ensure that a Glue job names its security configuration.",
            "set SecurityConfiguration to the name of an AWS::Glue::SecurityConfiguration.",
            ["AWS::Glue::Job"],
        )

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The missing name."""
        if not is_name(properties(conf).get("SecurityConfiguration")):
            yield "Properties/SecurityConfiguration", "the job names no security configuration."


check = GlueJobNamesItsSecurityConfiguration()
