"""Who speaks to the emulator: a set of AWS credentials, and the environment that holds a process to them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Whatever a shell may carry that would lead an AWS client elsewhere: settings, profiles, certificates, proxies.
_FOREIGN_PREFIXES = ("AWS_",)
_FOREIGN = frozenset(
    {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "BOTO_CONFIG"}
    | {name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (proxy, proxy.lower())}
)


@dataclass(frozen=True)
class Credentials:
    """An access key, and the session token that goes with a role's."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def variables(self) -> dict[str, str]:
        """The same as environment variables."""
        variables = {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}
        if self.session_token is not None:
            variables["AWS_SESSION_TOKEN"] = self.session_token
        return variables


def without_foreign_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without the variables that would lead an AWS client anywhere else."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_FOREIGN_PREFIXES) and name not in _FOREIGN
    }


def client_environment(
    credentials: Credentials, *, endpoint_url: str, region: str, authority: Path
) -> dict[str, str]:
    """This process's environment, held to one endpoint, one principal and one certificate authority."""
    return {
        **without_foreign_settings(os.environ),
        **credentials.variables(),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CA_BUNDLE": str(authority),
        # No profile of the person at the keyboard, and no instance role of the machine, is ever asked.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }
