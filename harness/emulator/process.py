"""One emulated AWS as a managed process: started, waited for, spoken to, and gone with everything it started."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config

from harness.emulator import certificates, guard, overlay
from harness.emulator.credentials import Credentials, client_environment
from harness.emulator.errors import EmulatorError

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"

#: The account's root user. MiniStack exempts it from every policy, so nothing of ours speaks with it but this module.
_ROOT = Credentials("test", "test")
_DEPLOYER = "deployer"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

_PROJECT = Path(__file__).resolve().parents[2]
#: Passed on from our own environment; what is not named here reaches neither the emulator nor its Lambda workers.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_LOG_TAIL_BYTES = 4_000
_FREE_PORT_ATTEMPTS = 5


class Emulator:
    """A MiniStack of our own, on loopback with TLS, enforcing IAM. Use it as a context manager.

    `port` None takes a free one. `log_file` is kept if given, otherwise the log goes with the rest. `settings` are
    MiniStack's own environment variables, over the ones set here.
    """

    region = REGION
    account_id = ACCOUNT_ID

    def __init__(
        self,
        *,
        port: int | None = None,
        log_file: Path | None = None,
        settings: Mapping[str, str] | None = None,
        start_timeout: float = 90.0,
        stop_timeout: float = 15.0,
    ) -> None:
        self._wanted_port = port
        self._wanted_log = log_file
        self._settings = dict(settings or {})
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._guard: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._log: int | None = None
        self._port = 0
        self._files: certificates.Certificates | None = None
        self._deployer: Credentials | None = None
        self._session: boto3.Session | None = None
        self._clients: dict[tuple[str, Credentials], Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Start it and return once it answers; on any failure, an interrupt too, nothing stays behind."""
        if self._folder is not None:
            raise EmulatorError("the emulator is already started")
        overlay.require_pinned_version()
        attempts = 1 if self._wanted_port is not None else _FREE_PORT_ATTEMPTS
        for attempt in range(attempts):
            try:
                self._launch(_claim(self._wanted_port))
                self._wait_until_ready()
                self._deployer = self._create_deployer()
                return
            except BaseException as error:
                # Between choosing a free port and listening on it somebody else may take it.
                lost_the_port = isinstance(error, EmulatorError) and "already in use" in str(error)
                self.stop()
                if not lost_the_port or attempt == attempts - 1:
                    raise

    def stop(self) -> None:
        """End it, its Lambda workers and its folder. Doing so twice is fine."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        guard_process, self._guard = self._guard, None
        folder, self._folder = self._folder, None
        log, self._log = self._log, None
        try:
            if guard_process is not None:
                _end(guard_process, self._stop_timeout)
        finally:
            if folder is not None:
                # The guard has removed it already, unless it never came to run.
                shutil.rmtree(folder, ignore_errors=True)
            if log is not None:
                os.close(log)

    def detach(self) -> int:
        """Leave it running after this process, and return the process id whose end (SIGTERM) ends all of it."""
        running = self._running()
        assert running.stdin is not None
        running.stdin.write(guard.STAY)
        running.stdin.close()
        # No longer ours to wait for: without a return code Popen would warn of it.
        running.returncode = 0
        self._guard, self._folder = None, None
        return running.pid

    # ------------------------------------------------------------- addresses

    @property
    def port(self) -> int:
        """The port it listens on."""
        self._running()
        return self._port

    @property
    def endpoint_url(self) -> str:
        """The one address of every emulated service."""
        return f"https://{HOST}:{self.port}"

    @property
    def ca_bundle(self) -> Path:
        """The certificate authority a client has to trust; it vanishes with the emulator."""
        return self._certificates().authority

    @property
    def trust_store(self) -> certificates.TrustStore:
        """The same trust for Java."""
        return self._certificates().trust_store

    @property
    def credentials(self) -> Credentials:
        """The deployer's: an administrator, but one whom policies bind."""
        if self._deployer is None:
            raise EmulatorError("the emulator is not started")
        return self._deployer

    # --------------------------------------------------------------- callers

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client of `service`, as the deployer unless other credentials are given. Clients are kept."""
        chosen = credentials or self.credentials
        key = (service, chosen)
        if key not in self._clients:
            self._clients[key] = self._connect(service, chosen)
        return self._clients[key]

    def environment(self, credentials: Credentials | None = None) -> dict[str, str]:
        """The whole environment of a process (the AWS CLI, Spark) that is to speak to this emulator and no other."""
        return client_environment(
            credentials or self.credentials,
            endpoint_url=self.endpoint_url,
            region=self.region,
            authority=self.ca_bundle,
        )

    def role_credentials(self, role: str) -> Credentials:
        """A session of `role` (a name or an ARN), also of one that only an AWS service may assume."""
        iam, sts = self.client("iam", _ROOT), self.client("sts", _ROOT)
        arn = role if role.startswith("arn:") else iam.get_role(RoleName=role)["Role"]["Arn"]
        session = sts.assume_role(RoleArn=arn, RoleSessionName="harness")["Credentials"]
        return Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])

    def log_tail(self, size: int = _LOG_TAIL_BYTES) -> str:
        """The end of what the emulator itself logged."""
        if self._log is None:
            return ""
        end = os.fstat(self._log).st_size
        return os.pread(self._log, size, max(0, end - size)).decode(errors="replace")

    # --------------------------------------------------------------- details

    def _running(self) -> subprocess.Popen[bytes]:
        if self._guard is None:
            raise EmulatorError("the emulator is not started")
        return self._guard

    def _certificates(self) -> certificates.Certificates:
        if self._files is None or self._folder is None:
            raise EmulatorError("the emulator is not started")
        return self._files

    def _launch(self, port: int) -> None:
        folder = Path(tempfile.mkdtemp(prefix="emulated-aws-"))
        self._folder, self._port = folder, port
        for name in ("tls", "tmp", "home"):
            (folder / name).mkdir()
        self._files = certificates.issue(folder / "tls")
        # Kept open, so that its tail can be told after the folder is gone.
        log_file = self._wanted_log or folder / "emulator.log"
        self._log = os.open(log_file, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644)
        emulator = [sys.executable, "-m", "harness.emulator.serve"]
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(folder), *emulator],
            cwd=_PROJECT,
            env=self._server_environment(folder, self._files),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _server_environment(self, folder: Path, files: certificates.Certificates) -> dict[str, str]:
        # Workers inherit all of this, so it holds nothing that a function could not see on AWS and come to rely on:
        # above all no PYTHONPATH, which would lend a function modules that its package lacks.
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
            "AWS_CA_BUNDLE": authority,
            "REQUESTS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
            "AUTH": "true",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": self.region,
            "MINISTACK_ACCOUNT_ID": self.account_id,
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(files.certificate),
            "MINISTACK_SSL_KEY": str(files.key),
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "s3"),
            # Others' containers on this machine are not ours to sweep.
            "DOCKER_HOST": f"unix://{folder}/no-docker",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            # AWS waits minutes between asynchronous attempts; the shape is kept, the waiting is not.
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
            **self._settings,
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        # Only our own emulator has a certificate by this authority, so no other one can answer for it.
        trust = ssl.create_default_context(cafile=str(self.ca_bundle))
        while not _answers(self._port, trust):
            if self._running().poll() is not None:
                raise EmulatorError(self._failure("the emulator ended while starting"))
            if time.monotonic() > deadline:
                raise EmulatorError(self._failure(f"the emulator was not ready after {self._start_timeout:g} s"))
            time.sleep(0.05)

    def _failure(self, what: str) -> str:
        tail = self.log_tail()
        if "already in use" in tail or "Address already in use" in tail:
            what = f"port {self._port} is already in use"
        return f"{what}; its log ends:\n{tail}" if tail else what

    def _create_deployer(self) -> Credentials:
        iam = self.client("iam", _ROOT)
        iam.create_user(UserName=_DEPLOYER)
        iam.attach_user_policy(UserName=_DEPLOYER, PolicyArn=_ADMINISTRATOR)
        key = iam.create_access_key(UserName=_DEPLOYER)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def _connect(self, service: str, credentials: Credentials) -> Any:
        if self._session is None:
            # No file or variable of the person at the keyboard decides anything here.
            nobody: dict[str, Any] = {
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
            self._session = boto3.Session(botocore_session=botocore.session.Session(session_vars=nobody))
        return self._session.client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            verify=str(self.ca_bundle),
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=Config(
                proxies={},
                max_pool_connections=32,
                connect_timeout=10,
                # A synchronous invocation of a function may take its whole timeout.
                read_timeout=120,
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        )


def _claim(port: int | None) -> int:
    """`port` if it is free, or one that is."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            reason = "is already in use" if port and port >= 1024 else f"cannot be had: {error.strerror}"
            raise EmulatorError(f"port {port} {reason}") from error
        claimed: int = probe.getsockname()[1]
        return claimed


def _answers(port: int, trust: ssl.SSLContext) -> bool:
    connection = http.client.HTTPSConnection(HOST, port, timeout=5, context=trust)
    try:
        connection.request("GET", "/_ministack/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes], timeout: float) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise EmulatorError(f"the emulator could not be stopped in {timeout:g} s") from None
