"""How our MiniStack is set up: the whole environment of its process, which its Lambda workers inherit."""

import os
from pathlib import Path

from harness.emulator.certificates import Certificates

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"

#: Passed on from our own environment; what is not named here reaches neither the emulator nor its workers. Above all
#: no PYTHONPATH, which would lend a function modules that its package lacks.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def server_environment(folder: Path, port: int, files: Certificates) -> dict[str, str]:
    """The environment of an emulator that lives in `folder` and listens on `port`."""
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
        # What a function trusts: MiniStack hands out its address, not the authority behind a certificate of ours.
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
        # Other people's containers on this machine are not ours to sweep.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        # AWS waits minutes between asynchronous attempts; the shape is kept, the waiting is not.
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
    }
