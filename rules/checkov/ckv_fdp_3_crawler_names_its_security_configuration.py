"""CKV_FDP_3  crawler_names_its_security_configuration

Why       A crawler opens every object and logs what it saw. Without a security configuration that
          log is not under our key, and it shows what we buy from whom.
Targets   AWS::Glue::Crawler
"""

from collections.abc import Iterator
from typing import Any

from rules.checkov._base import EncryptionCheck, is_name, properties


class CrawlerNamesItsSecurityConfiguration(EncryptionCheck):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(
            "CKV_FDP_3",
            "crawler_names_its_security_configuration",
            "Ensure that a Glue crawler names its security configuration.",
            "set CrawlerSecurityConfiguration to the name of an AWS::Glue::SecurityConfiguration.",
            ["AWS::Glue::Crawler"],
        )

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The missing name."""
        if not is_name(properties(conf).get("CrawlerSecurityConfiguration")):
            yield "Properties/CrawlerSecurityConfiguration", "the crawler names no security configuration."


check = CrawlerNamesItsSecurityConfiguration()
