"""`python -m harness import-template`: the files to import what a deleted stack has left behind."""

import json
import os
import sys
from pathlib import Path

from harness.cli import Parser
from harness.deploy.cli import AwsCli, AwsCliError
from harness.deploy.importing import BUCKETS, KEY, Import, reduced
from harness.deploy.stack import TEMPLATE, DeployError, parameter, parameters_in
from harness.packaging.layer import ROOT
from harness.render.source import read

FOLDER = ROOT / "build" / "import"


def main(argv: list[str]) -> int:
    """Write the three files. Returns 1 if the retained resources cannot be found, 2 for a bad option."""
    parser = Parser(
        prog="import-template",
        description="Write the template and the resource list to import what a deleted stack has left behind. "
        "Reads the account id and the keys of two buckets from the account that the AWS_* variables select.",
    )
    parser.add_argument("--parameters", type=Path, required=True, help="the parameter file the stack was deployed with")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="output folder (default: build/import)")
    options = parser.parse_args(argv)
    try:
        found = left_behind(AwsCli(os.environ), options.parameters)
        options.folder.mkdir(parents=True, exist_ok=True)
        (options.folder / "template.yaml").write_text(found.template)
        (options.folder / "resources.json").write_text(json.dumps(found.resources, indent=2) + "\n")
        # A change set takes parameters in a different form from `deploy`.
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters_in(options.parameters).items()]
        (options.folder / "parameters.json").write_text(json.dumps(given, indent=2) + "\n")
    except (AwsCliError, DeployError, OSError) as error:
        print(f"import-template: {error}", file=sys.stderr)
        return 1
    for resource in found.resources:
        (identifier,) = resource["ResourceIdentifier"].values()
        print(f"{resource['LogicalResourceId']}: {identifier}")
    print("Written: " + ", ".join(str(path) for path in sorted(options.folder.iterdir())))
    return 0


def left_behind(aws: AwsCli, parameters: Path) -> Import:
    """Reduce the template to what the stack of this parameter file has left behind, with the keys that encrypt it."""
    environment = parameter(parameters, "Environment")
    account = json.loads(aws.run("sts", "get-caller-identity", "--output=json"))["Account"]
    keys = {key: _key_id(aws, f"{bucket}-{environment}-{account}") for key, bucket in BUCKETS.items()}
    if parameter(parameters, "ExistingKeyArn", default=""):
        del keys[KEY]
    return reduced(read(TEMPLATE).template, {"Environment": environment, "AWS::AccountId": account}, keys)


def _key_id(aws: AwsCli, bucket: str) -> str:
    """The id of the key that a bucket encrypts with."""
    said = json.loads(aws.run("s3api", "get-bucket-encryption", "--bucket", bucket, "--output=json"))
    (rule,) = said["ServerSideEncryptionConfiguration"]["Rules"]
    key: str = rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "")
    if not key:
        raise DeployError(f"{bucket} is not encrypted with a KMS key of this account")
    return key.rpartition("/")[2]
