"""The digest that tells two sets of rules apart."""

import shutil
from pathlib import Path

import pytest

import market_data
from data_validation import rules_digest as module
from data_validation.rules_digest import rules_digest


def test_the_parameter_is_part_of_the_rules() -> None:
    assert rules_digest(["XNYM", "IFEU"]) == rules_digest(["IFEU", "XNYM"])
    assert len({rules_digest(each) for each in ([], ["XNYM"], ["XNYM", "IFEU"], ["XNYMIFEU"])}) == 4


@pytest.mark.parametrize("changed", ["market_data/rules.py", "data_validation/verdicts.py"])
def test_other_code_has_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    """A deployment between two tries is known by its code; nobody has to remember to raise a version."""
    copied = tmp_path / "market_data"
    shutil.copytree(Path(market_data.__file__).parent, copied)
    (tmp_path / "data_validation").mkdir()
    shutil.copy(module._VERDICTS, tmp_path / "data_validation")
    before = rules_digest([])
    monkeypatch.setattr(market_data, "__file__", str(copied / "__init__.py"))
    monkeypatch.setattr(module, "_VERDICTS", tmp_path / "data_validation/verdicts.py")
    as_copied = rules_digest([])
    with (tmp_path / changed).open("a") as file:
        file.write("\n")

    assert as_copied == before
    assert rules_digest([]) != before
