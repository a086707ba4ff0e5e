"""Mutants are made again for another template and for other code, and otherwise are those that were kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.mutants import kept
from harness.mutants.judge import Mutant
from harness.mutants.kept import Made
from harness.render.dumping import as_key
from harness.render.source import Source, parse

SMALL = """
Parameters:
  Environment: {Type: String, AllowedValues: [dev, prod], Default: dev}
  Copies: {Type: String, AllowedValues: [none, some], Default: none}
Rules:
  ProductionHasCopies:
    RuleCondition: !Equals [!Ref Environment, prod]
    Assertions:
      - Assert: !Equals [!Ref Copies, some]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub 'queue-${Environment}', KmsMasterKeyId: alias/market, VisibilityTimeout: 60}
  Other:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Queue.Arn, maxReceiveCount: 5}
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return parse(SMALL, tmp_path / "small.yaml")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "operators.py").write_text("# breaks things\n")
    return folder


def _all_of(made: Made) -> list[object]:
    return [
        (
            mutant.mutation.name,
            as_key(mutant.mutation.template),
            [(each.scenario, as_key(made.reach.stack(each).resources)) for each in mutant.changed],
        )
        for mutant in made.mutants
    ]


def _refuses(*_: object) -> list[Mutant]:
    raise AssertionError("made again")


def test_what_was_kept_is_what_was_made(tmp_path, source, code, monkeypatch):
    first = kept.made(source, tmp_path / "kept", [code])
    monkeypatch.setattr(kept, "mutants_of", _refuses)

    assert first.mutants
    assert first.reach.let_through
    assert _all_of(kept.made(source, tmp_path / "kept", [code])) == _all_of(first)


def test_mutants_of_another_template_are_made(tmp_path, source, code, monkeypatch):
    kept.made(source, tmp_path / "kept", [code])
    monkeypatch.setattr(kept, "mutants_of", _refuses)

    with pytest.raises(AssertionError, match="made again"):
        kept.made(replace(source, sha256="of another"), tmp_path / "kept", [code])


def test_mutants_of_other_code_are_made(tmp_path, source, code, monkeypatch):
    kept.made(source, tmp_path / "kept", [code])
    (code / "operators.py").write_text("# breaks other things\n")
    monkeypatch.setattr(kept, "mutants_of", _refuses)

    with pytest.raises(AssertionError, match="made again"):
        kept.made(source, tmp_path / "kept", [code])


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"no pickle"])
def test_what_cannot_be_read_is_made(tmp_path, source, code, content):
    (tmp_path / "kept").write_bytes(content)

    assert kept.made(source, tmp_path / "kept", [code]).mutants
    assert kept.made(source, tmp_path / "kept", [code]).mutants


def test_code_that_breaks_and_renders_is_part_of_what_has_to_be_the_same(source):
    names = {path.name for folder in kept.CODE for path in folder.rglob("*.py")}

    assert {"intrinsics.py", "reach.py", "alarms.py", "kept.py"} <= names
    assert kept.digest(source) != kept.digest(source, kept.CODE[:1])
