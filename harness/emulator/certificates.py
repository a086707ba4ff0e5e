"""The TLS certificate of one emulator, and the trust in it: a PEM for clients, a key store for Java."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

#: Names under which clients reach the emulator; the wildcard is S3's bucket-in-the-host-name style.
NAMES = ("127.0.0.1", "localhost", "s3.localhost", "*.s3.localhost")

#: Java opens no trust store without a password. It protects nothing: what is inside is public.
TRUST_STORE_PASSWORD = "changeit"


@dataclass(frozen=True)
class TrustStore:
    """A PKCS #12 key store with the emulator's authority, for the JVM that Spark runs in."""

    path: Path
    password: str = TRUST_STORE_PASSWORD

    @property
    def java_options(self) -> str:
        """The options that make a JVM trust the emulator, and nothing else."""
        options = {"trustStore": self.path, "trustStorePassword": self.password, "trustStoreType": "PKCS12"}
        return " ".join(f"-Djavax.net.ssl.{name}={value}" for name, value in options.items())


@dataclass(frozen=True)
class Certificates:
    """The files of one emulator's TLS."""

    authority: Path
    certificate: Path
    key: Path
    trust_store: TrustStore


def issue(folder: Path) -> Certificates:
    """Write a new authority, and one server certificate by it, into `folder`."""
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
