"""Faults on purpose: requests are throttled or lose their answers, functions are killed, deliveries come twice.

Only requests of role sessions fail: the functions' and the job's. Each fault is drawn in the order of what happens, so
a seed repeats the mix of faults, and not the run: several processes work at once.
"""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

#: The setting of `process.Emulator` that switches faults on: their seed.
SEED = "FAULTS_SEED"
#: The setting that names the report: a line for each fault, with its kind.
REPORT = "FAULTS_REPORT"

THROTTLED, NO_ANSWER, KILLED = "requests throttled", "answers lost", "functions killed"
BATCHES_AGAIN, NOTIFICATIONS_AGAIN = "batches delivered again", "notifications sent twice"
KINDS = (THROTTLED, NO_ANSWER, KILLED, BATCHES_AGAIN, NOTIFICATIONS_AGAIN)

#: Of a thousand requests, those that begin an outage, half of them before the effect and half after it.
_OUTAGES = 60
#: An outage lasts this many requests of the service at most: once in a while more than a client tries (three times).
_LONGEST_OUTAGE = 4
#: Of a thousand invocations, those that are killed within their first requests, and those whose answer is lost.
_KILLS, _LOST_INVOCATIONS = 400, 150
#: A batch of the consumer makes some ten requests.
_REQUESTS_BEFORE_A_KILL = 8
#: Of a thousand notifications.
_SENT_TWICE = 250
#: A failed message is visible again after this time instead of the queue's visibility timeout, which takes minutes.
_VISIBLE_AFTER_SECONDS = 0.5

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[..., Coroutine[Any, Any, Answer]]


class Refusal(NamedTuple):
    """How a service says that it is busy: status, error code, and whether it answers in XML."""

    status: int
    code: str
    is_xml: bool = False

    def answer(self) -> Answer:
        """The response."""
        if self.is_xml:
            text = f"<Error><Code>{self.code}</Code><Message>A fault on purpose.</Message></Error>"
            return self.status, {"Content-Type": "application/xml"}, text.encode()
        text = json.dumps({"__type": self.code, "message": "A fault on purpose."})
        return self.status, {"Content-Type": "application/x-amz-json-1.1"}, text.encode()


#: Before the effect, and after it.
REFUSALS: dict[str, tuple[Refusal, Refusal]] = {
    "s3": (Refusal(503, "SlowDown", is_xml=True), Refusal(500, "InternalError", is_xml=True)),
    "dynamodb": (Refusal(400, "ProvisionedThroughputExceededException"), Refusal(500, "InternalServerError")),
    "sqs": (Refusal(400, "RequestThrottled"), Refusal(500, "InternalFailure")),
    "glue": (Refusal(400, "ThrottlingException"), Refusal(500, "InternalServiceException")),
}


@dataclass
class Fate:
    """What goes wrong next."""

    chance: random.Random
    report: Path
    #: By service: the kind of the outage that it has, and for how many requests.
    outages: dict[str, tuple[str, int]] = field(default_factory=dict)
    #: Running invocations that are to be killed: requests to go, by worker and access key.
    doomed: dict[tuple[str, Any], int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def happens(self, per_mille: int, kind: str) -> bool:
        """Whether this one goes wrong; then it is written down."""
        with self.lock:
            if self.chance.randrange(1_000) >= per_mille:
                return False
            self._note(kind)
            return True

    def of_request(self, service: str) -> str | None:
        """The kind of fault that a request of the service has."""
        with self.lock:
            kind, left = self.outages.get(service, ("", 0))
            if not left:
                if self.chance.randrange(1_000) >= _OUTAGES:
                    return None
                kind = self.chance.choice((THROTTLED, NO_ANSWER))
                left = self.chance.randint(1, _LONGEST_OUTAGE)
            self.outages[service] = (kind, left - 1)
            self._note(kind)
            return kind

    @contextmanager
    def perhaps_doomed(self, access_key: str, worker: Any) -> Iterator[None]:
        """An invocation, which may be killed before or after one of its requests."""
        with self.lock:
            if doomed := self.chance.randrange(1_000) < _KILLS:
                self.doomed[access_key, worker] = self.chance.randrange(_REQUESTS_BEFORE_A_KILL)
        try:
            yield
        finally:
            if doomed:
                with self.lock:
                    self.doomed.pop((access_key, worker), None)

    def kill(self, access_key: str) -> bool:
        """Count a request of this session, and kill the invocations whose time has come; whether there were any.

        Workers of a function share a session, so the one that dies may be another than the one that asks.
        """
        with self.lock:
            due = [key for key, left in self.doomed.items() if key[0] == access_key and not left]
            self.doomed = {key: left - (key[0] == access_key) for key, left in self.doomed.items() if key not in due}
            for _, worker in due:
                # It may have ended meanwhile.
                if process := worker._proc:
                    process.kill()
                    self._note(KILLED)
            return bool(due)

    def before_the_effect(self) -> bool:
        """Whether a kill comes before the effect of the request, and not after."""
        with self.lock:
            return self.chance.random() < 0.5

    def _note(self, kind: str) -> None:
        with self.report.open("a") as file:
            file.write(json.dumps(kind) + "\n")


def install() -> None:
    """Patch MiniStack to make faults, if they are asked for."""
    if SEED not in os.environ:
        return
    from ministack import app
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc, s3

    fate = Fate(random.Random(int(os.environ[SEED])), Path(os.environ[REPORT]))
    for service in REFUSALS:
        app.SERVICE_HANDLERS[service] = failing(app.SERVICE_HANDLERS[service], service, fate)
    invoke = lambda_runtime.Worker.invoke

    @wraps(invoke)
    def perhaps_killed(self: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        key = lambda_runtime.execution_credentials(self.config)["AWS_ACCESS_KEY_ID"]
        with fate.perhaps_doomed(key, self):
            result: dict[str, Any] = invoke(self, *arguments, **named)
            return result

    lambda_runtime.Worker.invoke = perhaps_killed
    execute = lambda_svc._execute_function

    @wraps(execute)
    def answer_perhaps_lost(function: dict[str, Any], event: Any) -> dict[str, Any]:
        result: dict[str, Any] = execute(function, event)
        if not result.get("error") and fate.happens(_LOST_INVOCATIONS, BATCHES_AGAIN):
            return {**result, "error": True}
        return result

    lambda_svc._execute_function = answer_perhaps_lost
    run_batch = lambda_svc._run_sqs_batch

    @wraps(run_batch)
    def soon_visible(mapping: Any, function: Any, event: Any, batch: Any, queue_url: str, queue_name: str) -> None:
        from ministack.services import sqs

        run_batch(mapping, function, event, batch, queue_url, queue_name)
        handled = {message["id"] for message in batch}
        for message in sqs._queues[queue_url]["messages"]:
            if message["id"] in handled:
                message["visible_at"] = time.time() + _VISIBLE_AFTER_SECONDS

    lambda_svc._run_sqs_batch = soon_visible
    send = s3._fire_s3_event

    @wraps(send)
    def perhaps_twice(*arguments: Any, **named: Any) -> None:
        send(*arguments, **named)
        if fate.happens(_SENT_TWICE, NOTIFICATIONS_AGAIN):
            send(*arguments, **named)

    s3._fire_s3_event = perhaps_twice


def failing(handler: Handler, service: str, fate: Fate) -> Handler:
    """The service's handler, which fails some requests of role sessions."""
    throttled, no_answer = REFUSALS[service]

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        access_key = headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]
        # Of a role's session: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        if not access_key.startswith("ASIA"):
            return await handler(method, path, headers, body, query)
        before = fate.before_the_effect()
        if before and fate.kill(access_key):
            return throttled.answer()
        fault = fate.of_request(service)
        if fault == THROTTLED:
            return throttled.answer()
        answer = await handler(method, path, headers, body, query)
        killed = not before and fate.kill(access_key)
        return no_answer.answer() if killed or fault == NO_ANSWER else answer

    return handle


def made(report: Path) -> dict[str, int]:
    """How many faults of each kind a report has."""
    lines = report.read_text().splitlines() if report.exists() else []
    counts = Counter(json.loads(line) for line in lines)
    return {kind: counts[kind] for kind in KINDS}
