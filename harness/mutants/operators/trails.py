"""What a trail records, where it goes, and how its files are kept."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render.source import Place

TRAIL = "AWS::CloudTrail::Trail"
_MANAGEMENT = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
#: Fields that pick some of the events only.
_NARROW = (
    {"Field": "readOnly", "Equals": ["true"]},
    {"Field": "readOnly", "Equals": ["false"]},
    {"Field": "eventName", "Equals": ["GetObject"]},
)


@operator
def record_other_events(template: Template) -> Iterator[Edit]:
    """A trail leaves out events of the data, or records those of others."""
    for name, body in template["Resources"].items():
        if body["Type"] != TRAIL:
            continue
        selectors: Place = ("Resources", name, "Properties", "AdvancedEventSelectors")
        yield Edit(name, (*selectors, len(get(template, selectors))), _MANAGEMENT, "and management events")
        for index, selector in enumerate(get(template, selectors)):
            fields: Place = (*selectors, index, "FieldSelectors")
            for narrow in _NARROW:
                change = f"only where {narrow['Field']} is {narrow['Equals'][0]}"
                yield Edit(name, (*fields, len(selector["FieldSelectors"])), narrow, change)
            for at, field in enumerate(selector["FieldSelectors"]):
                yield from _other_objects(name, (*fields, at), field)


def _other_objects(name: str, place: Place, field: dict[str, Any]) -> Iterator[Edit]:
    if field["Field"] == "resources.type":
        yield Edit(name, (*place, "Equals"), ["AWS::Lambda::Function"], "calls of functions")
    for index, arn in enumerate(field.get("StartsWith", [])):
        text = arn["Fn::Sub"]
        yield Edit(name, (*place, "StartsWith", index), {"Fn::Sub": text.rstrip("/")}, f"{text} without its end")
        yield Edit(name, (*place, "StartsWith", index), {"Fn::Sub": f"{text}market-data/"}, f"{text}market-data/ alone")
    if "StartsWith" in field:
        everything = [*field["StartsWith"], "arn:aws:s3:::"]
        yield Edit(name, (*place, "StartsWith"), everything, "and every bucket of the account")


@operator
def mislay_trail(template: Template) -> Iterator[Edit]:
    """A trail goes to somebody else, is made before it is let in, or has to be restored before it can be read."""
    for name, body in template["Resources"].items():
        if body["Type"] != TRAIL:
            continue
        bucket: Place = ("Resources", name, "Properties", "S3BucketName")
        yield Edit(name, bucket, "somebody-else", "to a bucket of somebody else")
        yield Edit(name, ("Resources", name, "DependsOn"), ABSENT, "waits for nothing")
        kept = get(template, (*bucket, "Ref"))
        rules: Place = ("Resources", kept, "Properties", "LifecycleConfiguration", "Rules")
        for index, rule in enumerate(get(template, rules)):
            if "Transitions" in rule:
                days: Place = (*rules, index, "Transitions", 0, "TransitionInDays")
                yield Edit(kept, days, 30, "restored after a month")
