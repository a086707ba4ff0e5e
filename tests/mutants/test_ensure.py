"""The reports behind the rule pages are made if missing, and not repeated if fresh."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.catalogue.catalogue import fingerprint
from harness.mutants import ensure
from harness.render.source import Source


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The commands that run, and this test's own reports."""
    found: list[str] = []
    monkeypatch.setattr(ensure, "VERDICTS", tmp_path / "verdicts.json")
    monkeypatch.setattr(ensure, "REPORT", tmp_path / "report.json")
    monkeypatch.setattr(ensure, "subprocess", SimpleNamespace(run=lambda command, check: found.append(command[-1])))
    return found


def test_fresh_reports_are_not_made_again(ran: list[str], source: Source) -> None:
    for report in (ensure.VERDICTS, ensure.REPORT):
        report.write_text(json.dumps({"template_sha256": source.sha256, "rules_sha256": fingerprint()}))

    assert ensure.main() == 0
    assert ran == []


@pytest.mark.parametrize("text", [None, "", "[]", '{"template_sha256": "x"}', '{"rules_sha256": "x"}'])
def test_others_are(ran: list[str], text: str | None) -> None:
    for report in (ensure.VERDICTS, ensure.REPORT):
        if text is not None:
            report.write_text(text)

    assert ensure.main() == 0
    assert ran == ["gate", "mutants"]
