"""A process of the simulation: an invocation of a function, or a run of the job. Its calls fail as its faults say."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from .aws.errors import NotModelled, refused


class Fault(StrEnum):
    """What happens at a call of AWS."""

    FAILS = "fails"
    THROTTLED = "throttled"
    DENIED = "denied"
    TIMES_OUT = "times out"
    #: It takes effect, and the answer is lost.
    LOST = "answer lost"
    #: It takes effect, the answer is lost, and the client itself sends it again, as botocore does.
    AGAIN = "sent again"
    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    #: The process stands still; others go on before the call is made.
    STALLS = "stalls"
    #: A query of an index that does not show the last changes.
    LAGS = "index lags"


class Died(BaseException):
    """The process is dead. No code of it can catch this, and no call after it takes effect."""


#: Which fault, if any, a process has at its call of this number, to this operation.
Decide = Callable[["Process", int, str], Fault | None]


@dataclass
class Process:
    """One process."""

    kind: str
    #: The rules that were deployed when it began: see `deployed.Rules`.
    rules: Any
    random: Random
    decide: Decide
    started_at: float
    calls: int = 0
    dead: bool = False
    faults: dict[int, Fault] = field(default_factory=dict)
    thread: "Suspendable | None" = None
    #: The exception that ended it.
    error: Exception | None = None


class Suspendable:
    """Runs a function in a thread that can stand still. One thread runs at a time: this is no concurrency."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._forward, self._back = threading.Lock(), threading.Lock()
        self._forward.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._main, daemon=True)
        self._error: BaseException | None = None
        self.over = False

    def _main(self) -> None:
        self._forward.acquire()
        try:
            self._function()
        except BaseException as error:  # noqa: BLE001 - raised again where the simulation waits
            self._error = error
        self.over = True
        self._back.release()

    def go(self) -> None:
        """Run until it stands still or ends."""
        if not self._thread.is_alive() and not self.over:
            self._thread.start()
        self._forward.release()
        self._back.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def stand_still(self) -> None:
        """Called in the thread: let the simulation go on until it lets this go on."""
        self._back.release()
        self._forward.acquire()


class Calls:
    """Every call that a process makes goes through here, and is counted with its fault."""

    def __init__(self) -> None:
        self.current: Process | None = None
        #: (process and operation, fault or "none") -> how often.
        self.cells: Counter[tuple[str, str]] = Counter()

    def __call__(self, operation: str, do: Callable[..., Any], *args: Any, **request: Any) -> Any:
        """Make a call for the current process."""
        process = self.current
        if process is None:
            raise NotModelled(f"{operation} outside of any process")
        if process.dead:
            raise Died
        number = process.calls
        process.calls += 1
        fault = process.decide(process, number, operation)
        if fault is not None:
            process.faults[number] = fault
        self.cells[f"{process.kind} {operation}", fault or ""] += 1
        match fault:
            case None:
                return do(*args, **request)
            case Fault.LAGS:
                return do(*args, **request, lag=1 + process.random.randrange(3))
            case Fault.FAILS:
                raise refused(operation, "InternalError", 500)
            case Fault.THROTTLED:
                raise refused(operation, *_THROTTLED[operation.partition(":")[0]])
            case Fault.DENIED:
                raise refused(operation, "AccessDenied", 403)
            case Fault.TIMES_OUT:
                raise ReadTimeoutError(endpoint_url=operation)
            case Fault.LOST:
                # A refusal is an answer, too.
                with suppress(ClientError):
                    do(*args, **request)
                raise ConnectionClosedError(endpoint_url=operation)
            case Fault.AGAIN:
                do(*args, **request)
                return do(*args, **request)
            case Fault.DIES_BEFORE:
                process.dead = True
                raise Died
            case Fault.DIES_AFTER:
                do(*args, **request)
                process.dead = True
                raise Died
            case Fault.STALLS:
                self._stall(process)
                return do(*args, **request)

    def _stall(self, process: Process) -> None:
        assert process.thread is not None
        process.thread.stand_still()
        if process.dead:
            raise Died


_THROTTLED = {
    "s3": ("SlowDown", 503),
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "sqs": ("ThrottlingException", 400),
    "glue": ("ThrottlingException", 400),
    "spark": ("SlowDown", 503),
}


class Client:
    """A boto3 client, whose calls are a process's."""

    def __init__(self, calls: Calls, service: str, backend: Any) -> None:
        self._calls, self._service, self._backend = calls, service, backend

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._backend, name, None)
        if method is None:
            raise NotModelled(f"{self._service}.{name}")
        calls, operation = self._calls, f"{self._service}:{name}"

        def call(*args: Any, **request: Any) -> Any:
            return calls(operation, method, *args, **request)

        # Looked up once: https://docs.python.org/3/reference/datamodel.html#object.__getattr__
        self.__dict__[name] = call
        return call


class InOrder:
    """For `ThreadPoolExecutor`: runs what it is given in an order of the process's own, without threads.

    After a failure, those that a pool would already have begun may still run; the first failure, in the order given,
    is raised.
    """

    calls: Calls

    def __init__(self, max_workers: int | None = None) -> None:
        self._max_workers = max_workers

    def __enter__(self) -> "InOrder":
        return self

    def __exit__(self, *raised: object) -> None:
        """Everything has ended."""

    def map(self, do: Callable[[Any], Any], things: Any) -> list[Any]:
        """The results, in the order of the things."""
        process = self.calls.current
        assert process is not None
        given = list(things)
        results: list[Any] = [None] * len(given)
        order = list(range(len(given)))
        process.random.shuffle(order)
        failures: dict[int, Exception] = {}
        for number in order:
            if failures and process.random.random() < 0.5:
                continue
            try:
                results[number] = do(given[number])
            except Exception as error:  # noqa: BLE001 - raised below
                failures[number] = error
        if failures:
            raise failures[min(failures)]
        return results
