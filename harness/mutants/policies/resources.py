"""Which resources a statement is about: more of them, fewer, or others."""

import re
from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT
from harness.mutants.operators.registry import Edit, Template, type_of
from harness.mutants.policies.stated import Stated, is_endpoints, policy_operator, stated
from harness.render.dumping import as_json
from harness.render.resources import items

_ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
#: The end of a text from its last colon that is not in a variable.
_LAST_PART = re.compile(r":(?:[^:{}]|\$\{[^}]*\})*$")


@policy_operator
def policy_widen_resource(template: Template) -> Iterator[Edit]:
    """One folder up, or all of a kind, or in every Region or account, or whatever begins with the name."""
    for each in stated(template):
        reaches_out = each.is_identitys or is_endpoints(template, each)
        for at, arn in _entries(each):
            for wider in dict.fromkeys(_wider(template, arn, reaches_out)):
                yield each.edit({"Fn::Sub": wider}, f"{wider} for {_said(arn)}", *at)


def _wider(template: Template, arn: Any, reaches_out: bool) -> Iterator[str]:
    text = arn.get("Fn::Sub") if isinstance(arn, dict) else None
    if isinstance(text, str):
        if text.endswith("/*") and text.count("/") > 1:
            yield f"{text[:-2]}*"
        if "/" in text.rstrip("/*"):
            yield re.sub(r"/[^/]*$", "/*", text.rstrip("/*"))
        if reaches_out:
            if text.startswith("arn:"):
                yield _LAST_PART.sub(":*", text)
            for variable in ("Region", "AccountId"):
                if f":${{AWS::{variable}}}:" in text:
                    yield text.replace(f":${{AWS::{variable}}}:", ":*:")
    elif isinstance(arn, dict) and reaches_out:
        name, *attribute = [arn["Ref"]] if "Ref" in arn else arn["Fn::GetAtt"]
        kind = type_of(template, name)
        if kind == "AWS::SSM::Parameter":
            yield _ARN % ("kms", "key/*")
        elif kind == "AWS::Logs::LogGroup":
            yield _ARN % ("logs", "log-group:*")
        else:
            yield f"${{{'.'.join([name, *attribute])}}}*"


@policy_operator
def policy_narrow_resource(template: Template) -> Iterator[Edit]:
    """A folder further down, another name, or one resource fewer."""
    for each in stated(template):
        if isinstance(each.body.get("Resource"), list) and len(each.body["Resource"]) > 1:
            for index, arn in enumerate(each.body["Resource"]):
                yield each.edit(ABSENT, f"without {_said(arn)}", "Resource", index)
        for at, arn in _entries(each):
            narrower = _narrower(each, arn)
            yield each.edit({"Fn::Sub": narrower}, f"{narrower} for {_said(arn)}", *at)


def _narrower(statement: Stated, arn: Any) -> str:
    if arn == "*":
        return _ARN % (statement.service, "other")
    if "Fn::GetAtt" in arn:
        return f"${{{'.'.join(arn['Fn::GetAtt'])}}}-other"
    text = str(arn.get("Fn::Sub", f"${{{arn.get('Ref')}}}"))
    return f"{text[:-1]}other/*" if text.endswith("*") else f"{text}-other"


def _entries(statement: Stated) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """(place in the statement, what it says) of each resource."""
    listed = isinstance(statement.body.get("Resource"), list)
    for index, each in enumerate(items(statement.body.get("Resource"))):
        yield ("Resource", index) if listed else ("Resource",), each


def _said(arn: Any) -> str:
    return arn if isinstance(arn, str) else str(arn["Fn::Sub"]) if "Fn::Sub" in arn else as_json(arn)
