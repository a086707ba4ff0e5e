"""Where the operators look: properties, policy statements and references of a template, and what they leave alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.render.source import Place

#: Properties that no rule has to know, because something else fails without them: the names people and producers use
#: (tests/integration/test_stack_operations.py deploys them), what the code is and is called with (the pipeline does not
#: run), keys of tables and columns (tests/unit/test_glue_tables.py), and what only a reader of the console sees.
LEFT_ALONE = frozenset(
    {
        # names
        "AlarmName", "AliasName", "BucketName", "DashboardName", "FunctionName", "Id", "IndexName", "LayerName",
        "LogGroupName", "LogFilePrefix", "Name", "PolicyName", "QueueName", "RoleName", "Sid", "TableName", "TopicName",
        "TrailName",
        # words
        "Description", "DisplayName", "GroupDescription",
        # code, and what it is called with
        "Code", "Command", "Content", "Environment", "Handler", "Layers", "MemorySize", "Role", "EngineVersion",
        "--buckets_per_partition", "--database", "--job_table", "--lineage_table", "--processed_bucket",
        "--source_prefix", "--staging_prefix", "--target_prefix",
        # keys, columns and the catalogue
        "AttributeDefinitions", "CatalogId", "DatabaseInput", "GlobalSecondaryIndexes", "KeySchema",
        "StreamSpecification", "TableInput", "Type",
        # what decides nothing but how, or is as it is where nothing is said
        "Priority", "StreamModeDetails",
        # what a resource is attached to: without it CloudFormation refuses it
        "Bucket", "EventSourceArn", "Protocol", "Queues", "ServiceName", "TargetKeyId", "Topics", "VpcEndpointType",
    }
)  # fmt: skip
#: The same for one type: a workgroup that is off refuses every query at once.
LEFT_ALONE_OF = frozenset({("AWS::Athena::WorkGroup", "State")})
DOCUMENTS = frozenset({"AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument"})


def properties(template: Mapping[str, Any], depth: int = 4) -> Iterator[tuple[str, Place, str, Any]]:
    """(resource, place, key, value) of each property that matters, outside of policy documents, through conditions."""
    for name, body in template["Resources"].items():
        if isinstance(body.get("Properties"), dict):
            for found in _properties(name, ("Resources", name, "Properties"), body["Properties"], depth):
                if (body["Type"], found[2]) not in LEFT_ALONE_OF:
                    yield found


def _properties(name: str, place: Place, value: Any, depth: int) -> Iterator[tuple[str, Place, str, Any]]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _properties(name, (*place, index), each, depth)
        return
    if not isinstance(value, dict):
        return
    if "Fn::If" in value:
        for branch in (1, 2):
            yield from _properties(name, (*place, "Fn::If", branch), value["Fn::If"][branch], depth)
        return
    for key, inner in value.items():
        if key in LEFT_ALONE or key in DOCUMENTS or key == "Ref" or key.startswith("Fn::"):
            continue
        yield name, (*place, key), key, inner
        if depth and key not in ("Tags", "EventPattern", "Dimensions"):
            yield from _properties(name, (*place, key), inner, depth - 1)


def statements(template: Mapping[str, Any]) -> Iterator[tuple[str, Place, dict[str, Any]]]:
    """(resource, place, statement) of every policy statement, those behind conditions included."""
    for name, body in template["Resources"].items():
        for place, key, value in _documents(("Resources", name, "Properties"), body.get("Properties", {})):
            for index, statement in enumerate(value.get("Statement", [])):
                yield from _branches(name, (*place, key, "Statement", index), statement)


def documents(template: Mapping[str, Any]) -> Iterator[tuple[str, Place]]:
    """(resource, place) of every policy document."""
    for name, body in template["Resources"].items():
        for place, key, _ in _documents(("Resources", name, "Properties"), body.get("Properties", {})):
            yield name, (*place, key)


def _documents(place: Place, value: Any) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in DOCUMENTS and isinstance(inner, dict):
                yield place, key, inner
            else:
                yield from _documents((*place, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _documents((*place, index), inner)


def _branches(name: str, place: Place, statement: Any) -> Iterator[tuple[str, Place, dict[str, Any]]]:
    if isinstance(statement, dict) and "Fn::If" in statement:
        for branch in (1, 2):
            yield from _branches(name, (*place, "Fn::If", branch), statement["Fn::If"][branch])
    elif isinstance(statement, dict) and "Effect" in statement:
        yield name, place, statement


def conditions(statement: Mapping[str, Any]) -> Iterator[tuple[Place, str, str, Any]]:
    """(place, operator, key, value) of each test of a statement, from the statement on, through conditions."""
    for place, stated in _cases(("Condition",), statement.get("Condition")):
        for operator, inner in stated.items():
            for at, keys in _cases((*place, operator), inner):
                for key, value in keys.items():
                    yield (*at, key), operator, key, value


def _cases(place: Place, value: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    if isinstance(value, dict) and "Fn::If" in value:
        for branch in (1, 2):
            yield from _cases((*place, "Fn::If", branch), value["Fn::If"][branch])
    elif isinstance(value, dict) and value != {"Ref": "AWS::NoValue"}:
        yield place, value


def roles_of(template: Mapping[str, Any], *types: str) -> Iterator[str]:
    """The roles of this template that resources of these types work with."""
    for body in template["Resources"].values():
        role = get(body, ("Properties", "Role", "Fn::GetAtt", 0))
        if body["Type"] in types and role is not ABSENT:
            yield role


def references(template: Mapping[str, Any], names: frozenset[str]) -> Iterator[tuple[str, Place, str]]:
    """(resource, place, name) of each `Ref` to one of these names in the properties of resources."""
    for resource, body in template["Resources"].items():
        for place, name in _references(("Resources", resource, "Properties"), body.get("Properties", {})):
            if name in names:
                yield resource, place, name


def resource_references(
    template: Mapping[str, Any], names: frozenset[str]
) -> Iterator[tuple[str, Place, str, dict[str, Any]]]:
    """(resource, place, name, value) of each `Ref` and `GetAtt` to one of these resources in the properties of others.

    Not of what code is called with: with another bucket or table the pipeline does not run.
    """
    for resource, body in template["Resources"].items():
        for place, value in _objects(("Resources", resource, "Properties"), body.get("Properties", {})):
            if place[3:4] in (("Environment",), ("DefaultArguments",)):
                continue
            target = value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]
            if len(value) == 1 and target in names and target != resource:
                yield resource, place, target, value


def _objects(place: Place, value: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    if isinstance(value, dict):
        yield place, value
        for key, inner in value.items():
            yield from _objects((*place, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _objects((*place, index), inner)


def _references(place: Place, value: Any) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str) and len(value) == 1:
            yield place, value["Ref"]
        for key, inner in value.items():
            # With another key, a map has nothing: CloudFormation refuses it.
            if key != "Fn::FindInMap":
                yield from _references((*place, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _references((*place, index), inner)
