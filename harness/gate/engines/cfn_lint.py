"""cfn-lint, in-process: its rules are loaded once, which is most of its run time."""

import json
import logging
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.helpers import REGIONS
from cfnlint.rules import CloudFormationLintRule, Rules
from cfnlint.runner import run_template_by_data
from cfnlint.version import __version__

from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Failure, Outcome, Target
from harness.render.dumping import as_json, as_key

#: Every commercial region that cfn-lint has schemas for; the template may be deployed in any of them.
COMMERCIAL = tuple(
    sorted(region for region in REGIONS if not region.startswith(("cn-", "us-gov-", "us-iso", "eu-isoe")))
)
#: Renderings are for one Region; the source is checked in every Region.
RENDERED_REGION = ("us-east-1",)
#: Rules for the source only: in a rendering, every Availability Zone is a literal.
OF_SOURCES = ("W3010",)
#: The rules for IAM policy documents write out every `Fn::Sub` in each Region that they are given, which took four
#: fifths of the gate's time with cfn-lint; none of them asks for the Region (only the partition, which is the same).
REGION_BLIND = ("E3510", "E3512", "E3513")
#: The rule that walks through a template and asks the others on its way, and its parts that lead to a DependsOn.
WALKS_TEMPLATE, WALKS_RESOURCES = "E1001", ("E1101", "E3001")
#: Rules that are asked about one resource, and look at others; besides those that are given the template.
COMPARES_RESOURCES = ("E3005", "W3005")
#: A new process takes two seconds to load the rules; a template takes one to judge.
WORTH_PROCESSES = 6


class CfnLint:
    """All cfn-lint rules, on the source including informational ones. Configuration in the template is ignored."""

    name = "cfn-lint"
    version = __version__

    def judge(self, targets: Sequence[Target]) -> list[Outcome]:
        """See `Engine`. Each core takes its share, in a process of its own."""
        passes = [*_passes(targets)]
        # The passes over all Regions take longest, so they begin first.
        passes.sort(key=lambda each: each.kind is not Kind.EVERYWHERE)
        if len(passes) < WORTH_PROCESSES:
            results = [*map(_lint, passes)]
        else:
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=context) as pool:
                results = list(pool.map(_lint, passes))
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


class Kind(Enum):
    """What a pass over a template asks."""

    #: A source, in every commercial Region: all but what is blind to Regions.
    EVERYWHERE = auto()
    #: A source, in one Region: all.
    SOURCE = auto()
    #: A rendering: what compares resources, or is about the template.
    WHOLE = auto()
    #: The resources of a rendering that no earlier one has: all the rest.
    RESOURCES = auto()


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


def all_rules() -> Rules:
    """All that cfn-lint brings."""
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)
    return Rules.create_from_directory(str(Path(cfnlint.__file__).parent / "rules"))


@cache
def _rules(kind: Kind) -> Rules:
    """cfn-lint's rules, loaded anew for each choice: a run links them to each other, and the links would stay."""
    loaded = all_rules()
    of_templates = {each.id for each in loaded.values() if type(each).match is not CloudFormationLintRule.match}
    compared = of_templates | set(COMPARES_RESOURCES)
    left_out = {
        Kind.EVERYWHERE: set(REGION_BLIND),
        Kind.SOURCE: set(),
        Kind.WHOLE: {each.id for each in loaded.values()} - compared - set(WALKS_RESOURCES),
        Kind.RESOURCES: compared - {WALKS_TEMPLATE},
    }[kind]
    # Left out and not ignored: what `mandatory_checks` names cannot be ignored.
    return Rules({key: rule for key, rule in loaded.items() if rule.id not in left_out})


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
        return [*map(failure, run_template_by_data(template, config, _rules(asked.kind)))]
    except Exception as error:
        raise EngineError(f"cfn-lint broke on {asked.name}: {type(error).__name__}: {error}") from error


def failure(match: Any) -> Failure:
    """One of cfn-lint's matches."""
    # Plain text and numbers: cfn-lint's own types cannot be sent to another process.
    place = tuple(int(step) if isinstance(step, int) else str(step) for step in match.path or ())
    resource = str(place[1]) if len(place) > 1 and place[0] == "Resources" else ""
    return Failure(str(match.rule.id), resource, place, " ".join(str(match.message).split()))
