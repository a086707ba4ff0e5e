"""ACC-025  conditional_statement_is_conditional_as_a_whole

Why       A statement of which only a part depends on a parameter is another statement where that part
          is missing: without its condition it grants more than anybody meant, without its principal
          AWS refuses it. Nobody reads both versions, so there must be only one.
Targets   AWS::EC2::VPCEndpoint, AWS::IAM::Role, AWS::KMS::Key, AWS::S3::BucketPolicy,
          AWS::SNS::TopicPolicy, AWS::SQS::QueuePolicy

Cases     SKIP  no statement that says who
          PASS  the whole statement depends on the condition; one statement or the other; all
                statements, or the resource, depend on it; a choice outside of statements
          FAIL  the principal depends on it; a name in the principal depends on it; the condition
                depends on it; the effect depends on it; a part of a statement that depends on it as
                a whole; a part of a trust; a good statement does not hide its neighbour; a good
                policy does not hide its neighbour
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.checks import Problem
from harness.checks.stack import at, walk

JUDGES = "source"

Path = tuple[str | int, ...]


def subjects(template: dict[str, Any]) -> list[str]:
    """Resources with statements that name who may."""
    resources = template.get("Resources")
    names = resources if isinstance(resources, dict) else {}
    return [name for name in names if any(_statements(template, name))]


def problems(template: dict[str, Any], subject: str) -> Iterator[Problem]:
    """Choices that are made inside a statement."""
    for path, statement in _statements(template, subject):
        for inner, value in walk(statement, path):
            if isinstance(value, dict) and "Fn::If" in value:
                yield Problem(
                    "a part of a statement depends on a condition: where the part is missing, the rest still stands.",
                    "put the Fn::If around the whole statement, with Ref AWS::NoValue or another whole statement as the"
                    " other branch.",
                    inner,
                )


def _statements(template: dict[str, Any], name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    root: Path = ("Resources", name, "Properties")
    for path, value in walk(at(template, *root), root):
        if isinstance(value, dict) and "Effect" in value and ("Principal" in value or "NotPrincipal" in value):
            yield path, value
