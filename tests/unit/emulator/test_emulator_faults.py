"""Faults on purpose hit requests of role sessions alone, before or after their effect, and each is written down."""

import asyncio
import random

import pytest

from harness.emulator.overlay import faults
from harness.emulator.overlay.faults import KILLED, NO_ANSWER, REFUSALS, THROTTLED, Fate, failing, made


class Drawn(random.Random):
    """Draws what it is told to: whether something goes wrong, how, for how long, and when."""

    def __init__(self, *, wrong: bool, kind: str = THROTTLED, length: int = 1, after: int = 0, before: bool = True):
        super().__init__()
        self.wrong, self.kind, self.length, self.after, self.before = wrong, kind, length, after, before

    def randrange(self, stop):  # type: ignore[override]
        return (0 if self.wrong else stop - 1) if stop == 1_000 else self.after

    def choice(self, _):  # type: ignore[override]
        return self.kind

    def randint(self, *_):  # type: ignore[override]
        return self.length

    def random(self):
        return 0.0 if self.before else 0.9


class Service:
    """A service that counts its effects."""

    def __init__(self):
        self.effects = 0

    async def handle(self, *_):
        self.effects += 1
        return 200, {}, b"done"


class Process:
    killed = 0

    def kill(self):
        self.killed += 1


class Worker:
    def __init__(self):
        self._proc = Process()


def ask(handler, key="ASIAFUNCTION"):
    headers = {"authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261203/us-east-1/s3/aws4_request, Signature=0"}
    return asyncio.run(handler("PUT", "/", headers, b"", {}))


@pytest.fixture
def made_so_far(tmp_path):
    return lambda: {kind: count for kind, count in made(tmp_path / "faults").items() if count}


def fate_of(tmp_path, **drawn):
    return Fate(Drawn(**drawn), tmp_path / "faults")


@pytest.mark.parametrize("service", REFUSALS)
@pytest.mark.parametrize(("kind", "effects"), [(THROTTLED, 0), (NO_ANSWER, 2)])
def test_an_outage_fails_so_many_requests_before_or_after_their_effect(tmp_path, made_so_far, service, kind, effects):
    aws, fate = Service(), fate_of(tmp_path, wrong=True, kind=kind, length=2)
    handler = failing(aws.handle, service, fate)

    answers = [ask(handler), ask(handler)]
    fate.chance.wrong = False

    refusal = REFUSALS[service][kind == NO_ANSWER]
    assert [status for status, _, _ in answers] == [refusal.status] * 2
    assert all(refusal.code.encode() in body for _, _, body in answers)
    assert (aws.effects, made_so_far()) == (effects, {kind: 2})
    assert ask(handler)[0] == 200


def test_the_deployers_requests_never_fail(tmp_path, made_so_far):
    aws = Service()
    handler = failing(aws.handle, "s3", fate_of(tmp_path, wrong=True))

    assert ask(handler, "AKIADEPLOYER")[0] == 200
    assert made_so_far() == {}


@pytest.mark.parametrize(("before", "effects"), [(True, 1), (False, 2)])
def test_a_doomed_invocation_is_killed_before_or_after_a_request(tmp_path, made_so_far, before, effects):
    aws, worker, fate = Service(), Worker(), fate_of(tmp_path, wrong=True, after=1, before=before)
    handler = failing(aws.handle, "s3", fate)

    with fate.perhaps_doomed("ASIAFUNCTION", worker):
        fate.chance.wrong = False
        ask(handler, "ASIAOTHER")
        assert ask(handler)[0] == 200
        assert worker._proc.killed == 0
        assert ask(handler)[0] >= 500
    ask(handler)

    assert worker._proc.killed == 1
    # Of the other session, and after the invocation: those have effects.
    assert aws.effects == effects + 2
    assert made_so_far() == {KILLED: 1}


def test_an_invocation_that_ends_first_is_not_killed(tmp_path, made_so_far):
    worker, fate = Worker(), fate_of(tmp_path, wrong=True)

    with fate.perhaps_doomed("ASIAFUNCTION", worker):
        pass

    assert not fate.kill("ASIAFUNCTION")
    assert (worker._proc.killed, made_so_far()) == (0, {})


def test_a_kind_that_happens_is_written_down(tmp_path, made_so_far):
    assert fate_of(tmp_path, wrong=True).happens(1, faults.BATCHES_AGAIN)
    assert not fate_of(tmp_path, wrong=False).happens(1, faults.BATCHES_AGAIN)

    assert made_so_far() == {faults.BATCHES_AGAIN: 1}


def test_without_a_seed_nothing_is_patched(monkeypatch):
    from ministack import app

    monkeypatch.delenv(faults.SEED, raising=False)
    before = dict(app.SERVICE_HANDLERS)

    faults.install()

    assert before == app.SERVICE_HANDLERS
