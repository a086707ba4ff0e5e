"""The declarations of stores that the code relies on. tests/unit/test_glue_tables.py holds them to the code."""

from typing import Any

from rules.lib import code

_HIVE = "org.apache.hadoop.hive.ql.io"
_RECORD = (
    "shard_id:string sequence_number:string arrival_ns:bigint symbol:string exchange:string timestamp:string "
    "timestamp_ns:bigint timestamp_us:timestamp receive_timestamp:string receive_timestamp_ns:bigint "
    "receive_timestamp_us:timestamp sequence:string previous_sequence:string first_sequence:string "
    "conditions:array<string> checksum:string extra:string"
)
_AMOUNTS = ",".join(f"{name}:double,{name}_exact:decimal(38,18),{name}_text:string" for name in ("price", "volume"))
_TRADE = _AMOUNTS.replace(",p", " p").replace(",v", " v")
_BOOK = f"array<struct<{_AMOUNTS},order_id:string,level_id:string,action:string,order_count:bigint>>"
_DEPTH = f"array<struct<{_AMOUNTS},order_count:bigint>>"
_OF_FEED = {
    "market_depth": f"depth:bigint bids:{_DEPTH} asks:{_DEPTH}",
    "order_book": f"book:string event:string bids:{_BOOK} asks:{_BOOK}",
    "trade": f"{_TRADE} side:string trade_id:string",
}
#: The columns of each feed's table: name and type.
COLUMNS = {
    feed: [tuple(each.split(":", 1)) for each in f"{_RECORD} {own} flags:array<string> raw_key:string".split()]
    for feed, own in _OF_FEED.items()
}


def _table(columns: Any, partitions: str, parameters: dict[str, str], **formats: Any) -> dict[str, Any]:
    return {
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [{"Name": each, "Type": "string"} for each in partitions.split()],
        "StorageDescriptor/Columns": [{"Name": column, "Type": type_} for column, type_ in columns],
        **{f"StorageDescriptor/{key}": value for key, value in formats.items()},
    }


def _counted(key: str, first: int, last: int) -> dict[str, str]:
    digits = {} if key == "year" else {f"projection.{key}.digits": "2"}
    return {f"projection.{key}.type": "integer", f"projection.{key}.range": f"{first},{last}", **digits}


#: The catalogue's tables by the folder that they show: what their TableInput says. What is sent is kept as it came, a
#: record a line, which a SerDe that parses keys would return wrong rows of.
TABLES: dict[str, dict[str, Any]] = {
    code.RECEIVED: {"Name": "market_data"}
    | _table(
        [("line", "string")],
        "feed year month day hour",
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
            columns,
            "date hour",
            {"classification": "parquet"},
            InputFormat=f"{_HIVE}.parquet.MapredParquetInputFormat",
            OutputFormat=f"{_HIVE}.parquet.MapredParquetOutputFormat",
            SerdeInfo={"SerializationLibrary": f"{_HIVE}.parquet.serde.ParquetHiveSerDe"},
        )
        for feed, columns in COLUMNS.items()
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
