"""One interrupt for however many signals."""

import os
import signal
import time

import pytest

from harness.pipeline import command
from harness.pipeline.command import Interrupts


@pytest.fixture
def interrupts():
    """Installs the handlers, and restores the test run's own afterwards."""
    before = {number: signal.getsignal(number) for number in Interrupts.SIGNALS}
    # The tests may be run under nohup themselves.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    listening = Interrupts()
    listening.listen()
    yield listening
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", Interrupts.SIGNALS)
def test_each_signal_is_an_interrupt(interrupts, number):
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def _send(number):
    """A misplaced interrupt would end the whole test run."""
    try:
        os.kill(os.getpid(), number)
    except KeyboardInterrupt:
        pytest.fail(f"{number.name} was an interrupt")


@pytest.mark.parametrize("second", Interrupts.SIGNALS)
def test_a_second_signal_changes_nothing(interrupts, second):
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)

    _send(second)


def test_a_signal_counts_again_when_the_first_has_not_helped(interrupts, monkeypatch):
    """Python drops an interrupt raised in a destructor. Then only SIGKILL would help."""
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    later = time.monotonic() + Interrupts.PATIENCE_SECONDS
    monkeypatch.setattr(command.time, "monotonic", lambda: later)

    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_run_that_is_over_cannot_be_interrupted(interrupts):
    interrupts.over = True

    _send(signal.SIGTERM)


def test_a_hang_up_is_ignored_under_nohup(interrupts):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Interrupts().listen()

    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_an_interrupt_before_the_run_begins_is_reported_and_in_the_summary(tmp_path, monkeypatch, capsys, interrupts):
    """An interrupt can come while options are read and modules are imported, before anything runs."""

    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(command, "FOLDER", tmp_path / "run")
    monkeypatch.setattr("harness.pipeline.options.read_options", interrupted)

    try:
        code = command.main([])
    except KeyboardInterrupt:
        pytest.fail("the interrupt came through")

    assert code == 130
    assert capsys.readouterr().err == "pipeline: interrupted\n"
    assert '"exit_code": 130' in (tmp_path / "run" / "summary.json").read_text()
