"""Object keys: feed, arrival hour, shard and sequence range; of a verdict, also the rules it was made under."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

RAW_PREFIX: Final = "market-data/"
VALIDATED_PREFIX: Final = "validated/"
UNDECODABLE_PREFIX: Final = "quarantine/kinesis_consumer/"
REJECTED_PREFIX: Final = "quarantine/data_validation/"
#: The partition folders of an arrival hour, as in `year=2026/`.
HOUR_FOLDERS: Final = ("year", "month", "day", "hour")

_SUFFIX: Final = ".json.gz"
END: Final = "[.]json[.]gz"
#: The parts of a file name, as patterns for Python and for SQL, which takes no backslash: shard, first and last
#: sequence number, count and digest; then the rules of a verdict.
POSITIONS: Final = "([A-Za-z0-9]+-[0-9]+)-([0-9]+)-([0-9]+)-([0-9]+)-([0-9a-f]{16})"
RULES: Final = "-([0-9a-f]{16})"
_VERDICTS: Final = (VALIDATED_PREFIX, REJECTED_PREFIX)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEY: Final = re.compile(
    r"(?P<prefix>|validated/|quarantine/data_validation/|quarantine/kinesis_consumer/)"
    r"(?:market-data/feed=(?P<feed>[a-z_]+)/)?"
    r"year=(?P<year>[0-9]{4})/month=(?P<month>[0-9]{2})/day=(?P<day>[0-9]{2})/hour=(?P<hour>[0-9]{2})/"
    rf"{POSITIONS}(?:{RULES})?{END}"
)


@dataclass(frozen=True, slots=True)
class SequenceRange:
    """Some records of one shard. The digest distinguishes ranges with equal first, last and count."""

    shard: str
    first: str
    last: str
    count: int
    digest: str

    @classmethod
    def of(cls, shard: str, sequences: Iterable[str]) -> Self:
        """The range of these sequence numbers, in any order."""
        ordered = sorted(sequences, key=int)
        if not ordered:
            raise ValueError("a sequence range has at least one record")
        digest = hashlib.sha256("\n".join(ordered).encode()).hexdigest()[:16]
        return cls(shard, ordered[0], ordered[-1], len(ordered), digest)

    def may_hold(self, shard: str, sequence: str) -> bool:
        """Whether a position lies within the range."""
        return shard == self.shard and int(self.first) <= int(sequence) <= int(self.last)

    @property
    def file_name(self) -> str:
        """The last part of a raw object's key."""
        return f"{self.shard}-{self.first}-{self.last}-{self.count}-{self.digest}{_SUFFIX}"


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """A parsed key.

    `feed` is None for records the consumer could not decode. `rules` is the digest of the rules that a verdict (a
    validated or rejected object) was made under; None for all other objects. So verdicts under different rules never
    meet under one key. The sequence range is always the raw object's.
    """

    prefix: str
    feed: str | None
    hour: datetime
    sequence_range: SequenceRange
    rules: str | None = None

    def __str__(self) -> str:
        folder = hour_path(self.hour) if self.feed is None else raw_folder(self.feed, self.hour)
        key = f"{self.prefix}{folder}{self.sequence_range.file_name}"
        return key if self.rules is None else _under(key, self.rules)


def hour_of(arrival_ms: int) -> datetime:
    """The arrival hour, in UTC, that decides an object's folder."""
    return _EPOCH + timedelta(hours=arrival_ms // 3_600_000)


def hour_path(hour: datetime) -> str:
    """The Hive partition folders of an hour."""
    return hour.strftime("year=%Y/month=%m/day=%d/hour=%H/")


def raw_folder(feed: str, hour: datetime) -> str:
    """The folder of a feed's raw objects of one arrival hour."""
    return f"{RAW_PREFIX}feed={feed}/{hour_path(hour)}"


def raw_key(feed: str, arrival_ms: int, shard: str, sequences: Iterable[str]) -> str:
    """Key of a raw object: records of one feed and one arrival hour."""
    return str(ObjectKey("", feed, hour_of(arrival_ms), SequenceRange.of(shard, sequences)))


def undecodable_key(arrival_ms: int, shard: str, sequences: Iterable[str]) -> str:
    """Key under which the consumer quarantines undecodable records."""
    return str(ObjectKey(UNDECODABLE_PREFIX, None, hour_of(arrival_ms), SequenceRange.of(shard, sequences)))


def validated_key(raw_object_key: str, rules: str) -> str:
    """Key, in the processed bucket, of the records of a raw object that are valid under these rules."""
    return VALIDATED_PREFIX + _under(raw_object_key, rules)


def rejected_key(raw_object_key: str, rules: str) -> str:
    """Key under which the validator quarantines the records of a raw object that these rules reject."""
    return REJECTED_PREFIX + _under(raw_object_key, rules)


def raw_key_of(key: str) -> str:
    """Key of the raw object that a validated or rejected object was made from; ValueError for any other key."""
    parsed = parse_key(key)
    if parsed.prefix not in _VERDICTS:
        raise ValueError(f"not the key of a validated or rejected object: {key!r}")
    return str(replace(parsed, prefix="", rules=None))


def parse_key(key: str) -> ObjectKey:
    """Parse a key made by one of the functions above; ValueError for any other."""
    match = _KEY.fullmatch(key)
    if (
        match is None
        or (match["feed"] is None) != (match["prefix"] == UNDECODABLE_PREFIX)
        or (match[match.re.groups] is None) != (match["prefix"] not in _VERDICTS)
    ):
        raise ValueError(f"not a key of this pipeline: {key!r}")
    shard, first, last, count, digest, rules = match.groups()[-6:]
    hour = datetime(*(int(match[part]) for part in HOUR_FOLDERS), tzinfo=UTC)  # type: ignore[misc, arg-type]
    sequences = SequenceRange(shard, first, last, int(count), digest)
    return ObjectKey(match["prefix"], match["feed"], hour, sequences, rules)


def _under(raw_object_key: str, rules: str) -> str:
    return f"{raw_object_key.removesuffix(_SUFFIX)}-{rules}{_SUFFIX}"
