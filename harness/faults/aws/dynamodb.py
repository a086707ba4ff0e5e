"""DynamoDB: two tables, one index, conditional writes."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .errors import NotModelled, refused
from .expressions import Item, holds, updated

#: Rows a page, so that queries have pages.
PAGE = 12
Key = tuple[Any, Any]


class Schema(NamedTuple):
    """A table's key, and its indexes: name -> (partition key, sort key)."""

    partition: str
    sort: str
    indexes: Mapping[str, tuple[str, str]] = {}


class DynamoDb:
    """Tables by name. `changed` is told each change: table, row before (or None), row after."""

    def __init__(self, schemas: Mapping[str, Schema], changed: Callable[[str, Item | None, Item], None]) -> None:
        self._schemas = schemas
        self._changed = changed
        self.tables: dict[str, dict[Key, Item]] = {name: {} for name in schemas}
        #: Changes in order, for an index that lags: table, key, row before.
        self.log: list[tuple[str, Key, Item | None]] = []

    def get_item(
        self,
        *,
        TableName: str,
        Key: Item,
        ConsistentRead: bool = False,
        ProjectionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """GetItem."""
        if not ConsistentRead:
            raise NotModelled("GetItem that is eventually consistent")
        item = self.tables[TableName].get(self._key(TableName, Key))
        return {} if item is None else {"Item": _projected(item, ProjectionExpression, ExpressionAttributeNames or {})}

    def put_item(
        self,
        *,
        TableName: str,
        Item: Item,
        ConditionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        ExpressionAttributeValues: Item | None = None,
    ) -> dict[str, Any]:
        """PutItem."""
        key = self._key(TableName, Item)
        before = self.tables[TableName].get(key)
        names, values = ExpressionAttributeNames or {}, ExpressionAttributeValues or {}
        if ConditionExpression and not holds(ConditionExpression, names, values, before or {}):
            raise refused("PutItem", "ConditionalCheckFailedException")
        self._store(TableName, key, before, dict(Item))
        return {}

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ConditionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        ExpressionAttributeValues: Item | None = None,
        ReturnValues: str = "NONE",
        ReturnValuesOnConditionCheckFailure: str = "NONE",
    ) -> dict[str, Any]:
        """UpdateItem."""
        names, values = ExpressionAttributeNames or {}, ExpressionAttributeValues or {}
        used = set(re.findall(r"[:#]\w+", f"{UpdateExpression} {ConditionExpression}"))
        if (names.keys() | values.keys()) ^ used:
            raise NotModelled(f"names and values that are unused, or not given: {UpdateExpression}")
        key = self._key(TableName, Key)
        before = self.tables[TableName].get(key)
        if ConditionExpression and not holds(ConditionExpression, names, values, before or {}):
            shown = before and ReturnValuesOnConditionCheckFailure == "ALL_OLD"
            more: dict[str, Any] = {"Item": before} if shown else {}
            raise refused("UpdateItem", "ConditionalCheckFailedException", **more)
        after = updated(UpdateExpression, names, values, before or dict(Key))
        self._store(TableName, key, before, after)
        if ReturnValues == "ALL_OLD":
            return {"Attributes": dict(before)} if before else {}
        if ReturnValues == "ALL_NEW":
            return {"Attributes": dict(after)}
        if ReturnValues != "NONE":
            raise NotModelled(f"ReturnValues {ReturnValues}")
        return {}

    def query(
        self,
        *,
        TableName: str,
        IndexName: str,
        KeyConditionExpression: str,
        FilterExpression: str = "",
        ProjectionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        ExpressionAttributeValues: Item | None = None,
        ExclusiveStartKey: Item | None = None,
        Limit: int = PAGE,
        lag: int = 0,
    ) -> dict[str, Any]:
        """Query of an index: the items that have its two keys, ordered by the second, without the last changes."""
        names, values = ExpressionAttributeNames or {}, ExpressionAttributeValues or {}
        partition, sort = self._schemas[TableName].indexes[IndexName]
        found = [
            item
            for item in self._shown(TableName, lag).values()
            if partition in item and sort in item and holds(KeyConditionExpression, names, values, item)
        ]

        def order(item: Item) -> tuple[Any, Key]:
            return _plain(item[sort]), self._key(TableName, item)

        found.sort(key=order)
        if ExclusiveStartKey:
            found = [item for item in found if order(item) > order(ExclusiveStartKey)]
        page, left = found[: min(Limit, PAGE)], found[min(Limit, PAGE) :]
        kept = [item for item in page if not FilterExpression or holds(FilterExpression, names, values, item)]
        answer: dict[str, Any] = {"Items": [_projected(item, ProjectionExpression, names) for item in kept]}
        if left:
            schema = self._schemas[TableName]
            answer["LastEvaluatedKey"] = {
                name: page[-1][name] for name in {schema.partition, schema.sort, partition, sort}
            }
        return answer

    def _shown(self, table: str, lag: int) -> dict[Key, Item]:
        """The table as its index shows it."""
        if not lag:
            return self.tables[table]
        shown: dict[Key, Item] = dict(self.tables[table])
        for name, key, before in reversed(self.log[-lag:]):
            if name == table:
                shown[key] = before or {}
        return shown

    def _store(self, table: str, key: Key, before: Item | None, after: Item) -> None:
        self.tables[table][key] = after
        self.log.append((table, key, before))
        self._changed(table, before, after)

    def _key(self, table: str, item: Item) -> Key:
        schema = self._schemas[table]
        return _plain(item[schema.partition]), _plain(item[schema.sort])


def _plain(value: Item) -> Any:
    kind, held = next(iter(value.items()))
    return int(held) if kind == "N" else held


def _projected(item: Item, projection: str, names: Mapping[str, str]) -> Item:
    if not projection:
        return dict(item)
    wanted = (name.strip() for name in projection.split(","))
    spelled = [names[name] if name.startswith("#") else name for name in wanted]
    return {name: item[name] for name in spelled if name in item}
