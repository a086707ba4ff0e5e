"""cfn-lint, in-process: its rules are built once, which is most of what it costs."""

from __future__ import annotations

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
from harness.gate.engines.outcome import Failure, Judged, Outcome

#: Every commercial region that cfn-lint has schemas for; the template may be deployed in any of them.
COMMERCIAL = tuple(
    sorted(region for region in REGIONS if not region.startswith(("cn-", "us-gov-", "us-iso", "eu-isoe")))
)
#: The renderings are for one region; what a region lacks is asked of the source.
RENDERED_REGION = ("us-east-1",)
#: What only a source can do wrong: in a rendering every availability zone is written out.
OF_SOURCES = ("W3010",)
#: A process of its own takes two seconds to load the rules; a template takes one to judge.
WORTH_PROCESSES = 6


class CfnLint:
    """All of cfn-lint's rules, informational ones included on the source. What a template says of itself is ignored."""

    name = "cfn-lint"
    version = __version__

    def judge(self, things: Sequence[Judged]) -> list[Outcome]:
        """See `Engine`. Each core takes its share, in a process of its own."""
        texts = [(thing.name, thing.source_text or thing.json, thing.is_source) for thing in things]
        if len(texts) < WORTH_PROCESSES:
            return [lint(*each) for each in texts]
        with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
            return list(pool.map(lint, *zip(*texts, strict=True)))


@cache
def _rules() -> Any:
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)
    return Rules.create_from_directory(str(Path(cfnlint.__file__).parent / "rules"))


def lint(name: str, text: str, is_source: bool) -> Outcome:
    """One template's outcome. Raises EngineError if cfn-lint breaks on it."""
    template, errors = decode_str(text)
    if errors or template is None:
        return Outcome([*map(_failure, errors)])
    if isinstance(template.get("Metadata"), dict):
        # It could configure rules there, which is another way to switch them off.
        template["Metadata"].pop("cfn-lint", None)
    config = ConfigMixIn(
        # Nor does a .cfnlintrc in somebody's home or working directory have a say.
        config_file=os.devnull,
        regions=[*(COMMERCIAL if is_source else RENDERED_REGION)],
        include_checks=["I"] if is_source else [],
        ignore_checks=[] if is_source else list(OF_SOURCES),
        # Says that a template's own Metadata may switch off nothing.
        mandatory_checks=["E", "I", "W"],
    )
    try:
        return Outcome([*dict.fromkeys(map(_failure, run_template_by_data(template, config, _rules())))])
    except Exception as error:
        raise EngineError(f"cfn-lint broke on {name}: {type(error).__name__}: {error}") from error


def _failure(match: Any) -> Failure:
    # Plain text and numbers: cfn-lint's are nodes that remember lines, and cannot leave their process.
    place = tuple(int(step) if isinstance(step, int) else str(step) for step in match.path or ())
    resource = str(place[1]) if len(place) > 1 and place[0] == "Resources" else ""
    return Failure(str(match.rule.id), resource, place, " ".join(str(match.message).split()))
