"""Credentials for the emulator, and clients and environments that use only these and only its endpoint."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from harness import patience

#: Variables that could send an AWS client elsewhere: settings, profiles, certificates, proxies.
_FOREIGN_PREFIXES = ("AWS_",)
_FOREIGN = frozenset(
    {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "BOTO_CONFIG"}
    | {name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (proxy, proxy.lower())}
)


@dataclass(frozen=True)
class Credentials:
    """An access key, with a session token if it is a role's."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def variables(self) -> dict[str, str]:
        """As environment variables."""
        variables = {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}
        if self.session_token is not None:
            variables["AWS_SESSION_TOKEN"] = self.session_token
        return variables


def without_foreign_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without the variables that could send an AWS client elsewhere."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_FOREIGN_PREFIXES) and name not in _FOREIGN
    }


@dataclass(frozen=True)
class Endpoint:
    """An endpoint URL, its Region, and the CA of its certificate."""

    url: str
    region: str
    authority: Path

    def environment(self, credentials: Credentials) -> dict[str, str]:
        """This process's environment, restricted to this endpoint and these credentials."""
        return {
            **without_foreign_settings(os.environ),
            **credentials.variables(),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_CA_BUNDLE": str(self.authority),
            # Never use the user's profiles or the machine's instance role.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    def connect(self, session: Any, service: str, credentials: Credentials, attempts: int) -> Any:
        """A client of `service` that tries each call up to `attempts` times; `session` is one of `new_session`."""
        return session.client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            verify=str(self.authority),
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=Config(
                proxies={},
                max_pool_connections=32,
                connect_timeout=patience.seconds(10),
                # A synchronous invocation may take as long as the function's timeout.
                read_timeout=patience.seconds(120),
                retries={"mode": "standard", "total_max_attempts": attempts},
            ),
        )


def new_session() -> Any:
    """A boto3 session that ignores the user's AWS files and profile variable."""
    nobody: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=nobody))
