"""Puts records on a Kinesis stream and records their positions. The only module here that calls AWS."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from harness.replay.errors import ReplayError
from harness.replay.ledger import Ledger, digest_of
from harness.replay.source_records import SourceRecord
from market_data import UNKNOWN, RejectedRecord, feed_of

#: Limits of PutRecords. A record's size counts its key; a request's counts all of it.
MAX_RECORDS: Final = 500
MAX_REQUEST_BYTES: Final = 5 * 1024 * 1024
MAX_RECORD_BYTES: Final = 1024 * 1024

#: About half a minute with the waits in between: a shard that throttles for longer has another problem.
ATTEMPTS: Final = 12
FIRST_WAIT_SECONDS: Final = 0.05
LONGEST_WAIT_SECONDS: Final = 5.0

#: For the boto3 client. A request whose response is lost may have succeeded: retried,
#: it would be on the stream twice, and one position would be missing in the ledger.
CLIENT_ATTEMPTS: Final = 1

_PRINTABLE: Final = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?")


#: Transient errors of a whole request; none of its records was accepted.
_BUSY: Final = frozenset(
    {
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
    }
)

_Keyed = tuple[SourceRecord, str]


class KinesisClient(Protocol):
    """The part of boto3's Kinesis client used here."""

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """Put several records; the response has one result per record, in order."""


class Producer:
    """Sends a feed in batches. Throttled records are retried before any later record.

    Order within a key is kept as well as PutRecords allows: if it rejects one record of a batch and accepts a later
    one of the same key, those two have changed places.
    """

    def __init__(self, client: KinesisClient, stream_name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._stream_name = stream_name
        self._sleep = sleep

    def send(
        self,
        records: Iterable[SourceRecord],
        on_progress: Callable[[Ledger], None] | None = None,
        ledger: Ledger | None = None,
    ) -> Ledger:
        """Put every record on the stream; `on_progress` is called after each batch.

        A caller that brings its own `ledger` has the account of what was taken also where this raises.
        """
        ledger = Ledger() if ledger is None else ledger
        for batch in batches(records):
            self._put(batch, ledger)
            ledger.batches += 1
            if on_progress is not None:
                on_progress(ledger)
        return ledger

    def _put(self, batch: list[_Keyed], ledger: Ledger) -> None:
        for attempt in range(ATTEMPTS):
            if attempt:
                ledger.retried += len(batch)
                self._sleep(min(FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS))
            batch, why = self._put_once(batch, ledger)
            if not batch:
                return
        raise ReplayError(
            f"{batch[0][0].where}: the stream {self._stream_name} rejected {len(batch)} records {ATTEMPTS} times; {why}"
        )

    def _put_once(self, batch: list[_Keyed], ledger: Ledger) -> tuple[list[_Keyed], str]:
        """Put a batch: accepted records go into the ledger; return the rejected ones and the reason."""
        records = [{"Data": record.raw, "PartitionKey": key} for record, key in batch]
        try:
            results = self._client.put_records(StreamName=self._stream_name, Records=records)["Records"]
        except ClientError as exc:
            if exc.response["Error"]["Code"] in _BUSY:
                return batch, str(exc)
            raise ReplayError(f"the stream {self._stream_name} accepts no records: {exc}") from exc
        except BotoCoreError as exc:
            raise ReplayError(f"the stream {self._stream_name} cannot be reached: {exc}") from exc
        if len(results) != len(batch):
            raise ReplayError(f"{self._stream_name}: {len(batch)} records put, but {len(results)} results came back")
        rejected, why = [], ""
        for keyed, result in zip(batch, results, strict=True):
            if result.get("ErrorCode"):
                rejected.append(keyed)
                why = f"{result['ErrorCode']}: {result.get('ErrorMessage', '')}"
            else:
                ledger.add(keyed[0], stored_feed(keyed[0].raw), result["ShardId"], result["SequenceNumber"])
        return rejected, why


def batches(records: Iterable[SourceRecord]) -> Iterator[list[_Keyed]]:
    """Records and their partition keys, in batches of at most one PutRecords request."""
    batch: list[_Keyed] = []
    size = 0
    for record in records:
        key = partition_key(record.raw)
        record_size = len(record.raw) + len(key)
        if record_size > MAX_RECORD_BYTES:
            raise ReplayError(
                f"{record.where}: {len(record.raw):,} bytes; a Kinesis record and its key have at most 1 MiB"
            )
        if not record.raw:
            raise ReplayError(f"{record.where}: an empty record cannot be put")
        if len(batch) == MAX_RECORDS or size + record_size > MAX_REQUEST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append((record, key))
        size += record_size
    if batch:
        yield batch


class _Instrument(msgspec.Struct, gc=False):
    symbol: str = ""
    exchange: str = ""


_INSTRUMENT: Final = msgspec.json.Decoder(_Instrument)


def partition_key(raw: bytes) -> str:
    """Exchange and symbol, so that an instrument's records stay in order; a digest for what has neither.

    A record that is wrong still gets a key, and the same one each time.
    """
    try:
        instrument = _INSTRUMENT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return digest_of(raw).hex()
    if not (_PRINTABLE.fullmatch(instrument.symbol) and _PRINTABLE.fullmatch(instrument.exchange)):
        return digest_of(raw).hex()
    return f"{instrument.exchange}:{instrument.symbol}"


def stored_feed(raw: bytes) -> str:
    """The feed a record counts under: the consumer's, or "unknown" if it cannot be decoded."""
    try:
        return feed_of(raw)
    except RejectedRecord:
        return UNKNOWN
