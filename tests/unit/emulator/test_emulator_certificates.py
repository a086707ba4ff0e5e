"""The certificates of an emulator, in a real TLS handshake."""

import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from harness.emulator import certificates


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.issue(tmp_path_factory.mktemp("tls"))


def shake_hands(issued: certificates.Certificates, trust: ssl.SSLContext, name: str) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(issued.certificate, issued.key)
    one, other = socket.socketpair()

    def serve() -> None:
        with other, contextlib.suppress(OSError):  # a client that refuses our certificate hangs up
            server_side.wrap_socket(other, server_side=True).close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        with one:
            trust.wrap_socket(one, server_hostname=name).close()
    finally:
        server.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "a-bucket.s3.localhost"])
def test_a_client_that_trusts_the_authority_accepts_every_name_of_the_emulator(
    issued: certificates.Certificates, name: str
) -> None:
    shake_hands(issued, ssl.create_default_context(cafile=issued.authority), name)


def test_a_client_that_trusts_the_system_alone_refuses_the_emulator(issued: certificates.Certificates) -> None:
    """Only the configured processes may trust our CA."""
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(issued, ssl.create_default_context(), "localhost")


def test_the_private_key_is_for_its_owner_only(issued: certificates.Certificates) -> None:
    assert issued.key.stat().st_mode & 0o077 == 0


def test_java_gets_the_same_authority(issued: certificates.Certificates) -> None:
    """Spark's S3 client reads CAs from a trust store only."""
    store = pkcs12.load_pkcs12(issued.trust_store.path.read_bytes(), issued.trust_store.password.encode())
    inside = [entry.certificate for entry in store.additional_certs]

    assert [c.public_bytes(Encoding.PEM) for c in inside] == [issued.authority.read_bytes()]
    assert f"-Djavax.net.ssl.trustStore={issued.trust_store.path}" in issued.trust_store.java_options


def test_two_emulators_do_not_trust_each_other(issued: certificates.Certificates, tmp_path: Path) -> None:
    """So only the right emulator can answer the readiness check."""
    other = certificates.issue(tmp_path)

    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(other, ssl.create_default_context(cafile=issued.authority), "localhost")
