"""Classes of patterns, by example; tests/property/test_access_globs.py holds them to brute force."""

import pytest

from harness.access import globs
from harness.access.globs import DIGIT, Element, Glob, action, arn, classes, form, like, meet, some
from harness.access.refused import Refused


def shown(found: dict[frozenset[globs.Glob], str]) -> dict[str, str]:
    return {text: " ".join(sorted(each.text for each in fitting)) for fitting, text in found.items()}


def test_each_class_has_a_short_witness():
    found = classes(map(action, ["s3:*", "s3:Get*", "s3:GetObject", "?ms:*"]))

    assert {text.lower(): fitting for text, fitting in shown(found).items()} == {
        "": "", "s3:": "s3:*", "s3:get": "s3:* s3:Get*", "s3:getobject": "s3:* s3:Get* s3:GetObject", "xms:": "?ms:*",
    }  # fmt: skip


def test_digits_are_alike_unless_something_tells_them_apart_and_stand_for_nothing_else():
    digit, letters = Glob("a digit", (DIGIT,)), [*map(like, "abcdefghijklmnopqrstuvwxyz")]
    found = shown(classes([digit, like("7"), *letters], Glob("a character", (Element(),))))

    assert sorted(found.values()) == sorted(["", "a digit", "7 a digit", *"abcdefghijklmnopqrstuvwxyz"])


def test_patterns_meet_if_one_text_fits_them_all():
    assert meet(map(like, ["a*", "*b", "?*?"]))
    assert not meet(map(like, ["a*", "*b", "?"]))


def test_a_form_leaves_out_what_is_no_such_name():
    objects = form("arn:aws:s3:::BUCKET/KEY", {"BUCKET": some(":/"), "KEY": some()})
    found = classes(map(like, ["arn:aws:s3:::raw/*", "arn:aws:s3:::raw", "arn:aws:kms:*"]), objects)

    assert shown(found) == {"arn:aws:s3:::x/x": "", "arn:aws:s3:::raw/x": "arn:aws:s3:::raw/*"}


def test_the_arn_operators_compare_part_by_part():
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    assert like("arn:*:role/x").fits("arn:aws:iam::1:role/x")
    assert not arn("arn:*:*::*:role").fits("arn:aws:iam:us:1:role")
    assert arn("arn:aws:s3:*:*:raw*").fits("arn:aws:s3:::raw/a:b")


def test_many_stars_take_no_time():
    """As a regular expression, this one tries more ways than anybody waits for."""
    assert not like("*a" * 30 + "*b").fits("a" * 60)
    assert like("*a" * 30 + "*").fits("a" * 60)


def test_an_arn_of_fewer_parts_is_none():
    with pytest.raises(ValueError, match="six parts"):
        arn("arn:aws:s3:::"[:-1])


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(globs, "MAXIMUM_STATES", 50)

    with pytest.raises(Refused, match="3 patterns have more than 50 states together"):
        classes(map(like, ["*a??????a", "*b?????b", "*c????c"]))
