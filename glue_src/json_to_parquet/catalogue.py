"""Registers partitions in the Glue Data Catalog."""

from typing import Any

from botocore.exceptions import ClientError

from .errors import TransformFailed
from .plan import Partition


class Catalogue:
    """The tables' partitions in the Glue Data Catalog, where query engines find them."""

    def __init__(self, client: Any, database: str) -> None:
        self._client = client
        self._database = database
        self._tables: dict[str, dict[str, Any]] = {}

    def add(self, partition: Partition, folder: str) -> str | None:
        """Ensure that the feed's table has the partition; return the former location of an entry that was repaired."""
        storage = self._storage(partition.feed)
        location = storage["Location"].rstrip("/") + partition.target.removeprefix(f"feed={partition.feed}")
        if location != folder:
            raise TransformFailed(f"table {self._database}.{partition.feed} points elsewhere: {storage['Location']}")
        # Keep the trailing slash: without it, the prefix would also match other folders that start alike.
        values, wanted = [partition.date, partition.hour], storage | {"Location": location}
        where = {"DatabaseName": self._database, "TableName": partition.feed}
        try:
            self._client.create_partition(**where, PartitionInput={"Values": values, "StorageDescriptor": wanted})
        except ClientError as error:
            if error.response["Error"]["Code"] != "AlreadyExistsException":
                raise
            return self._repair(where, values, wanted)
        return None

    def _storage(self, table: str) -> dict[str, Any]:
        # Cached for the run; two threads that both ask get the same answer.
        if table not in self._tables:
            answer = self._client.get_table(DatabaseName=self._database, Name=table)
            self._tables[table] = answer["Table"]["StorageDescriptor"]
        return self._tables[table]

    def _repair(self, where: dict[str, str], values: list[str], wanted: dict[str, Any]) -> str | None:
        """Align an entry with its table: readers use the entry's location and columns."""
        found = self._client.get_partition(**where, PartitionValues=values)["Partition"]
        now = found.get("StorageDescriptor", {})
        if _read_as(now) == _read_as(wanted):
            return None
        entry = {"Values": values, "Parameters": found.get("Parameters", {}), "StorageDescriptor": wanted}
        answer = self._client.batch_update_partition(
            **where, Entries=[{"PartitionValueList": values, "PartitionInput": entry}]
        )
        # The request succeeds even if the update fails.
        for error in answer.get("Errors", ()):
            detail = error["ErrorDetail"]
            problem = f"{detail['ErrorCode']}: {detail['ErrorMessage']}"
            raise TransformFailed(f"a wrong Data Catalog entry could not be repaired: {problem}")
        return str(now.get("Location", "no location"))


def _read_as(storage: dict[str, Any]) -> tuple[Any, ...]:
    """The parts of a storage descriptor that decide which bytes are read, and how."""
    return (
        storage.get("Location", "").rstrip("/"),
        [(column["Name"], column.get("Type")) for column in storage.get("Columns", ())],
        storage.get("InputFormat"),
        storage.get("SerdeInfo", {}).get("SerializationLibrary"),
    )
