"""The JSON Schema and the contract agree on everything that the schema says it expresses, in two validators."""

from hypothesis import given

from market_data import Reason, RejectedRecord, parse
from market_data.schema import EXPRESSED_IN_PART, NOT_EXPRESSED
from tests.schemas import errors_by_validator, is_valid, read
from tests.strategies import hostile_records, hostile_scalars, mutations, raw_records

ALWAYS = set(Reason) - NOT_EXPRESSED.keys() - EXPRESSED_IN_PART.keys()
#: Of these an error can only name the object that the field is in.
OF_AN_OBJECT = {Reason.MISSING_FIELD, Reason.UNKNOWN_FIELD, Reason.BAD_LEVEL}


def reason_of(raw: bytes) -> Reason | None:
    """Why a record is refused; None if it is not."""
    try:
        parse(raw)
    except RejectedRecord as rejected:
        return rejected.reason
    return None


@given(raw_records())
def test_what_is_accepted_is_valid_by_the_schema(raw: bytes) -> None:
    """For a producer who validates with it, a valid record must not be invalid."""
    assert reason_of(raw) is None
    assert is_valid(read(raw))


@given(mutations() | hostile_records().map(lambda pair: pair[0]) | hostile_scalars.map(lambda pair: pair[0]))
def test_what_is_invalid_by_the_schema_is_refused_and_the_other_way_round(raw: bytes) -> None:
    reason = reason_of(raw)
    if reason is None or reason in ALWAYS:
        assert is_valid(read(raw)) == (reason is None), reason


@given(hostile_records().filter(lambda pair: pair[1] in ALWAYS))
def test_one_thing_wrong_is_one_place(hostile: tuple[bytes, str]) -> None:
    """Not the whole record, and not what the fields would have to be in another feed."""
    raw, reason = hostile
    for errors in errors_by_validator(read(raw)):
        places = {tuple(path) for path, _ in errors}
        assert len(places) == 1, errors
        assert reason in OF_AN_OBJECT or places != {()}, errors
