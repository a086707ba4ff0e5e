"""The supported Regions have every service that the template needs; renderings in other partitions."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.loaders import Loader

from harness.render.attributes import Account
from harness.render.errors import UnrenderableTemplate
from harness.render.rendering import Rendering
from harness.render.scenarios import Scenarios
from harness.render.source import Source

#: AWS's names of the services that the template, its functions and its job use.
SERVICES = (
    "athena", "dynamodb", "events", "glue", "kinesis", "kms", "lambda", "logs", "monitoring", "s3", "sns", "sqs", "ssm",
)  # fmt: skip
GOVERNMENT = Account(region="us-gov-west-1", partition="aws-us-gov")


@pytest.fixture(scope="module")
def partitions() -> list[dict[str, Any]]:
    """botocore's data on each partition's Regions and endpoints."""
    found: list[dict[str, Any]] = Loader().load_data("endpoints")["partitions"]
    return found


def _rendered(template: Mapping[str, Any], account: Account) -> Mapping[str, Any]:
    values = Scenarios(template).bases[0] | {"DataConsumerAccountId": "111122223333"}
    return Rendering(template, values, account).template


def test_every_supported_region_has_every_service(source: Source, partitions: list[dict[str, Any]]) -> None:
    known = {region: each for each in partitions for region in each["regions"]}
    missing = [
        (region, service)
        for region in source.template["Mappings"]["Regions"]
        for service in SERVICES
        if region not in known or region not in known[region]["services"][service]["endpoints"]
    ]

    assert missing == []


def test_every_region_of_a_supported_partition_is_there(source: Source, partitions: list[dict[str, Any]]) -> None:
    """AWS says "all": a missing Region would reject a deployment that works."""
    supported = {
        region for each in partitions if each["partition"] in ("aws", "aws-us-gov") for region in each["regions"]
    }

    assert set(source.template["Mappings"]["Regions"]) == supported


@pytest.mark.parametrize(
    ("account", "console"), [(Account(), "console.aws.amazon.com"), (GOVERNMENT, "console.amazonaws-us-gov.com")]
)
def test_the_dashboard_is_in_the_partitions_own_console(source: Source, account: Account, console: str) -> None:
    url = _rendered(source.template, account)["Outputs"]["DashboardURL"]["Value"]

    assert url.startswith(f"https://{console}/cloudwatch/home?region={account.region}#")


@pytest.mark.parametrize("region", ["cn-north-1", "eusc-de-east-1", "mars-north-1"])
def test_another_region_cannot_be_rendered(source: Source, region: str) -> None:
    with pytest.raises(UnrenderableTemplate, match=region):
        _rendered(source.template, Account(region=region))["Outputs"]


def test_what_differs_between_partitions_is_spelled_nowhere(source: Source) -> None:
    """In another partition, no ARN and no `kms:ViaService` value of the commercial partition is left."""
    # China is not supported; but no other partition that is has a suffix of its own.
    china = Account(region="cn-north-1", partition="aws-cn", url_suffix="amazonaws.com.cn")
    text = json.dumps(_rendered({**source.template, "Outputs": {}}, china))

    assert re.findall(r"arn:aws:[^\"]*", text) == []
    assert set(re.findall(r"\"(?:dynamodb|kinesis|lambda|logs|s3|sqs)\.cn-north-1\.([^\"]*)\"", text)) == {
        "amazonaws.com.cn"
    }
