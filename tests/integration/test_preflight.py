"""Preflight against the emulated AWS: without the network, with it, and after the deployment."""

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from harness.deploy.stack import DEVELOPMENT_PARAMETERS, parameters_in
from harness.emulator.process import Emulator
from harness.preflight import command
from tests.integration.stacks import ROOT, deploy_template

pytestmark = pytest.mark.stack

#: The emulated Kinesis does not know the call.
OPEN = [("shard limit", "kinesis:DescribeLimits was not answered (InvalidAction)")]


@pytest.fixture(scope="module")
def emulator(reusable: Emulator) -> Emulator:
    reusable.reset()
    return reusable


def said(emulator: Emulator, parameters: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and the findings."""
    ran = subprocess.run(
        [sys.executable, "-m", "harness", "preflight", "--parameters", str(parameters), "--json"],
        cwd=ROOT,
        env={**emulator.environment(), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    return ran.returncode, json.loads(ran.stdout)["findings"]


def called(emulator: Emulator, parameters: Path) -> list[dict[str, Any]]:
    """The findings of the same command, called."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as printed:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        assert command.main(["--parameters", str(parameters), "--json"]) == command.FOUND
    findings: list[dict[str, Any]] = json.loads(printed.getvalue())["findings"]
    return findings


def network(emulator: Emulator) -> dict[str, str]:
    """A VPC as docs/deploying.md requires, and the parameters that name it."""
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    subnets = []
    for index, zone in enumerate("ab"):
        place = f"{emulator.region}{zone}"
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{index}.0/24", AvailabilityZone=place)
        subnets.append(made["Subnet"]["SubnetId"])
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[-1])
    lists = {
        each["PrefixListName"]: each["PrefixListId"] for each in ec2.describe_managed_prefix_lists()["PrefixLists"]
    }
    return {
        "VpcId": vpc,
        "SubnetIds": ",".join(subnets),
        "RouteTableIds": table,
        "VpcCidr": "10.20.0.0/16",
        "S3PrefixListId": lists[f"com.amazonaws.{emulator.region}.s3"],
        "DynamoDBPrefixListId": lists[f"com.amazonaws.{emulator.region}.dynamodb"],
    }


def test_it_finds_what_is_missing_and_nothing_once_it_is_there(emulator: Emulator, tmp_path: Path) -> None:
    code, findings = said(emulator, DEVELOPMENT_PARAMETERS)
    wrong = {each["check"] for each in findings if each["evaluated"]}

    assert code == 1
    assert wrong == {"VPC", "subnets", "route tables", "prefix lists", "artifact bucket"}

    changes = network(emulator)
    deploy_template(emulator, **changes)
    mine = tmp_path / "my-parameters.json"
    values = {**parameters_in(DEVELOPMENT_PARAMETERS), **changes}
    mine.write_text(json.dumps([f"{name}={value}" for name, value in values.items()]))

    # After the deployment: its own endpoints, names and functions are in nobody's way.
    assert [(each["check"], each["what"]) for each in called(emulator, mine)] == OPEN

    mine.write_text(json.dumps([f"{name}={value}" for name, value in {**values, "Environment": "staging"}.items()]))
    emulator.client("s3").create_bucket(Bucket=f"financial-raw-data-staging-{emulator.account_id}")

    # The stack is the same, and would get other names, one of which is taken.
    assert [each["check"] for each in called(emulator, mine) if each["evaluated"]] == ["names"]
