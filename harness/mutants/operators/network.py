"""More addresses, ports and protocols."""

from collections.abc import Iterator
from typing import Any

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render.source import Place


@operator
def open_network(template: Template) -> Iterator[Edit]:
    """More addresses, ports and protocols; fewer walls."""
    for resource, at, rule in _rules(template):
        others = {key: value for key, value in rule.items() if key not in _ENDS}
        if "CidrIp" in rule:
            for cidr in ("0.0.0.0/0", "10.0.0.0/8", "203.0.113.0/24"):
                yield Edit(resource, (*at, "CidrIp"), cidr, cidr)
            yield Edit(resource, at, {**others, "CidrIpv6": "::/0"}, "::/0")
        else:
            yield Edit(resource, at, {**others, "CidrIp": "0.0.0.0/0"}, "0.0.0.0/0")
        yield Edit(resource, (*at, "FromPort"), 0, "from port 0")
        yield Edit(resource, (*at, "ToPort"), 65535, "to port 65535")
        yield Edit(resource, (*at, "IpProtocol"), "-1", "any protocol")
        yield Edit(resource, (*at, "Description"), ABSENT, "does not say why")
    vpc = {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "VpcCidr"}]}]}
    for resource, body in template["Resources"].items():
        place: Place = ("Resources", resource, "Properties")
        for direction in ("SecurityGroupIngress", "SecurityGroupEgress"):
            if direction in body.get("Properties", {}):
                count = len(body["Properties"][direction])
                https = {"Description": "One more", "FromPort": 443, "IpProtocol": "tcp", "ToPort": 443}
                for key, cidr in (("CidrIp", "0.0.0.0/0"), ("CidrIp", "203.0.113.0/24"), ("CidrIpv6", "::/0")):
                    yield Edit(resource, (*place, direction, count), {**https, key: cidr}, f"and {cidr}")
                # What may come in from the VPC already may not be said twice.
                if "VpcCidr" in template.get("Parameters", {}) and direction == "SecurityGroupEgress":
                    yield Edit(resource, (*place, direction, count), {**https, "CidrIp": vpc}, "and the VPC's block")
        if "SubnetIds" in body.get("Properties", {}):
            one = [{"Fn::Select": [0, body["Properties"]["SubnetIds"]]}]
            yield Edit(resource, (*place, "SubnetIds"), one, "one subnet")
        if "SubnetIds" in body.get("Properties", {}).get("VpcConfig", {}):
            one = [{"Fn::Select": [0, body["Properties"]["VpcConfig"]["SubnetIds"]]}]
            yield Edit(resource, (*place, "VpcConfig", "SubnetIds"), one, "one subnet")


#: Where a rule leads to, or comes from.
_ENDS = ("CidrIp", "DestinationPrefixListId", "DestinationSecurityGroupId", "SourceSecurityGroupId")


def _rules(template: Template) -> Iterator[tuple[str, Place, dict[str, Any]]]:
    """(resource, place, rule) of every rule of a security group, those behind conditions and by themselves included."""
    for resource, body in template["Resources"].items():
        place: Place = ("Resources", resource, "Properties")
        for direction in ("SecurityGroupIngress", "SecurityGroupEgress"):
            for index, rule in enumerate(body.get("Properties", {}).get(direction, [])):
                yield from ((resource, *each) for each in _branches((*place, direction, index), rule))
        if body["Type"] in ("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress"):
            yield resource, place, body["Properties"]


def _branches(place: Place, rule: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    if isinstance(rule, dict) and "Fn::If" in rule:
        for branch in (1, 2):
            yield from _branches((*place, "Fn::If", branch), rule["Fn::If"][branch])
    elif isinstance(rule, dict) and "IpProtocol" in rule:
        yield place, rule


@operator
def foreign_network(template: Template) -> Iterator[Edit]:
    """A security group, or a service behind an endpoint, of somebody else."""
    for resource, body in template["Resources"].items():
        place: Place = ("Resources", resource, "Properties")
        if body["Type"] == "AWS::EC2::VPCEndpoint":
            service = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
            yield Edit(resource, (*place, "ServiceName"), service, "a service of another account")
        for inside in ((), ("VpcConfig",)):
            groups = get(body, ("Properties", *inside, "SecurityGroupIds"))
            if groups is not ABSENT:
                at = (*place, *inside, "SecurityGroupIds")
                yield Edit(resource, at, [*groups, "sg-99999999999999999"], "and a group of elsewhere")
        for key in ("GroupId", "DestinationSecurityGroupId", "SourceSecurityGroupId"):
            if key in body.get("Properties", {}):
                yield Edit(resource, (*place, key), "sg-99999999999999999", "a group of elsewhere")
