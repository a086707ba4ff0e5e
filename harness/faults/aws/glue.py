"""The Data Catalog: a table per feed, and their partitions."""

from typing import Any

from .errors import refused


class Glue:
    """The catalogue of one database."""

    def __init__(self, location: str) -> None:
        self._location = location
        #: Storage descriptors by table and values.
        self.partitions: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}

    def get_table(self, *, DatabaseName: str, Name: str) -> dict[str, Any]:
        """GetTable."""
        storage = {
            "Columns": [{"Name": "symbol", "Type": "string"}],
            "Location": self._location.format(Name),
            "InputFormat": "parquet",
            "SerdeInfo": {"SerializationLibrary": "parquet"},
        }
        return {"Table": {"DatabaseName": DatabaseName, "Name": Name, "StorageDescriptor": storage}}

    def create_partition(self, *, DatabaseName: str, TableName: str, PartitionInput: dict[str, Any]) -> dict[str, Any]:
        """CreatePartition."""
        key = (TableName, tuple(PartitionInput["Values"]))
        if key in self.partitions:
            raise refused("CreatePartition", "AlreadyExistsException")
        self.partitions[key] = dict(PartitionInput)
        return {}

    def get_partition(self, *, DatabaseName: str, TableName: str, PartitionValues: list[str]) -> dict[str, Any]:
        """GetPartition."""
        key = (TableName, tuple(PartitionValues))
        if key not in self.partitions:
            raise refused("GetPartition", "EntityNotFoundException")
        return {"Partition": {**self.partitions[key], "TableName": TableName}}

    def batch_update_partition(
        self, *, DatabaseName: str, TableName: str, Entries: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """BatchUpdatePartition."""
        for entry in Entries:
            self.partitions[(TableName, tuple(entry["PartitionValueList"]))] = dict(entry["PartitionInput"])
        return {}
