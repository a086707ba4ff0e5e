"""Coverage gaps: where the template, the emulated AWS and the list of what it does not show disagree."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from harness.emulator.calls import AddedProperty, AddedType
from harness.emulator.coverage import ITEM, MINISTACK, Place, Reading
from harness.emulator.not_shown import NotShown


def coverage_gaps(
    found: Sequence[Reading], added: Sequence[AddedProperty], types: Sequence[AddedType], listed: Sequence[NotShown]
) -> list[str]:
    """A line for each property dropped but not listed, and each wrong entry of the overlay or the list; sorted."""
    in_template = {place for reading in found for place in _places(reading.properties, (reading.type,))}
    dropped = {
        (reading.type, *_named(place)) for reading in found if reading.reader == MINISTACK for place in reading.unread
    }
    dropped_by_overlay = {
        (reading.type, *_named(place)) for reading in found if reading.reader != MINISTACK for place in reading.unread
    }
    admitted = {_listed_place(row) for row in listed if row.dropped}
    additions: dict[Place, bool] = {(row.type, row.property): row.corrects for row in added}
    gaps = [
        f"{_dotted(place)}: dropped by {MINISTACK}" for place in dropped if not _within(place, {*admitted, *additions})
    ]
    gaps += [
        f"{_dotted(place)}: dropped by the overlay" for place in dropped_by_overlay if not _within(place, admitted)
    ]
    for place, corrects in additions.items():
        if place not in in_template:
            gaps.append(f"{_dotted(place)}: added by the overlay, not in the template")
        elif corrects == (place in dropped):
            gaps.append(f"{_dotted(place)}: added by the overlay, {'dropped' if corrects else 'read'} by {MINISTACK}")
    template_types = {reading.type for reading in found}
    gaps += [
        f"{row.type}: added by the overlay, not in the template" for row in types if row.type not in template_types
    ]
    for row in listed:
        place = _listed_place(row)
        if place not in in_template:
            gaps.append(f"{_dotted(place)}: listed as not shown, not in the template")
        elif row.dropped != (_within(place, dropped) and not _within(place, additions)):
            gaps.append(f"{_dotted(place)}: listed as {'dropped, but read' if row.dropped else 'read, but dropped'}")
    return sorted(gaps)


def _listed_place(row: NotShown) -> Place:
    return (row.type, *row.property.split("."))


def _named(place: Place) -> Place:
    return tuple(name for name in place if name != ITEM)


def _places(value: Any, inside: Place) -> Iterator[Place]:
    """Every place in a value, by the names alone."""
    items = value.items() if isinstance(value, dict) else ((ITEM, i) for i in value) if isinstance(value, list) else ()
    for name, item in items:
        place = _named((*inside, name))
        yield place
        yield from _places(item, place)


def _within(place: Place, others: Collection[Place]) -> bool:
    return any(place[:length] in others for length in range(2, len(place) + 1))


def _dotted(place: Place) -> str:
    return f"{place[0]} {'.'.join(place[1:])}"
