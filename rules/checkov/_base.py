"""What our Checkov policies derive from. `rules.lib.iam` reads the IAM statements for them, as it does for the checks.

No policy of the project lives here. Checkov imports this file with the others; it registers nothing.
"""

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck
from checkov.common.models.enums import CheckCategories, CheckResult
from harness.render.resources import Resource
from rules.lib.iam import ROLE_POLICIES, Path, Statement, Unreadable, role_statements

_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+")


def properties(conf: dict[str, Any]) -> dict[str, Any]:
    """A resource's properties; empty where there are none, or where something else stands."""
    return as_resource(conf).properties


def as_resource(conf: dict[str, Any]) -> Resource:
    """What Checkov hands over, as the readers of `rules.lib` take it. Checkov judges one resource without its name."""
    return Resource("", str(conf.get("Type")), conf, "", "")


def is_name(value: Any) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def is_key_arn(value: Any) -> bool:
    """Whether it is the ARN of a KMS key. An alias is not: it can be pointed at another key."""
    return isinstance(value, str) and bool(_KEY_ARN.fullmatch(value))


def place(path: Path) -> str:
    """A path in Checkov's notation, in which indexes have brackets."""
    return "/".join(f"[{step}]" if isinstance(step, int) else step for step in path)


class Check(BaseResourceCheck):
    """A policy of this project: `problems` tells each place that is wrong, with a sentence; none is a pass."""

    def __init__(self, check_id: str, slug: str, sentence: str, fix: str, targets: Iterable[str]) -> None:
        super().__init__(
            name=f"{sentence} Fix: {fix}",
            id=check_id,
            categories=[self.category],
            supported_resources=list(targets),
            guideline=f"rules/checkov/{check_id.lower()}_{slug}.py",
        )

    category = CheckCategories.IAM

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Checkov's question. `evaluated_keys` is the first wrong place, `details` are the sentences."""
        try:
            found = list(self.problems(_without_line_numbers(conf)))
        except Unreadable as odd:
            found = [(place(odd.path), f"{odd}, so nobody can tell what it grants.")]
        self.evaluated_keys = [found[0][0] if found else "Properties"]
        self.details = [f"{path}: {sentence}" for path, sentence in found]
        return CheckResult.FAILED if found else CheckResult.PASSED

    @abstractmethod
    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The wrong places of a resource."""


class EncryptionCheck(Check):
    """A policy on how a resource encrypts."""

    category = CheckCategories.ENCRYPTION


class GrantCheck(Check):
    """Judges every statement by which a role's policies grant something."""

    def __init__(self, check_id: str, slug: str, sentence: str, fix: str) -> None:
        super().__init__(check_id, slug, sentence, fix, ROLE_POLICIES)

    def problems(self, conf: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What is wrong with each statement."""
        for statement in role_statements(as_resource(conf)):
            if statement.allows:
                for sentence in self.objections(statement, conf):
                    yield place(statement.path), sentence

    @abstractmethod
    def objections(self, statement: Statement, conf: dict[str, Any]) -> Iterator[str]:
        """What is wrong with one statement that grants, in sentences."""


def _without_line_numbers(value: Any) -> Any:
    """Data as written: to each object Checkov's YAML parser adds where it begins and ends."""
    if isinstance(value, dict):
        return {key: _without_line_numbers(each) for key, each in value.items() if not str(key).startswith("__")}
    return [_without_line_numbers(each) for each in value] if isinstance(value, list) else value
