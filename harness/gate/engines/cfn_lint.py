"""cfn-lint, through its Python interface: processes that share its rules, and are asked in passes."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.helpers import REGIONS
from cfnlint.runner import run_template_by_data
from cfnlint.version import __version__

from harness import patience
from harness.gate.engines.cfn_lint_rules import Kind, rules_of
from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Failure, Outcome, Target
from harness.gate.engines.watch import SECONDS, Done, hangs, unwatched
from harness.render.dumping import as_json, as_key

#: Every commercial region that cfn-lint has schemas for; the template may be deployed in any of them.
COMMERCIAL = tuple(
    sorted(region for region in REGIONS if not region.startswith(("cn-", "us-gov-", "us-iso", "eu-isoe")))
)
#: Renderings are for one Region; the source is checked in every Region.
RENDERED_REGION = ("us-east-1",)
#: Rules for the source only: in a rendering, every Availability Zone is a literal.
OF_SOURCES = ("W3010",)
#: Below this many passes, more processes would cost more than they save.
WORTH_PROCESSES = 6
PRELOADED = "harness.gate.engines.cfn_lint_preload"


class CfnLint:
    """All cfn-lint rules, on the source including informational ones. Configuration in the template is ignored.

    A context manager: its processes end with it.
    """

    name = "cfn-lint"
    version = __version__

    def __init__(self, silence: float = SECONDS) -> None:
        """If no pass ends within `silence` seconds, it hangs."""
        self._silence = patience.seconds(silence)
        self._pool: ProcessPoolExecutor | None = None
        self._begun: dict[tuple[Kind, str], Future[list[Failure]]] = {}

    def __enter__(self) -> CfnLint:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            # As Python 3.14's kill_workers: one that hangs would keep us alive. Other engines have children too.
            workers = [*self._pool._processes.values()]
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in workers:
                process.kill()
        self._pool, self._begun = None, {}

    def begin(self, source: Target) -> None:
        """Start with the source, which takes longest and needs no scenario."""
        for each in _passes([source]):
            self._submit(each)

    def judge(self, targets: Sequence[Target], done: Done = unwatched) -> list[Outcome]:
        """See `Engine`. Each core takes its share, in a process of its own."""
        passes = [*_passes(targets)]
        with self:
            results = self._results(passes, done)
        found: list[dict[Failure, None]] = [{} for _ in targets]
        of_resource: dict[tuple[str, str], list[Failure]] = {}
        for each, failures in zip(passes, results, strict=True):
            for failure in failures:
                if each.kind is Kind.RESOURCES and failure.resource:
                    of_resource.setdefault((failure.resource, each.bodies[failure.resource]), []).append(failure)
                else:
                    found[each.target][failure] = None
        for of_target, target in zip(found, targets, strict=True):
            if not target.is_source and of_resource:
                for resource in _bodies(target).items():
                    of_target.update(dict.fromkeys(of_resource.get(resource, ())))
        return [Outcome([*failures]) for failures in found]

    def _results(self, passes: Sequence[_Pass], done: Done) -> list[list[Failure]]:
        if not self._begun and len(passes) < WORTH_PROCESSES:
            return [*map(_lint, passes)]
        # The longest first: at the end each core is to have something to do.
        longest_first = sorted(
            range(len(passes)), key=lambda index: (passes[index].kind.value, -len(passes[index].text))
        )
        running = {index: self._submit(passes[index]) for index in longest_first}
        pending = set(running.values())
        while pending:
            finished, pending = wait(pending, self._silence, FIRST_COMPLETED)
            if not finished:
                raise hangs(self.name, self._silence)
            for each in finished:
                each.result()
            done(len(passes) - len(pending), len(passes))
        return [running[index].result() for index in range(len(passes))]

    def _submit(self, asked: _Pass) -> Future[list[Failure]]:
        key = asked.kind, asked.text
        if key not in self._begun:
            if self._pool is None:
                # Forked where no thread of ours runs, from a process that has loaded the rules.
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload([PRELOADED])
                self._pool = ProcessPoolExecutor(os.cpu_count(), mp_context=context)
            self._begun[key] = self._pool.submit(_lint, asked)
        return self._begun[key]


@dataclass(frozen=True)
class _Pass:
    target: int
    kind: Kind
    name: str
    text: str
    #: Of the resources it is about, as text.
    bodies: Mapping[str, str] = field(default_factory=dict)


def _passes(targets: Sequence[Target]) -> Iterator[_Pass]:
    """A rule that is asked about each resource by itself is asked once about those that are equal in name and body."""
    seen: set[tuple[str, str]] = set()
    for index, target in enumerate(targets):
        if target.is_source:
            yield _Pass(index, Kind.EVERYWHERE, target.name, target.source_text)
            yield _Pass(index, Kind.SOURCE, target.name, target.source_text)
            continue
        yield _Pass(index, Kind.WHOLE, target.name, target.json)
        bodies = _bodies(target)
        rest = "", as_key({**target.template, "Resources": {}})
        new = {name: body for name, body in bodies.items() if (name, body) not in seen}
        if rest not in seen:
            # cfn-lint wants a resource beside it.
            new = new or dict([*bodies.items()][:1])
        seen.update(new.items(), [rest])
        if new:
            resources = {name: target.template["Resources"][name] for name in new}
            yield _Pass(index, Kind.RESOURCES, target.name, as_json({**target.template, "Resources": resources}), new)


def _bodies(target: Target) -> dict[str, str]:
    return {name: as_key(body) for name, body in target.template["Resources"].items()}


def lint(name: str, text: str, is_source: bool) -> Outcome:
    """One template's outcome. Raises EngineError if cfn-lint breaks on it."""
    target = Target(name, {}, source_text=text) if is_source else Target(name, json.loads(text))
    return CfnLint().judge([target])[0]


def _lint(asked: _Pass) -> list[Failure]:
    """What cfn-lint says in one pass."""
    template, errors = decode_str(asked.text)
    if errors or template is None:
        return [*map(failure, errors)]
    if isinstance(template.get("Metadata"), dict):
        # It could configure rules there, which is another way to switch them off.
        template["Metadata"].pop("cfn-lint", None)
    of_source = asked.kind in (Kind.EVERYWHERE, Kind.SOURCE)
    config = ConfigMixIn(
        # Nor does a .cfnlintrc in somebody's home or working directory have a say.
        config_file=os.devnull,
        regions=[*(COMMERCIAL if asked.kind is Kind.EVERYWHERE else RENDERED_REGION)],
        include_checks=["I"] if of_source else [],
        ignore_checks=[] if of_source else list(OF_SOURCES),
        # Says that a template's own Metadata may switch off nothing.
        mandatory_checks=["E", "I", "W"],
    )
    try:
        return [*map(failure, run_template_by_data(template, config, rules_of(asked.kind)))]
    except Exception as error:
        raise EngineError(f"cfn-lint broke on {asked.name}: {type(error).__name__}: {error}") from error


def failure(match: Any) -> Failure:
    """One of cfn-lint's matches."""
    # Plain text and numbers: cfn-lint's own types cannot be sent to another process.
    place = tuple(int(step) if isinstance(step, int) else str(step) for step in match.path or ())
    resource = str(place[1]) if len(place) > 1 and place[0] == "Resources" else ""
    return Failure(str(match.rule.id), resource, place, " ".join(str(match.message).split()))
