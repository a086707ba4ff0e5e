"""Places that name something else of the same kind."""

from collections.abc import Iterator

from harness.mutants import places
from harness.mutants.mutation import get
from harness.mutants.operators.registry import ENDPOINT, ROLE, Edit, Template, operator
from harness.render.source import Place


@operator
def swap_references(template: Template) -> Iterator[Edit]:
    """A place names another resource of the same type: copied, and not changed."""
    types = {name: body["Type"] for name, body in template["Resources"].items()}
    # Of roles that our code runs under, the pipeline notices what is swapped.
    running = set(places.roles_of(template, "AWS::Lambda::Function", "AWS::Glue::Job"))
    for resource, body in template["Resources"].items():
        if "Role" in body.get("Properties", {}):
            at: Place = ("Resources", resource, "Properties", "Role")
            elsewhere = "arn:aws:iam::123456789012:role/elsewhere"
            yield Edit(resource, at, elsewhere, "a role of elsewhere")
    for resource, place, name, value in places.resource_references(template, frozenset(types)):
        if (
            types[name] not in _SWAPPED
            or resource in running
            or ("PolicyDocument" in place and _is_open_to_people(template, resource))
        ):
            continue
        others = [other for other, type_ in types.items() if type_ == types[name] and other not in (name, resource)]
        # Of roles, each: which one it is decides who notices.
        for other in others if types[name] == ROLE else others[:1]:
            key, argument = next(iter(value.items()))
            swapped = {key: other} if key == "Ref" else {key: [other, argument[1]]}
            yield Edit(resource, place, swapped, f"{other} for {name}")


def _is_open_to_people(template: Template, resource: str) -> bool:
    """Whether it is an endpoint that the functions do not need: what people reach through it is theirs to tell."""
    body = template["Resources"][resource]
    name = get(body, ("Properties", "ServiceName", "Fn::Sub"))
    needed = ("s3", "dynamodb", "sqs")
    return body["Type"] == ENDPOINT and str(name).rpartition(".")[2] not in needed


_SWAPPED = frozenset(
    {
        "AWS::DynamoDB::Table", "AWS::EC2::SecurityGroup", "AWS::IAM::Role", "AWS::Lambda::Function",
        "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SQS::Queue",
    }
)  # fmt: skip


@operator
def start_another(template: Template) -> Iterator[Edit]:
    """A trigger starts something else of the template in the place of what it is there for."""
    kinds = {"JobName": "AWS::Glue::Job", "CrawlerName": "AWS::Glue::Crawler"}
    named = {
        kind: [name for name, body in template["Resources"].items() if body["Type"] == kinds[kind]] for kind in kinds
    }
    for resource, body in template["Resources"].items():
        actions = body.get("Properties", {}).get("Actions") if body["Type"] == "AWS::Glue::Trigger" else None
        for index, action in enumerate(actions if isinstance(actions, list) else ()):
            for kind, others in named.items():
                if others and kind not in action:
                    other = {kind: {"Ref": others[0]}}
                    yield Edit(resource, ("Resources", resource, "Properties", "Actions", index), other, others[0])


@operator
def swap_parameters(template: Template) -> Iterator[Edit]:
    """A place takes the value of another parameter of the same type: copied, and not changed."""
    parameters = {name: each["Type"] for name, each in template.get("Parameters", {}).items()}
    used = list(places.references(template, frozenset(parameters)))
    for resource, place, name in used:
        others = [
            other
            for where, _, other in used
            if where == resource and other != name and parameters[other] == parameters[name]
        ]
        for other in dict.fromkeys(others):
            yield Edit(resource, place, {"Ref": other}, f"{other} for {name}")
        if not others:
            same = [other for other, type_ in parameters.items() if type_ == parameters[name] and other != name]
            # Of texts, those of a pattern: what takes its values from a list is swapped where its neighbours are.
            listed = "AllowedValues" in template["Parameters"][name]
            if same and not (parameters[name] == "String" and listed):
                yield Edit(resource, place, {"Ref": same[0]}, f"{same[0]} for {name}")
