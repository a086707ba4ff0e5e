"""More addresses, ports and protocols."""

from __future__ import annotations

from collections.abc import Iterator

from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import Edit, Template, operator
from harness.render.source import Place


@operator
def open_network(template: Template) -> Iterator[Edit]:
    """More addresses, ports and protocols; fewer walls."""
    for resource, body in template["Resources"].items():
        place: Place = ("Resources", resource, "Properties")
        for direction in ("SecurityGroupIngress", "SecurityGroupEgress"):
            for index, rule in enumerate(body.get("Properties", {}).get(direction, [])):
                at = (*place, direction, index)
                if "CidrIp" in rule:
                    for cidr in ("0.0.0.0/0", "10.0.0.0/8", "203.0.113.0/24"):
                        yield Edit(resource, (*at, "CidrIp"), cidr, cidr)
                    world = {**{key: value for key, value in rule.items() if key != "CidrIp"}, "CidrIpv6": "::/0"}
                    yield Edit(resource, at, world, "::/0")
                else:
                    world = {key: value for key, value in rule.items() if key != "DestinationPrefixListId"}
                    yield Edit(resource, at, {**world, "CidrIp": "0.0.0.0/0"}, "0.0.0.0/0")
                yield Edit(resource, (*at, "FromPort"), 0, "from port 0")
                yield Edit(resource, (*at, "ToPort"), 65535, "to port 65535")
                yield Edit(resource, (*at, "IpProtocol"), "-1", "any protocol")
            if direction in body.get("Properties", {}):
                count = len(body["Properties"][direction])
                https = {"Description": "One more", "FromPort": 443, "IpProtocol": "tcp", "ToPort": 443}
                for key, cidr in (("CidrIp", "0.0.0.0/0"), ("CidrIp", "203.0.113.0/24"), ("CidrIpv6", "::/0")):
                    at = (*place, direction, count)
                    yield Edit(resource, at, {**https, key: cidr}, f"and {cidr}")
                for index in range(count):
                    at = (*place, direction, index, "Description")
                    yield Edit(resource, at, ABSENT, "does not say why")
        if "SubnetIds" in body.get("Properties", {}):
            one = [{"Fn::Select": [0, body["Properties"]["SubnetIds"]]}]
            yield Edit(resource, (*place, "SubnetIds"), one, "one subnet")
        if "SubnetIds" in body.get("Properties", {}).get("VpcConfig", {}):
            one = [{"Fn::Select": [0, body["Properties"]["VpcConfig"]["SubnetIds"]]}]
            yield Edit(resource, (*place, "VpcConfig", "SubnetIds"), one, "one subnet")


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
