"""The declarations of stores that the code relies on. tests/unit/test_glue_tables.py holds them to the code."""

from collections.abc import Iterable
from typing import Any

from pipeline_store.columns import FIELDS, PARTITION_KEYS, RAW_COLUMNS, RAW_PARTITION_KEYS, Column, columns
from rules.lib import code

_HIVE = "org.apache.hadoop.hive.ql.io"


def _table(
    own: Iterable[Column], partitions: Iterable[Column], parameters: dict[str, str], **formats: Any
) -> dict[str, Any]:
    return {
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": _declared(partitions),
        "StorageDescriptor/Columns": _declared(own),
        **{f"StorageDescriptor/{key}": value for key, value in formats.items()},
    }


def _declared(own: Iterable[Column]) -> list[dict[str, str]]:
    return [{"Name": each.name, "Type": each.type, "Comment": each.comment} for each in own]


def _counted(key: str, first: int, last: int) -> dict[str, str]:
    digits = {} if key == "year" else {f"projection.{key}.digits": "2"}
    return {f"projection.{key}.type": "integer", f"projection.{key}.range": f"{first},{last}", **digits}


#: The catalogue's tables by the folder that they show: what their TableInput says. What is sent is kept as it came, a
#: record a line, which a SerDe that parses keys would return wrong rows of.
TABLES: dict[str, dict[str, Any]] = {
    code.RECEIVED: {"Name": "market_data"}
    | _table(
        RAW_COLUMNS,
        RAW_PARTITION_KEYS,
        {
            "classification": "csv",
            "compressionType": "gzip",
            "projection.enabled": "true",
            "projection.feed.type": "enum",
            "projection.feed.values": "trade,order_book,market_depth,unknown",
            **_counted("year", 2020, 2099),
            **_counted("month", 1, 12),
            **_counted("day", 1, 31),
            **_counted("hour", 0, 23),
        },
        InputFormat="org.apache.hadoop.mapred.TextInputFormat",
        OutputFormat=f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
        SerdeInfo={
            "Parameters": {"serialization.format": "1"},
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        },
    ),
    **{
        f"{code.PUBLISHED}feed={feed}/": _table(
            columns(feed),
            PARTITION_KEYS,
            {"classification": "parquet"},
            InputFormat=f"{_HIVE}.parquet.MapredParquetInputFormat",
            OutputFormat=f"{_HIVE}.parquet.MapredParquetOutputFormat",
            SerdeInfo={"SerializationLibrary": f"{_HIVE}.parquet.serde.ParquetHiveSerDe"},
        )
        for feed in FIELDS
    },
}


def _rows(key: str, index: str, types: str) -> dict[str, Any]:
    name, index_key = index.split("/")
    return {
        "AttributeDefinitions": [{"AttributeName": each[:-2], "AttributeType": each[-1]} for each in types.split()],
        "KeySchema": _keys(key),
        "GlobalSecondaryIndexes": [
            {"IndexName": name, "KeySchema": _keys(index_key), "Projection": {"ProjectionType": "ALL"}}
        ],
    }


def _keys(names: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": type_} for name, type_ in zip(names.split(), ("HASH", "RANGE"), strict=True)
    ]


#: The tables of rows by the variable that names them to the functions: what their properties say.
ROWS: dict[str, dict[str, Any]] = {
    "JOB_TABLE": _rows("JobId Timestamp", "StatusIndex/Status Timestamp", "JobId:S Status:S Timestamp:N"),
    "LINEAGE_TABLE": _rows(
        "DatasetId ProcessingTimestamp",
        "SourceIndex/SourceLocation ProcessingTimestamp",
        "DatasetId:S ProcessingTimestamp:N SourceLocation:S",
    ),
}
