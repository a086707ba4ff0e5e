"""What counts as read, and the gaps between the template, the emulated AWS and the lists."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.emulator.calls import AddedProperty, AddedType, Call
from harness.emulator.coverage import MINISTACK, OVERLAY, Reading, unread, watched
from harness.emulator.coverage_gaps import coverage_gaps
from harness.emulator.not_shown import NOT_SHOWN, NotShown
from harness.emulator.overlay import additions

GIVEN = {"A": {"B": 1, "C": {"D": 2}}, "E": [{"F": 3, "G": 4}, {"F": 5, "G": 6}]}

READERS: list[tuple[str, Callable[[Any], Any], list[str]]] = [
    ("nothing", lambda _: None, ["A", "E"]),
    ("one", lambda p: p["A"], ["E"]),
    ("one, by get", lambda p: p.get("E"), ["A"]),
    ("whether it is there", lambda p: "A" in p, ["A", "E"]),
    ("the names", lambda p: list(p), ["A", "E"]),
    ("a part", lambda p: (p["A"]["B"], p["E"]), ["A.C"]),
    ("a part of a part, which is not there", lambda p: (p["A"]["C"].get("X"), p["E"]), ["A.B", "A.C.D"]),
    ("one item", lambda p: (p["A"], p["E"][0]), ["E.[]"]),
    ("the last item", lambda p: (p["A"], p["E"][-1]), ["E.[]"]),
    ("a slice", lambda p: (p["A"], p["E"][0:2]), []),
    ("a part of each item", lambda p: (p["A"], [item["F"] for item in p["E"]]), ["E.[].G"]),
    ("everything, by items", lambda p: [value for _, value in p.items()], []),
    ("everything, by values", lambda p: list(p.values()), []),
    ("everything, by dict", dict, []),
    ("everything, by unpacking", lambda p: {**p}, []),
    ("everything, by copy", lambda p: p.copy(), []),
    ("everything, by deepcopy", copy.deepcopy, []),
    ("everything, as JSON", json.dumps, []),
    ("one, taken out", lambda p: p.pop("A"), ["E"]),
]


@pytest.mark.parametrize(("read", "left"), [r[1:] for r in READERS], ids=[r[0] for r in READERS])
def test_what_is_not_looked_at_is_known(read: Callable[[Any], Any], left: list[str]) -> None:
    lent = watched(GIVEN)
    read(lent)

    assert [".".join(place) for place in sorted(set(unread(lent, whole=False)))] == left


@pytest.mark.parametrize("copied", [dict, copy.copy, copy.deepcopy, lambda p: json.loads(json.dumps(p))])
def test_the_properties_are_the_same_to_whoever_reads_them(copied: Callable[[Any], Any]) -> None:
    """An emulator that behaves differently when observed would not be the one that the pipeline runs on."""
    assert watched(GIVEN) == GIVEN
    assert copied(watched(GIVEN)) == GIVEN


CALL = Call("s3", "Anything", lambda name, value: {})
BUCKET = "AWS::S3::Bucket"
ADDED = AddedProperty(BUCKET, "Tags", CALL)
CORRECTED = AddedProperty(BUCKET, "Scaling", CALL, corrects=True)
TYPE = AddedType("AWS::X::Y", "Name", CALL, CALL)
LISTED = (NotShown(BUCKET, "Lifecycle", "not carried out"), NotShown(BUCKET, "Odd.End", "no use", dropped=True))
FOUND = (
    Reading(
        MINISTACK,
        BUCKET,
        {"Name": "b", "Lifecycle": [], "Tags": [{"Key": "k"}], "Scaling": 1, "Odd": [{"End": 1, "Begin": 2}]},
        [("Tags",), ("Odd", "[]", "End")],
    ),
    Reading(OVERLAY, BUCKET, {"Tags": [{"Key": "k"}]}, []),
    Reading(OVERLAY, "AWS::X::Y", {"Name": "n"}, []),
)


def check(
    found: tuple[Reading, ...] = FOUND,
    added: tuple[AddedProperty, ...] = (ADDED, CORRECTED),
    types: tuple[AddedType, ...] = (TYPE,),
    listed: tuple[NotShown, ...] = LISTED,
) -> list[str]:
    return coverage_gaps(found, added, types, listed)


def test_what_is_as_it_is_said_is_well() -> None:
    assert check() == []


def test_a_dropped_property_that_nobody_lists_is_named() -> None:
    assert check(listed=LISTED[:1]) == [f"{BUCKET} Odd.End: dropped by MiniStack"]
    assert check(added=(CORRECTED,)) == [f"{BUCKET} Tags: dropped by MiniStack"]


def test_what_the_overlay_drops_itself_is_named() -> None:
    dropping = replace(FOUND[1], unread=[("Tags", "[]", "Key")])

    assert check(found=(FOUND[0], dropping, FOUND[2])) == [f"{BUCKET} Tags.Key: dropped by the overlay"]


def test_what_the_template_no_longer_has_is_named() -> None:
    smaller = Reading(MINISTACK, BUCKET, {"Name": "b"}, [])

    assert check(found=(smaller,)) == [
        f"{BUCKET} Lifecycle: listed as not shown, not in the template",
        f"{BUCKET} Odd.End: listed as not shown, not in the template",
        f"{BUCKET} Scaling: added by the overlay, not in the template",
        f"{BUCKET} Tags: added by the overlay, not in the template",
        "AWS::X::Y: added by the overlay, not in the template",
    ]


def test_what_ministack_has_learnt_is_named() -> None:
    reading = replace(FOUND[0], unread=[])

    assert check(found=(reading, *FOUND[1:])) == [
        f"{BUCKET} Odd.End: listed as dropped, but read",
        f"{BUCKET} Tags: added by the overlay, read by MiniStack",
    ]


def test_what_ministack_has_forgotten_is_named() -> None:
    reading = replace(FOUND[0], unread=[*FOUND[0].unread, ("Lifecycle",), ("Scaling",)])

    assert check(found=(reading, *FOUND[1:])) == [
        f"{BUCKET} Lifecycle: dropped by MiniStack",
        f"{BUCKET} Lifecycle: listed as read, but dropped",
        f"{BUCKET} Scaling: added by the overlay, dropped by MiniStack",
    ]


def test_the_list_names_each_property_once() -> None:
    places = [(row.type, row.property) for row in NOT_SHOWN]

    assert places == sorted(set(places))


def test_no_added_type_is_known_to_ministack() -> None:
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    assert {row.type for row in additions.TYPES} & set(_RESOURCE_HANDLERS) == set()
