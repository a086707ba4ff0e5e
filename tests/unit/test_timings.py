"""The timing report at the end of `make test`."""

from pathlib import Path

import pytest

from harness import timings

REPORT = """<testsuites><testsuite tests="3" failures="1" errors="0" skipped="1" time="12.4">
<testcase classname="tests.unit.test_a" name="test_quick" time="0.5"/>
<testcase classname="tests.unit.test_a" name="test_slow" time="9.25"><failure/></testcase>
<testcase classname="tests.unit.test_b" name="test_none" time="0"><skipped/></testcase>
</testsuite></testsuites>"""


def test_counts_and_the_slowest_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "unit.xml").write_text(REPORT)
    (tmp_path / "stack.xml").write_text("<testsuites><testsuite")

    assert timings.main(tmp_path) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["unit", "3", "1", "1", "12"] in lines
    assert [f"{tmp_path}/stack.xml:", "cut", "short"] in lines
    assert ["9.8", "tests.unit.test_a"] in lines or ["9.7", "tests.unit.test_a"] in lines
    assert ["9.2", "tests.unit.test_a::test_slow"] in lines


def test_without_reports_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert timings.main(tmp_path / "nowhere") == 0
