"""cfn-lint, in-process: its rules are loaded once, which is most of its run time."""

import json
import logging
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.helpers import REGIONS
from cfnlint.rules import Rules
from cfnlint.runner import run_template_by_data
from cfnlint.version import __version__

from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Failure, Outcome, Target

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
#: A new process takes two seconds to load the rules; a template takes one to judge.
WORTH_PROCESSES = 6


class CfnLint:
    """All cfn-lint rules, on the source including informational ones. Configuration in the template is ignored."""

    name = "cfn-lint"
    version = __version__

    def judge(self, targets: Sequence[Target]) -> list[Outcome]:
        """See `Engine`. Splits the work over one process per core."""
        passes = [
            (index, (target.name, target.source_text or target.json, target.is_source, everywhere))
            for index, target in enumerate(targets)
            for everywhere in ((True, False) if target.is_source else (False,))
        ]
        # The passes over all Regions take longest, so they begin first.
        passes.sort(key=lambda each: not each[1][-1])
        arguments = [argument for _, argument in passes]
        if len(passes) < WORTH_PROCESSES:
            results = [_lint(*each) for each in arguments]
        else:
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=context) as pool:
                results = list(pool.map(_lint, *zip(*arguments, strict=True)))
        found: list[dict[Failure, None]] = [{} for _ in targets]
        for (index, _), failures in zip(passes, results, strict=True):
            found[index].update(dict.fromkeys(failures))
        return [Outcome([*failures]) for failures in found]


def lint(name: str, text: str, is_source: bool) -> Outcome:
    """One template's outcome. Raises EngineError if cfn-lint breaks on it."""
    target = Target(name, {}, source_text=text) if is_source else Target(name, json.loads(text))
    return CfnLint().judge([target])[0]


@cache
def _rules(without: tuple[str, ...] = ()) -> Rules:
    """cfn-lint's rules, reloaded for each selection: a run links rules to each other, and the links persist."""
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)
    loaded = Rules.create_from_directory(str(Path(cfnlint.__file__).parent / "rules"))
    # Left out rather than ignored: rules in `mandatory_checks` cannot be ignored.
    return Rules({key: rule for key, rule in loaded.items() if rule.id not in without})


def _lint(name: str, text: str, is_source: bool, everywhere: bool) -> list[Failure]:
    """What cfn-lint says of a template: in every commercial Region, but for what is blind to Regions, or in one."""
    template, errors = decode_str(text)
    if errors or template is None:
        return [*map(_failure, errors)]
    if isinstance(template.get("Metadata"), dict):
        # A template could disable rules by configuring them there.
        template["Metadata"].pop("cfn-lint", None)
    config = ConfigMixIn(
        # Ignore a .cfnlintrc in the home or working directory.
        config_file=os.devnull,
        regions=[*(COMMERCIAL if everywhere else RENDERED_REGION)],
        include_checks=["I"] if is_source else [],
        ignore_checks=[] if is_source else list(OF_SOURCES),
        # The template's own Metadata may not disable rules.
        mandatory_checks=["E", "I", "W"],
    )
    rules = _rules(REGION_BLIND) if everywhere else _rules()
    try:
        return [*map(_failure, run_template_by_data(template, config, rules))]
    except Exception as error:
        raise EngineError(f"cfn-lint broke on {name}: {type(error).__name__}: {error}") from error


def _failure(match: Any) -> Failure:
    # Plain text and numbers: cfn-lint's own types cannot be sent to another process.
    place = tuple(int(step) if isinstance(step, int) else str(step) for step in match.path or ())
    resource = str(place[1]) if len(place) > 1 and place[0] == "Resources" else ""
    return Failure(str(match.rule.id), resource, place, " ".join(str(match.message).split()))
