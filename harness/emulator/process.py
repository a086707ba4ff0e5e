"""The emulated AWS as a managed process: start it, wait for it, call it, and stop all that it started."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness import patience, reaper
from harness.emulator import certificates
from harness.emulator.credentials import Credentials, Endpoint, new_session
from harness.emulator.errors import EmulatorError, SlowToStop
from harness.emulator.overlay import install
from harness.emulator.settings import ACCOUNT_ID, HOST, REGION, server_environment

#: The account's root user. MiniStack exempts it from every policy, so only this module uses it.
_ROOT = Credentials("test", "test")
_DEPLOYER = "deployer"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

_PROJECT = Path(__file__).resolve().parents[2]
_LOG_TAIL_BYTES = 4_000
_FREE_PORT_ATTEMPTS = 5
#: In its log when a service has kept its state; the answer is the same.
_NOT_RESET = "reset() failed for"


class Emulator:
    """One MiniStack process on the loopback interface, with TLS and IAM enforced; a context manager.

    `port` None picks a free one. A `log_file` is kept; the default log is deleted. `settings` are environment
    variables of MiniStack that override the ones set here. Timeouts are in seconds on an idle machine.
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
        self._start_timeout = patience.seconds(start_timeout)
        self._stop_timeout = patience.seconds(stop_timeout)
        self._reaper: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._log: int | None = None
        self._port = 0
        self._files: certificates.Certificates | None = None
        self._deployer: Credentials | None = None
        self._session: Any = None
        self._clients: dict[tuple[str, Credentials, int], Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Start it and return once it answers. After a failure or an interrupt, nothing is left running."""
        if self._folder is not None:
            raise EmulatorError("the emulator is already running")
        install.require_pinned_version()
        attempts = 1 if self._wanted_port is not None else _FREE_PORT_ATTEMPTS
        for attempt in range(attempts):
            try:
                self._launch(_claim(self._wanted_port))
                self._wait_until_ready()
                self._deployer = self._create_deployer()
                return
            except BaseException as error:
                # Another process may take the free port before the emulator listens on it.
                lost_the_port = isinstance(error, EmulatorError) and "already in use" in str(error)
                self.stop()
                if not lost_the_port or attempt == attempts - 1:
                    raise

    def reset(self) -> None:
        """Make it as it was after its start: empty, with a new deployer. Earlier clients and credentials are void.

        For tests: it takes a fiftieth of the time of a new emulator's first deployment. Raises EmulatorError.
        """
        # It answers once all Lambda workers have ended.
        answered = _answers(self.port, self._trust(), "POST", "/_ministack/reset", self._stop_timeout)
        if not answered or _NOT_RESET in self.log_tail():
            raise EmulatorError(self._failure("the emulator could not be reset"))
        for key in [key for key in self._clients if key[1] != _ROOT]:
            self._clients.pop(key).close()
        self._deployer = self._create_deployer()

    def stop(self) -> None:
        """Stop it and its Lambda workers, and delete its folder. Safe to call twice. Raises SlowToStop."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        reaper_process, self._reaper = self._reaper, None
        folder, self._folder = self._folder, None
        log, self._log = self._log, None
        try:
            if reaper_process is not None:
                _end(reaper_process, self._stop_timeout)
        finally:
            if folder is not None:
                # Usually the reaper has deleted it already.
                shutil.rmtree(folder, ignore_errors=True)
            if log is not None:
                os.close(log)

    def detach(self) -> int:
        """Leave it running after this process ends. Returns the id of the process that stops everything on SIGTERM."""
        running = self._running()
        assert running.stdin is not None
        # First: after STAY, stop() could no longer end it. Until then it ends with this process.
        self._reaper, self._folder = None, None
        running.stdin.write(reaper.STAY)
        running.stdin.close()
        # Nobody waits for it now. Without a return code, Popen would warn.
        running.returncode = 0
        return running.pid

    # ------------------------------------------------------------- addresses

    @property
    def process_id(self) -> int:
        """The id of the process that stops everything on SIGTERM."""
        return self._running().pid

    @property
    def port(self) -> int:
        """The port it listens on."""
        self._running()
        return self._port

    @property
    def endpoint_url(self) -> str:
        """The endpoint of all emulated services."""
        return f"https://{HOST}:{self.port}"

    @property
    def ca_bundle(self) -> Path:
        """The CA certificate that clients must trust; deleted with the emulator."""
        return self._certificates().authority

    @property
    def trust_store(self) -> certificates.TrustStore:
        """The same trust for Java."""
        return self._certificates().trust_store

    @property
    def credentials(self) -> Credentials:
        """The deployer's: an administrator, but subject to policies."""
        if self._deployer is None:
            raise EmulatorError("the emulator is not started")
        return self._deployer

    # --------------------------------------------------------------- callers

    def client(self, service: str, credentials: Credentials | None = None, *, attempts: int = 3) -> Any:
        """A boto3 client of `service`, as the deployer unless other credentials are given. Clients are cached.

        Use `attempts` 1 for calls that must not be retried when only the response was lost.
        """
        chosen = credentials or self.credentials
        key = (service, chosen, attempts)
        if key not in self._clients:
            self._session = self._session or new_session()
            self._clients[key] = self._endpoint().connect(self._session, service, chosen, attempts)
        return self._clients[key]

    def environment(self, credentials: Credentials | None = None) -> dict[str, str]:
        """The full environment of a process (AWS CLI, Spark) that must reach this emulator and no other."""
        return self._endpoint().environment(credentials or self.credentials)

    def role_credentials(self, role: str) -> Credentials:
        """Credentials of a session of `role` (a name or an ARN), even if only an AWS service may assume it."""
        iam, sts = self.client("iam", _ROOT), self.client("sts", _ROOT)
        arn = role if role.startswith("arn:") else iam.get_role(RoleName=role)["Role"]["Arn"]
        session = sts.assume_role(RoleArn=arn, RoleSessionName="harness")["Credentials"]
        return Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])

    def log_tail(self, size: int = _LOG_TAIL_BYTES) -> str:
        """The end of the emulator's own log."""
        if self._log is None:
            return ""
        end = os.fstat(self._log).st_size
        return os.pread(self._log, size, max(0, end - size)).decode(errors="replace")

    # --------------------------------------------------------------- details

    def _running(self) -> subprocess.Popen[bytes]:
        if self._reaper is None:
            raise EmulatorError("the emulator is not started")
        return self._reaper

    def _endpoint(self) -> Endpoint:
        return Endpoint(self.endpoint_url, self.region, self.ca_bundle)

    def _certificates(self) -> certificates.Certificates:
        if self._files is None or self._folder is None:
            raise EmulatorError("the emulator is not started")
        return self._files

    def _launch(self, port: int) -> None:
        folder = reaper.unmade_folder("emulated-aws-")
        self._folder, self._port = folder, port
        folder.mkdir(mode=0o700)
        for name in ("tls", "tmp", "home"):
            (folder / name).mkdir()
        self._files = certificates.issue(folder / "tls")
        # Kept open, so that its tail can be read after the folder is deleted.
        log_file = self._wanted_log or folder / "emulator.log"
        self._log = os.open(log_file, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644)
        emulator = [sys.executable, "-m", "harness.emulator.serve"]
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__, str(folder), *emulator],
            cwd=_PROJECT,
            env={**server_environment(folder, port, self._files), **self._settings},
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        trust = self._trust()
        while not _answers(self._port, trust):
            if self._running().poll() is not None:
                raise EmulatorError(self._failure("the emulator ended while starting"))
            if time.monotonic() > deadline:
                raise EmulatorError(self._failure(f"the emulator was not ready after {self._start_timeout:g} s"))
            time.sleep(0.05)

    def _trust(self) -> ssl.SSLContext:
        # Only this emulator has a certificate from this CA, so no other one can answer for it.
        return ssl.create_default_context(cafile=str(self.ca_bundle))

    def _failure(self, what: str) -> str:
        tail = self.log_tail()
        if "already in use" in tail or "Address already in use" in tail:
            return f"port {self._port} is already in use"
        return f"{what}; its log ends:\n{tail}" if tail else what

    def _create_deployer(self) -> Credentials:
        iam = self.client("iam", _ROOT)
        iam.create_user(UserName=_DEPLOYER)
        iam.attach_user_policy(UserName=_DEPLOYER, PolicyArn=_ADMINISTRATOR)
        key = iam.create_access_key(UserName=_DEPLOYER)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def _claim(port: int | None) -> int:
    """`port` if it is free; for None, a free one."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            reason = "is already in use" if port and port >= 1024 else f"cannot be used: {error.strerror}"
            raise EmulatorError(f"port {port} {reason}") from error
        claimed: int = probe.getsockname()[1]
        return claimed


def _answers(
    port: int, trust: ssl.SSLContext, method: str = "GET", path: str = "/_ministack/ready", timeout: float = 5
) -> bool:
    connection = http.client.HTTPSConnection(HOST, port, timeout=timeout, context=trust)
    try:
        connection.request(method, path)
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
        # The reaper finishes by itself. If it were killed, the processes that it watches would stay.
        process.returncode = 0
        raise SlowToStop(f"the emulator is still stopping after {timeout:g} s (process {process.pid})") from None
