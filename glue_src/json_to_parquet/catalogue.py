"""The tables' partitions in the Glue catalogue."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from .errors import TransformFailed
from .plan import Partition


class Catalogue:
    """The tables' partitions in the Glue catalogue, which is where readers look for them."""

    def __init__(self, client: Any, database: str) -> None:
        self._client = client
        self._database = database
        self._tables: dict[str, dict[str, Any]] = {}

    def add(self, partition: Partition, folder: str) -> str | None:
        """Make sure that the feed's table has the partition; return what a wrong entry was mended from, if any."""
        storage = self._storage(partition.feed)
        location = storage["Location"].rstrip("/") + partition.target.removeprefix(f"feed={partition.feed}")
        if location != folder:
            raise TransformFailed(f"table {partition.feed} of {self._database} lies elsewhere: {storage['Location']}")
        # The trailing slash is kept, as the tables have it: without one, a prefix also matches what only begins alike.
        values, wanted = [partition.date, partition.hour], storage | {"Location": location}
        where = {"DatabaseName": self._database, "TableName": partition.feed}
        try:
            self._client.create_partition(**where, PartitionInput={"Values": values, "StorageDescriptor": wanted})
        except ClientError as error:
            if error.response["Error"]["Code"] != "AlreadyExistsException":
                raise
            return self._mend(where, values, wanted)
        return None

    def _storage(self, table: str) -> dict[str, Any]:
        # Once a run; two threads that both ask get the same answer.
        if table not in self._tables:
            answer = self._client.get_table(DatabaseName=self._database, Name=table)
            self._tables[table] = answer["Table"]["StorageDescriptor"]
        return self._tables[table]

    def _mend(self, where: dict[str, str], values: list[str], wanted: dict[str, Any]) -> str | None:
        """Let an entry say what its table says: another place or other columns are what a reader goes by."""
        found = self._client.get_partition(**where, PartitionValues=values)["Partition"]
        now = found.get("StorageDescriptor", {})
        if _read_as(now) == _read_as(wanted):
            return None
        entry = {"Values": values, "Parameters": found.get("Parameters", {}), "StorageDescriptor": wanted}
        answer = self._client.batch_update_partition(
            **where, Entries=[{"PartitionValueList": values, "PartitionInput": entry}]
        )
        # The request succeeds even where the update does not.
        for error in answer.get("Errors", ()):
            detail = error["ErrorDetail"]
            raise TransformFailed(f"the catalogue keeps a wrong entry: {detail['ErrorCode']}: {detail['ErrorMessage']}")
        return str(now.get("Location", "no location"))


def _read_as(storage: dict[str, Any]) -> tuple[Any, ...]:
    """Return what of a storage descriptor decides which bytes are read, and as what."""
    return (
        storage.get("Location", "").rstrip("/"),
        [(column["Name"], column.get("Type")) for column in storage.get("Columns", ())],
        storage.get("InputFormat"),
        storage.get("SerdeInfo", {}).get("SerializationLibrary"),
    )
