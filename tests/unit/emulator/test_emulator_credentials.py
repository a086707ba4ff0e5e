"""Clients of the emulator: no setting of the user's sends them elsewhere."""

from pathlib import Path

import pytest

from harness.emulator.credentials import Credentials, Endpoint, new_session

ENDPOINT = Endpoint("https://127.0.0.1:4566", "us-east-1", Path("/somewhere/authority.pem"))
ROLE = Credentials("ASIAEXAMPLE", "secret", "token")

FOREIGN = {
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
    "AWS_SESSION_TOKEN": "theirs",
    "AWS_CA_BUNDLE": "/company/ca.pem",
    "REQUESTS_CA_BUNDLE": "/company/ca.pem",
    "SSL_CERT_FILE": "/company/ca.pem",
    "HTTPS_PROXY": "http://proxy.example.com:3128",
    "https_proxy": "http://proxy.example.com:3128",
    "no_proxy": "example.com",
}


@pytest.fixture
def foreign_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("foreign_settings")
def test_a_process_is_held_to_one_endpoint_and_one_principal() -> None:
    """A stray AWS_PROFILE or proxy would send a deployment to somebody's real account."""
    environment = ENDPOINT.environment(Credentials("AKIAEXAMPLE", "secret"))

    left = {name for name in FOREIGN if environment.get(name) == FOREIGN[name]}
    assert left == set()
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_ENDPOINT_URL"] == ENDPOINT.url
    assert environment["AWS_CA_BUNDLE"] == str(ENDPOINT.authority)
    assert environment["AWS_ACCESS_KEY_ID"] == "AKIAEXAMPLE"


def test_a_roles_session_brings_its_token() -> None:
    assert ENDPOINT.environment(ROLE)["AWS_SESSION_TOKEN"] == "token"


@pytest.mark.usefixtures("foreign_settings")
def test_a_client_reads_no_profile_and_no_proxy() -> None:
    """boto3 fails on a missing profile, and uses a proxy from the environment."""
    endpoint = Endpoint(ENDPOINT.url, ENDPOINT.region, Path(__file__))
    client = endpoint.connect(new_session(), "sts", ROLE, 3)

    assert client.meta.endpoint_url == ENDPOINT.url
    assert client.meta.config.proxies == {}
    client.close()


def test_secrets_are_not_in_a_representation() -> None:
    """It ends up in assertion messages and logs."""
    assert "secret" not in repr(ROLE)
    assert "token" not in repr(ROLE)
