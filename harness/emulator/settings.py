"""The environment of the MiniStack process, which its Lambda workers inherit."""

import os
from pathlib import Path

from harness.emulator.certificates import Certificates

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"

#: Passed on from this process's environment; nothing else reaches the emulator or its workers. In particular no
#: PYTHONPATH: it would give a function modules that its package lacks.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def server_environment(folder: Path, port: int, files: Certificates) -> dict[str, str]:
    """The environment of an emulator with its files in `folder` that listens on `port`."""
    authority = str(files.authority)
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONNOUSERSITE": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # For the functions: MiniStack gives them its address, but not the CA of its certificate.
        "AWS_CA_BUNDLE": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "SSL_CERT_FILE": authority,
        "AUTH": "true",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(files.certificate),
        "MINISTACK_SSL_KEY": str(files.key),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        # Keep it away from this machine's other containers.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        # AWS waits minutes between asynchronous retries; here the waits are shorter.
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
    }
