"""Mutants come from the cache, unless the template or the code has changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.mutants import cache
from harness.mutants.cache import CachedMutants
from harness.mutants.judge import Mutant
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


def _all_of(cached: CachedMutants) -> list[object]:
    return [
        (
            mutant.mutation.name,
            as_key(mutant.mutation.template),
            [(each.scenario, as_key(cached.reach.stack(each).resources)) for each in mutant.changed],
        )
        for mutant in cached.mutants
    ]


def _refuses(*_: object) -> list[Mutant]:
    raise AssertionError("generated again")


def test_cached_mutants_are_the_generated_ones(tmp_path, source, code, monkeypatch):
    first = cache.cached_mutants(source, tmp_path / "cache", [code])
    monkeypatch.setattr(cache, "mutants_of", _refuses)

    assert first.mutants
    assert _all_of(cache.cached_mutants(source, tmp_path / "cache", [code])) == _all_of(first)


def test_another_template_generates_its_own_mutants(tmp_path, source, code, monkeypatch):
    cache.cached_mutants(source, tmp_path / "cache", [code])
    monkeypatch.setattr(cache, "mutants_of", _refuses)

    with pytest.raises(AssertionError, match="generated again"):
        cache.cached_mutants(replace(source, sha256="of another"), tmp_path / "cache", [code])


def test_changed_code_generates_mutants_again(tmp_path, source, code, monkeypatch):
    cache.cached_mutants(source, tmp_path / "cache", [code])
    (code / "operators.py").write_text("# breaks other things\n")
    monkeypatch.setattr(cache, "mutants_of", _refuses)

    with pytest.raises(AssertionError, match="generated again"):
        cache.cached_mutants(source, tmp_path / "cache", [code])


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"no pickle"])
def test_an_unreadable_cache_is_replaced(tmp_path, source, code, content):
    (tmp_path / "cache").write_bytes(content)

    assert cache.cached_mutants(source, tmp_path / "cache", [code]).mutants
    assert cache.cached_mutants(source, tmp_path / "cache", [code]).mutants


def test_code_that_mutates_and_renders_is_part_of_the_key(source):
    names = {path.name for each in cache.CODE for path in (each, *each.rglob("*.py"))}

    assert {"intrinsics.py", "reach.py", "alarms.py", "cache.py", "improvements.yaml", "judged.yaml"} <= names
    assert len({cache.digest(source, cache.CODE[:count]) for count in range(len(cache.CODE) + 1)}) == 6
