"""Parameters and Regions that are refused before anything is built."""

import pytest
from botocore.exceptions import ClientError

from harness.deploy.cli import AwsCliError
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, STACK_NAME
from harness.emulator.process import Emulator
from tests.integration.aws_cli import aws_cli
from tests.integration.stacks import PARAMETER_FILES, Stack, deploy_packaged

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def emulator(reusable: Emulator) -> Emulator:
    reusable.reset()
    return reusable


@pytest.fixture(scope="module")
def refusing(emulator: Emulator) -> dict[str, Stack]:
    return {name: Stack(emulator, path) for name, path in PARAMETER_FILES.items()}


@pytest.mark.parametrize(
    ("base", "changes", "said"),
    [
        pytest.param("production", {"ArchiveLockMode": "GOVERNANCE"}, "COMPLIANCE mode", id="production without lock"),
        pytest.param("production", {"ArchiveRetentionDays": "30"}, "seven years", id="production for a month"),
        pytest.param(
            "production", {"LogRetentionDays": "30"}, "kept for at least a year", id="production without logs"
        ),
        pytest.param(
            "production", {"RecordDataEvents": "false"}, "must record reads and writes", id="production without a trail"
        ),
        pytest.param("development", {"DataEventRetentionDays": "365"}, "366 to 3653", id="a trail for a day too few"),
        pytest.param("staging", {"ArchiveLockMode": "COMPLIANCE"}, "Only production", id="a lock nobody can undo"),
        pytest.param("staging", {"ArchiveRetentionDays": "2557"}, "Only production", id="a try-out for seven years"),
        pytest.param(
            "development", {"DataConsumerOrganizationId": "o-a1b2c3d4e5"}, "which is empty", id="nobody's organization"
        ),
        pytest.param(
            "development", {"RouteTableIds": ""}, "needs at least one route table", id="a gateway without routes"
        ),
        pytest.param("development", {"DataConsumerAccountId": "12345"}, "twelve digits", id="no account"),
        pytest.param("development", {"AlertEmail": "on-call"}, "one e-mail address", id="no address"),
        pytest.param("development", {"ParquetSchedule": "rate(1 hour)"}, "cron", id="no cron"),
        pytest.param("development", {"ParquetSchedule": "cron(10 * * * * *)"}, "cron", id="two days in a cron"),
        pytest.param(
            "development", {"CrawlerSchedule": "cron(40 3 * * * *)"}, "cron", id="two days in a crawler's cron"
        ),
        pytest.param("development", {"ShardCount": "3"}, "ShardCount", id="shards without a concurrency"),
        pytest.param("development", {"BatchingWindowSeconds": "301"}, "0 to 300", id="too long a window"),
        pytest.param("development", {"VpcCidr": "10.0.0.0/8"}, "IPv4 blocks", id="a network for everybody"),
        pytest.param("development", {"VpcCidr": "10.300.0.0/16"}, "IPv4 blocks", id="a number above 255"),
        pytest.param("development", {"VpcCidr": "10.20.0.0/16,"}, "IPv4 blocks", id="a comma at the end"),
        pytest.param("development", {"VpcCidr": ",".join(["10.20.0.0/16"] * 6)}, "one to five", id="six blocks"),
        pytest.param(
            "development", {"EndpointSubnetIds": "subnet-0123456789abcdef4"}, "two or more", id="endpoints in one zone"
        ),
        pytest.param(
            "development", {"VpcOwnerAccountId": "210987654321"}, "only the owner", id="endpoints in a shared VPC"
        ),
        pytest.param("development", {"ExistingKeyArn": "alias/key"}, "not of an alias", id="an alias for a key"),
    ],
)
def test_a_bad_combination_is_refused_before_anything_is_built(
    refusing: dict[str, Stack], emulator: Emulator, base: str, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        refusing[base].create(**changes)

    # Not even a stack that waits for its first resources.
    assert emulator.client("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.parametrize(
    "region",
    [
        "cn-north-1",
        pytest.param("eusc-de-east-1", marks=pytest.mark.nightly),
        pytest.param("us-iso-east-1", marks=pytest.mark.nightly),
    ],
)
def test_a_region_that_is_not_supported_is_refused_before_anything_is_built(
    refusing: dict[str, Stack], emulator: Emulator, region: str
) -> None:
    """Glue 5.1 may be missing in the Region; found only at the last resource, after the archive was created."""
    elsewhere = aws_cli({**emulator.environment(), "AWS_DEFAULT_REGION": region})

    with pytest.raises(AwsCliError, match=f"Unable to get mapping for Regions::{region}::Console"):
        deploy_packaged(elsewhere, DEVELOPMENT_PARAMETERS)
    with pytest.raises(AwsCliError, match="does not exist"):
        elsewhere.run("cloudformation", "list-stack-resources", "--stack-name", STACK_NAME)
