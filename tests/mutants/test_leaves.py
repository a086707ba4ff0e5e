"""Nothing that a schema allows is left out: it is set by the template, or a mutant sets it."""

from collections.abc import Iterator

from harness.gate.engines.cfn_lint import CfnLint
from harness.gate.engines.outcome import Target
from harness.mutants.mutation import Mutation, changed, get
from harness.mutants.operators import OPERATORS, leaves
from harness.mutants.operators.registry import NO_VALUE
from harness.render import schemas, unknown
from harness.render.scenarios import Scenarios
from harness.render.source import Source

SMALL = {
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": "raw",
                "LifecycleConfiguration": {
                    "Rules": [{"Fn::If": ["Kept", {"Ref": "AWS::NoValue"}, {"Status": "Enabled"}]}]
                },
            },
        }
    }
}
RULE = ("Resources", "Bucket", "Properties", "LifecycleConfiguration", "Rules", 0, "Fn::If", 2)


def _names(mutation: Mutation) -> Iterator[tuple[str, ...]]:
    """The paths of what is at a mutation's place."""
    value = get(mutation.template, mutation.place)
    return (
        schemas.named(unknown.schema_place((*mutation.place[3:], *inside))) for inside, _ in unknown.wholes(value, ())
    )


def test_every_leaf_of_a_schema_is_set_by_the_template_or_by_a_mutant(source: Source):
    by_type: dict[str, set[tuple[str, ...]]] = {}
    set_: dict[str, list[tuple[str, ...]]] = {}
    for body in source.template["Resources"].values():
        by_type[body["Type"]] = {schemas.named(path) for path in schemas.leaves(body["Type"])}
        there = [place for place, value in unknown.wholes(body["Properties"], ()) if value != NO_VALUE]
        set_.setdefault(body["Type"], []).extend(schemas.named(unknown.schema_place(place)) for place in there)
    for mutation in OPERATORS["set_absent_leaf"](source.template):
        set_[source.template["Resources"][mutation.resource]["Type"]].extend(_names(mutation))
    unset = {
        (type_, path)
        for type_, paths in by_type.items()
        for path in paths
        if not any(each[: len(path)] == path or path[: len(each)] == each for each in set_[type_])
    }

    assert unset == set()
    assert sum(map(len, by_type.values())) > 800


def test_a_leaf_is_set_where_most_of_what_is_around_it_stands():
    made = {(mutation.place, mutation.change) for mutation in OPERATORS["set_absent_leaf"](SMALL)}

    assert {(*RULE, "ExpirationInDays"), (*RULE, "AbortIncompleteMultipartUpload")} <= {place for place, _ in made}
    assert not [place for place, _ in made if place[3] == "BucketName"]


def test_a_literal_is_exchanged_for_its_siblings_and_misspelled():
    exchanged = {mutation.change for mutation in OPERATORS["exchange_leaf"](SMALL)}
    misspelled = {mutation.change for mutation in OPERATORS["misspell_leaf"](SMALL)}

    assert (exchanged, misspelled) == ({"Disabled"}, {"arw"})


def test_a_misspelled_value_of_an_enum_is_refused_by_cfn_lint(source: Source):
    """So no mutant misspells one."""
    template, places = Scenarios(source.template).all[0].rendering.template, set()
    for leaf in leaves._leaves(template):
        if "enum" in leaf.schema and isinstance(leaf.value, str):
            place = (*leaf.document.place, *leaf.inside)
            template = changed(template, place, leaves._typo(leaf.value))
            places.add(place)
    (outcome,) = CfnLint().judge([Target("typos", template)])
    refused = {failure.place for failure in outcome.failures if failure.rule in ("E3030", "E3031")}

    assert len(places) > 50
    assert places - refused == set()
