"""The TLS certificate of one emulator, and its CA: a PEM for clients, a trust store for Java."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

#: Host names of the emulator; the wildcard is for S3's virtual-hosted-style addresses.
NAMES = ("127.0.0.1", "localhost", "s3.localhost", "*.s3.localhost")

#: Java needs a password to open a trust store. It is no secret: the content is public.
TRUST_STORE_PASSWORD = "changeit"


@dataclass(frozen=True)
class TrustStore:
    """A PKCS #12 trust store with the emulator's CA, for Spark's JVM."""

    path: Path
    password: str = TRUST_STORE_PASSWORD

    @property
    def java_options(self) -> str:
        """JVM options to trust only the emulator's CA."""
        options = {"trustStore": self.path, "trustStorePassword": self.password, "trustStoreType": "PKCS12"}
        return " ".join(f"-Djavax.net.ssl.{name}={value}" for name, value in options.items())


@dataclass(frozen=True)
class Certificates:
    """The TLS files of one emulator."""

    authority: Path
    certificate: Path
    key: Path
    trust_store: TrustStore


def issue(folder: Path) -> Certificates:
    """Write a new CA, and a server certificate signed by it, into `folder`."""
    authority = trustme.CA()
    server = authority.issue_cert(*NAMES)
    issued = Certificates(
        authority=folder / "authority.pem",
        certificate=folder / "server.pem",
        key=folder / "server.key",
        trust_store=TrustStore(folder / "authority.p12"),
    )
    authority.cert_pem.write_to_path(str(issued.authority))
    for position, blob in enumerate(server.cert_chain_pems):
        blob.write_to_path(str(issued.certificate), append=position > 0)
    issued.key.touch(mode=0o600)
    server.private_key_pem.write_to_path(str(issued.key))
    entry = pkcs12.PKCS12Certificate(x509.load_pem_x509_certificate(authority.cert_pem.bytes()), b"emulator")
    protection = BestAvailableEncryption(TRUST_STORE_PASSWORD.encode())
    issued.trust_store.path.write_bytes(pkcs12.serialize_java_truststore([entry], protection))
    return issued
