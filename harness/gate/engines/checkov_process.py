"""Checkov, as a process in a separate environment: it pins a hundred libraries."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness import patience
from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Failure, Outcome, Place, Target
from harness.gate.engines.watch import SECONDS, Done, hangs, unwatched

ROOT = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("checkov_worker.py")
#: Set by tox; the default is tox's path.
PYTHON = "CHECKOV_PYTHON"
#: The message where one of Checkov's own checks raised an exception.
BREAKS = "this check of Checkov's breaks on it."


class Checkov:
    """Checkov with its own checks and the policies of one folder, through a long-running worker.

    A context manager: the worker ends with it. It loads while others work; who asks first waits for it.
    """

    name = "checkov"

    def __init__(
        self, folder: Path, policies: Sequence[str], own_checks: bool = True, silence: float = SECONDS
    ) -> None:
        """If an answer takes longer than `silence` seconds, it hangs."""
        python = Path(os.environ.get(PYTHON) or ROOT / ".tox" / "checkov-environment" / "bin" / "python")
        if not python.exists():
            raise EngineError(
                f"Checkov's environment is not there ({python}); `tox -e checkov-environment --notest` sets it up"
            )
        #: Whether Checkov's own checks judge too; may be changed between two calls.
        self.own_checks = own_checks
        self._policies = frozenset(policies)
        self._silence = patience.seconds(silence)
        self._process = subprocess.Popen(
            [str(python), "-I", str(WORKER), str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    @cached_property
    def version(self) -> str:
        """Checkov's release; known when it has loaded. Raises EngineError if it cannot."""
        hello = self._answer()
        if missing := self._policies - set(hello.get("custom", [])):
            raise EngineError(f"Checkov did not load {', '.join(sorted(missing))}")
        return str(hello.get("version"))

    def __enter__(self) -> Checkov:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the worker."""
        if self._process.stdin:
            with suppress(OSError):  # it has exited without reading everything
                self._process.stdin.close()
        try:
            self._process.wait(patience.seconds(10))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    def judge(self, targets: Sequence[Target], done: Done = unwatched) -> list[Outcome]:
        """See `Engine`."""
        outcomes: list[Outcome] = []
        with TemporaryDirectory(prefix="checkov-") as folder:
            for index, target in enumerate(targets):
                path = Path(folder, f"{index:06}.json")
                path.write_text(target.json)
                outcomes.append(
                    self._outcome(
                        self._ask({"template": str(path), "checks": "all" if self.own_checks else "custom"}), target
                    )
                )
                path.unlink()
                done(len(outcomes), len(targets))
        return outcomes

    def _ask(self, request: dict[str, str]) -> dict[str, Any]:
        assert self._process.stdin is not None
        _ = self.version  # its first answer, when it has loaded
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise EngineError(f"Checkov's worker is gone: {self._last_words()}") from error
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        alarm = threading.Timer(self._silence, self._process.kill)
        alarm.daemon = True  # Ctrl-C must not wait for it
        alarm.start()
        line = self._process.stdout.readline()
        if not alarm.is_alive():
            raise hangs("Checkov", self._silence)
        alarm.cancel()
        if not line:
            raise EngineError(f"Checkov's worker ended: {self._last_words()}")
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise EngineError(f"Checkov's answer is not JSON: {line.strip()[:100]}") from error
        if "error" in answer:
            raise EngineError(f"Checkov broke: {answer['error']}")
        return answer

    def _last_words(self) -> str:
        self._process.kill()
        said = self._process.stderr.read() if self._process.stderr else ""
        return (said.strip().splitlines() or ["no message"])[-1]

    def _outcome(self, answer: dict[str, Any], target: Target) -> Outcome:
        if answer.get("parse_error"):
            raise EngineError(f"Checkov could not read {target.name}")
        outcome = Outcome([_failure(each) for each in answer["failed"]])
        outcome.failures += [
            Failure(each["id"], each["resource"], ("Resources", each["resource"]), BREAKS) for each in answer["crashed"]
        ]
        failed = {failure.rule for failure in outcome.failures}
        # Failed on a value that is still a function: the renderings decide.
        outcome.unevaluated = {each["id"] for each in answer["undecided"]} - failed
        if outcome.unevaluated and not target.is_source:
            undecided = ", ".join(sorted(outcome.unevaluated))
            raise EngineError(f"Checkov found a function in {target.name}, which is rendered: {undecided}")
        outcome.passed = {each["id"] for each in answer["passed"]} - failed - outcome.unevaluated
        outcome.not_applicable = set(self._policies) - outcome.passed - failed - outcome.unevaluated
        return outcome


def _failure(report: dict[str, Any]) -> Failure:
    resource = report["resource"].split(".")[-1]
    keys = [key for key in report.get("keys") or [] if key]
    place: Place = ("Resources", resource)
    if len(keys) == 1:
        steps = keys[0].replace("[", "/").replace("]", "").split("/")
        place = (*place, *(int(step) if step.isdigit() else step for step in steps if step))
    name, _, fix = report["name"].partition(" Fix: ")
    return Failure(report["id"], resource, place, name.rstrip(".") + ".", fix)
