"""Small random templates: parameters, conditions on them, and resources that use both."""

from typing import Any

from hypothesis import strategies as st

Template = dict[str, Any]

SWITCHES = ("P0", "P1", "P2", "P3")
_CONDITIONS = ("C0", "C1", "C2", "C3")


def _equals(name: str) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": name}, "true"]}


@st.composite
def _condition(draw: st.DrawFn, switches: tuple[str, ...], before: tuple[str, ...]) -> Any:
    """An expression over switches and previously declared conditions."""
    leaves = st.sampled_from([_equals(name) for name in switches] + [{"Condition": name} for name in before])
    return draw(
        st.recursive(
            leaves,
            lambda inner: (
                st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::And": each})
                | st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::Or": each})
                | inner.map(lambda each: {"Fn::Not": [each]})
            ),
            max_leaves=4,
        )
    )


@st.composite
def switched_templates(draw: st.DrawFn) -> Template:
    """Up to four switches, conditions on them, resources that depend on both, and optional Rules."""
    switches = SWITCHES[: draw(st.integers(1, 4))]
    declared: dict[str, Any] = {}
    for name in _CONDITIONS[: draw(st.integers(1, 4))]:
        declared[name] = draw(_condition(switches, tuple(declared)))
    names = [f"R{n}" for n in range(draw(st.integers(1, 4)))]
    values = st.recursive(
        st.sampled_from(
            [
                {"Ref": "AWS::NoValue"},
                {"Ref": "Size"},
                {"Fn::Sub": "${Size}-${AWS::Region}"},
                {"Fn::FindInMap": ["Map", {"Ref": switches[0]}, "k"]},
                *({"Ref": name} for name in (*names, *switches)),
                *({"Fn::GetAtt": [name, "Arn"]} for name in names),
                *({"Fn::Sub": f"x-${{{name}.Value}}"} for name in names),
            ]
        ),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.builds(lambda c, x, y: {"Fn::If": [c, x, y]}, st.sampled_from(list(declared)), inner, inner)
        ),
        max_leaves=4,
    )
    resources: dict[str, Any] = {}
    for name in names:
        # Names and stored values use switches only, so that there is no circle.
        properties: dict[str, Any] = {"P": draw(values)}
        own = draw(st.sampled_from([None, *({"Fn::Sub": f"{name}-${{{each}}}"} for each in switches)]))
        if own is not None:
            properties["QueueName"] = own
            properties["Name"] = own
        properties["Value"] = {"Fn::If": [draw(st.sampled_from(list(declared))), "a", {"Ref": switches[-1]}]}
        body = {"Type": draw(st.sampled_from(["AWS::SQS::Queue", "AWS::SSM::Parameter"])), "Properties": properties}
        if condition := draw(st.sampled_from([None, *declared])):
            body["Condition"] = condition
        if waited := draw(st.lists(st.sampled_from(names), max_size=2, unique=True)):
            body["DependsOn"] = waited if len(waited) > 1 or draw(st.booleans()) else waited[0]
        resources[name] = body
    template: Template = {
        "Parameters": {
            "Size": {"Type": "Number", "MinValue": 1, "MaxValue": 9, "Default": 5},
            **{
                name: {
                    "Type": "String",
                    "AllowedValues": ["true", "false"],
                    "Default": draw(st.sampled_from(["true", "false"])),
                }
                for name in switches
            },
        },
        "Conditions": declared,
        "Mappings": {"Map": {"true": {"k": "on"}, "false": {"k": "off"}}},
        "Resources": resources,
    }
    if len(switches) > 1 and draw(st.booleans()):
        one, other = draw(st.permutations(switches))[:2]
        template["Rules"] = {
            "R": {
                "RuleCondition": _equals(one),
                "Assertions": [{"Assert": draw(st.sampled_from([_equals(other), {"Fn::Not": [_equals(other)]}]))}],
            }
        }
    return template


# ---------------------------------------------------------------- to be deployed
#: What the deployed templates' parameters may be given; every kind of `Ref` that a value can be made of.
DEPLOYED_PARAMETERS: dict[str, Any] = {
    "Text": {"Type": "String"},
    "Flag": {"Type": "String", "AllowedValues": ["true", "false"]},
    "Choice": {"Type": "String", "AllowedValues": ["one", "two"], "Default": "one"},
    "Count": {"Type": "Number", "MinValue": 1, "MaxValue": 400},
    "Names": {"Type": "CommaDelimitedList"},
    "Counts": {"Type": "List<Number>"},
    "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
}
DEPLOYED_MAPPINGS = {
    "Sizes": {
        "one": {"days": 7, "text": "small", "list": ["s", "t"]},
        "two": {"days": 30, "text": "large", "list": ["l"]},
    }
}
_words = st.text("abcxyz0129-_./:=@", min_size=1, max_size=8)
_NOTHING = {"Ref": "AWS::NoValue"}
_names = st.sampled_from(["Yes", "No", "Mixed"])


def _ifs(inner: Any) -> Any:
    return st.builds(lambda name, one, other: {"Fn::If": [name, one, other]}, _names, inner, inner)


def _by_name(name: str) -> Any:
    return {"Ref": name}


_single = st.one_of(
    _words,
    st.sampled_from(["Text", "Flag", "Choice", "Count", "Topic"]).map(_by_name),
    st.sampled_from(["AccountId", "Region", "Partition", "URLSuffix", "StackName"]).map(
        lambda n: _by_name(f"AWS::{n}")
    ),
    st.sampled_from(["Queue.Arn", "Queue.QueueName", "Topic.TopicName", "Role.Arn", "Group.Arn"]).map(
        lambda name: {"Fn::GetAtt": name.split(".")}
    ),
    st.just({"Fn::FindInMap": ["Sizes", {"Ref": "Choice"}, "text"]}),
    st.just({"Fn::Select": [0, {"Ref": "Names"}]}),
    st.just({"Fn::Select": ["1", {"Fn::GetAZs": ""}]}),
    st.just({"Fn::Select": [{"Fn::FindInMap": ["Sizes", "one", "days"]}, {"Fn::Cidr": ["10.0.0.0/16", 8, 5]}]}),
)
_pieces = st.sampled_from(
    [
        "-", "$ ", "{ }", "a b", "${!Text}", "${!AWS::Region}", "${!x}", "${Text}", "${Choice}", "${Count}",
        "${AWS::Region}", "${AWS::AccountId}", "${AWS::StackName}", "${Queue.Arn}", "${Queue.QueueName}", "${Topic}",
        "${Role.Arn}",
    ]
)  # fmt: skip


def _lists(inner: Any) -> Any:
    """Lists of texts, some entries optional."""
    entries = st.lists(inner | _ifs(inner | st.just(_NOTHING)) | st.integers(0, 9), min_size=1, max_size=3)
    split = st.builds(lambda mark, text: {"Fn::Split": [mark, text]}, st.sampled_from([",", "-", "/", "::"]), inner)
    known = st.sampled_from(["Names", "Counts", "Subnets"]).map(_by_name)
    either = entries | split | known | st.just({"Fn::FindInMap": ["Sizes", {"Ref": "Choice"}, "list"]})
    return either | _ifs(either)


def _composed(inner: Any) -> Any:
    subs = st.lists(_pieces, min_size=1, max_size=4).map("".join)
    # A variable may shadow a parameter of the same name.
    variables = st.fixed_dictionaries({"x": inner, "Text": inner})
    return st.one_of(
        subs.map(lambda text: {"Fn::Sub": text}),
        st.builds(lambda text, given: {"Fn::Sub": [f"${{x}}{text}", given]}, subs, variables),
        st.builds(lambda mark, entries: {"Fn::Join": [mark, entries]}, st.sampled_from(["", ",", "::"]), _lists(inner)),
        st.builds(lambda text: {"Fn::Select": [0, {"Fn::Split": ["-", text]}]}, inner),
        st.builds(lambda one, two, n: {"Fn::Select": [n, [one, two]]}, inner, inner, st.sampled_from([0, 1, "1"])),
        inner.map(lambda text: {"Fn::Base64": text}),
        _ifs(inner),
    )


_texts = st.recursive(_single, _composed, max_leaves=6)


def _deployed_conditions() -> Any:
    equals = st.builds(
        lambda one, other: {"Fn::Equals": [one, other]},
        st.sampled_from(["Text", "Flag", "Choice", "Count"]).map(_by_name)
        | st.just({"Fn::Select": [0, _by_name("Names")]}),
        st.sampled_from(["true", "one", "a", "A", 7, {"Ref": "Text"}, {"Ref": "Choice"}]),
    )
    several = st.recursive(
        equals | st.sampled_from([{"Condition": "Yes"}, {"Condition": "No"}]),
        lambda inner: (
            st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::And": each})
            | st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::Or": each})
            | inner.map(lambda each: {"Fn::Not": [each]})
        ),
        max_leaves=5,
    )
    yes, no = {"Fn::Equals": [{"Ref": "Flag"}, "true"]}, {"Fn::Not": [{"Condition": "Yes"}]}
    return several.map(lambda mixed: {"Yes": yes, "No": no, "Mixed": mixed})


@st.composite
def deployable_templates(draw: st.DrawFn) -> tuple[Template, dict[str, str]]:
    """A template whose resources can be read back exactly, with parameter values."""
    text = lambda: draw(_texts)  # noqa: E731  it is drawn twenty times below
    maybe = lambda value: draw(st.sampled_from([value, {"Fn::If": ["Mixed", value, _NOTHING]}]))  # noqa: E731

    def tags() -> list[Any]:
        return [{"Key": "fixed", "Value": text()}, maybe({"Key": "other", "Value": text()})]

    def name(suffix: str) -> Any:
        return {"Fn::Sub": f"${{AWS::StackName}}-{suffix}"}

    def stored(suffix: str, **more: Any) -> Any:
        # An SSM parameter may not be empty, nor refer to a resource that refers to it.
        value = {"Fn::Join": ["", ["v", text()]]}
        properties = {"Name": {"Fn::Sub": f"/${{AWS::StackName}}/{suffix}"}, "Type": "String", "Value": value}
        return {"Type": "AWS::SSM::Parameter", "Properties": properties, **more}

    def statement() -> Any:
        return {
            "Effect": "Allow",
            "Action": ["s3:GetObject", maybe("s3:PutObject")],
            "Resource": draw(st.sampled_from([_by_name("AWS::Region"), {"Fn::Sub": "arn:${AWS::Partition}:s3:::b/*"}])),
            "Condition": maybe({"StringEquals": {"aws:SourceAccount": [_by_name("AWS::AccountId"), _by_name("Text")]}}),
        }

    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    by_choice = {"Fn::FindInMap": ["Sizes", {"Ref": "Choice"}, "days"]}
    days = draw(st.sampled_from([by_choice, {"Fn::If": ["Yes", 1, 3]}]))
    seconds = draw(st.sampled_from([{"Ref": "Count"}, {"Fn::If": ["Mixed", {"Ref": "Count"}, 60]}]))
    dimensions = [{"Name": "a", "Value": text()}, maybe({"Name": "b", "Value": text()})]
    pattern = {"source": ["x", maybe("y")], "detail": {"k": draw(_lists(_texts)), "l": [maybe({"prefix": text()})]}}
    # Other resources refer to these three, so they must not contain references.
    queue = {"QueueName": name("queue"), "VisibilityTimeout": seconds, "DelaySeconds": maybe(5)}
    role = {
        "RoleName": name("role"),
        "AssumeRolePolicyDocument": {"Statement": [trust, maybe({**trust, "Sid": {"Fn::Sub": "X${Count}"}})]},
        "Policies": [
            {"PolicyName": "first", "PolicyDocument": {"Statement": [statement(), maybe(statement())]}},
            maybe({"PolicyName": "second", "PolicyDocument": {"Statement": statement()}}),
        ],
    }
    resources: dict[str, Any] = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": queue},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name("topic")}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Group": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": name("group"), "RetentionInDays": days},
        },
        "Stored": stored("stored"),
        "Again": stored("again", DependsOn=["Stored", "Maybe"]),
        "Maybe": stored("maybe", Condition=draw(_names)),
        "Taken": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": name("taken"), "Type": "String", "Value": {"Fn::Sub": "${Stored.Value}|${Again.Value}"},
            },
        },
        "Other": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": name("other"), "DisplayName": text(), "Tags": tags()},
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": name("alarm"), "AlarmDescription": text(), "Namespace": "N", "MetricName": "m",
                "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": {"Ref": "Count"},
                "ComparisonOperator": "GreaterThanThreshold", "Dimensions": dimensions,
                "AlarmActions": [{"Ref": "Topic"}, maybe({"Ref": "Other"})],
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"Name": name("rule"), "Description": text(), "EventPattern": pattern},
        },
    }  # fmt: skip
    template = {
        "Parameters": DEPLOYED_PARAMETERS,
        "Mappings": DEPLOYED_MAPPINGS,
        "Conditions": draw(_deployed_conditions()),
        "Resources": resources,
        "Outputs": {
            "First": {"Value": {"Fn::Join": ["", ["o", text()]]}},
            "Second": {"Value": {"Fn::Join": ["", ["o", text()]]}, "Condition": draw(_names)},
        },
    }
    given = {
        "Text": draw(_words | st.sampled_from(["${!x}", "${Choice}", "a,b", "one", "true", "A"])),
        "Flag": draw(st.sampled_from(["true", "false"])),
        "Choice": draw(st.sampled_from(["one", "two"])),
        "Count": draw(st.sampled_from(["1", "7", "400", "007"])),
        "Names": draw(st.sampled_from(["a", "a, b", "true,x,y", "${Text},b"])),
        "Counts": draw(st.sampled_from(["1", "1, 2.5", "007,3"])),
        "Subnets": "subnet-1,subnet-2",
    }
    return template, given


#: Regular expressions such as AllowedPattern has them.
patterns = st.sampled_from(
    [
        "^[a-z]+$", "[A-Z][a-zA-Z0-9]*", "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "^(a|b|c)$",
        r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        r"^cron\([^()]+\)$", r"\d{4}-\d{2}-\d{2}", r"^v?\d+\.\d+\.\d+$", "^(x[0-9]{3})?$", "[a-f0-9]{64}", r"^/\S+$",
        "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", ".*", r"^\w{3,5}\b", "[!-~]{8,}",
        r"^(?!-)[a-z-]+$",
    ]
)  # fmt: skip


@st.composite
def any_parameters(draw: st.DrawFn) -> dict[str, Any]:
    """A parameter without a default, of any type, with constraints that something satisfies."""
    kind = draw(st.sampled_from(["allowed", "number", "pattern", "length", "type"]))
    if kind == "allowed":
        values = draw(st.lists(st.text(max_size=5) | st.integers() | st.booleans(), min_size=1, max_size=4))
        return {"Type": "String", "AllowedValues": values}
    if kind == "number":
        least = draw(st.integers(-(10**6), 10**6))
        bounds = {"MinValue": least, "MaxValue": least + draw(st.integers(0, 10**6))}
        return {"Type": "Number", **{name: bounds[name] for name in draw(st.sets(st.sampled_from(list(bounds))))}}
    if kind == "pattern":
        return {"Type": draw(st.sampled_from(["String", "CommaDelimitedList"])), "AllowedPattern": draw(patterns)}
    if kind == "length":
        least = draw(st.integers(0, 200))
        bounds = {"MinLength": least, "MaxLength": least + draw(st.integers(0, 50))}
        return {"Type": "String", **{name: bounds[name] for name in draw(st.sets(st.sampled_from(list(bounds))))}}
    types = [
        "AWS::EC2::VPC::Id",
        "List<AWS::EC2::Subnet::Id>",
        "List<Number>",
        "CommaDelimitedList",
        "String",
        "Number",
    ]
    return {"Type": draw(st.sampled_from([*types, "AWS::SSM::Parameter::Value<String>", "AWS::EC2::KeyPair::KeyName"]))}


#: Parameters and pseudo parameters, each with values that conditions compare it with.
COMPARED = {
    "Environment": ["dev", "prod"], "Tier": ["gold", "bronze", "tin"], "Name": ["plain", "x", "a-b"],
    "AWS::Region": ["us-east-1", "eu-west-1", "cn-north-1"], "AWS::AccountId": ["111122223333", "123456789012"],
    "AWS::StackName": ["legacy", "financial-pipeline"], "AWS::Partition": ["aws", "aws-cn"],
}  # fmt: skip


@st.composite
def _hiding_comparisons(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(list(COMPARED)), min_size=1, max_size=3, unique=True))
    texts, mark = [draw(st.sampled_from(COMPARED[name])) for name in names], draw(st.sampled_from("-/:"))
    references = [{"Ref": name} for name in names]
    sides = [
        (references[0], texts[0]),
        ({"Fn::Join": [mark, references]}, mark.join(texts)),
        ({"Fn::Sub": mark.join(f"${{{name}}}" for name in names)}, mark.join(texts)),
        ({"Fn::FindInMap": ["Tiers", {"Ref": "Tier"}, "Kind"]}, "cheap"),
        ({"Fn::FindInMap": ["Deep", {"Ref": "Environment"}, {"Ref": "Tier"}]}, 1),
        ({"Fn::Select": [1, {"Ref": "Names"}]}, "x"),
        ({"Fn::ImportValue": "switch"}, "on"),
    ]
    return {"Fn::Equals": draw(st.sampled_from(sides).flatmap(st.permutations))}


#: Conditions of any depth, which may or may not be able to hold.
hiding_conditions = st.recursive(
    _hiding_comparisons(),
    lambda inner: (
        inner.map(lambda each: {"Fn::Not": [each]})
        | st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::And": each})
        | st.lists(inner, min_size=2, max_size=3).map(lambda each: {"Fn::Or": each})
    ),
    max_leaves=4,
)
