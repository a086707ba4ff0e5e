"""The command that writes the files for an import change set."""

import json

import pytest

from harness.deploy import import_command
from harness.deploy.cli import AwsCliError
from harness.deploy.stack import DEVELOPMENT_PARAMETERS

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"
FAILED_BATCHES_KEY = "arn:aws:kms:us-east-1:111122223333:key/5678ef"
FILES = sorted(DEVELOPMENT_PARAMETERS.parent.glob("*.json"))


class Cli:
    """Responds as AWS would; `key` None: a bucket with another encryption."""

    def __init__(self, key):
        self.key = key

    def run(self, *arguments):
        if arguments[:2] == ("sts", "get-caller-identity"):
            return json.dumps({"Account": "111122223333"})
        assert arguments[:2] == ("s3api", "get-bucket-encryption")
        if self.key is None:
            raise AwsCliError("aws s3api get-bucket-encryption: no such bucket")
        key = FAILED_BATCHES_KEY if self.key and "failed-batches" in arguments[3] else self.key
        default = {"SSEAlgorithm": "aws:kms", **({"KMSMasterKeyID": key} if key else {})}
        rule = {"ApplyServerSideEncryptionByDefault": default}
        return json.dumps({"ServerSideEncryptionConfiguration": {"Rules": [rule]}})


@pytest.fixture
def answer(monkeypatch):
    def with_key(key):
        monkeypatch.setattr(import_command, "AwsCli", lambda _environment: Cli(key))

    return with_key


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_three_files_are_written_in_the_forms_that_a_change_set_takes(answer, tmp_path, capsys, file):
    answer(KEY)

    assert import_command.main(["--parameters", str(file), "--folder", str(tmp_path / "import")]) == 0

    listed = json.loads((tmp_path / "import" / "resources.json").read_text())
    assert {"KeyId": "1234abcd"} in [each["ResourceIdentifier"] for each in listed]
    given = json.loads((tmp_path / "import" / "parameters.json").read_text())
    assert [f"{each['ParameterKey']}={each['ParameterValue']}" for each in given] == json.loads(file.read_text())
    printed = capsys.readouterr().out
    assert "DataEncryptionKey: 1234abcd" in printed
    assert "FailedBatchesKey: 5678ef" in printed


def test_an_existing_key_is_nobodys_to_import(answer, tmp_path):
    answer(KEY)
    file = tmp_path / "parameters.json"
    file.write_text(json.dumps(["Environment=staging", f"ExistingKeyArn={KEY}"]))

    assert import_command.main(["--parameters", str(file), "--folder", str(tmp_path)]) == 0
    listed = json.loads((tmp_path / "resources.json").read_text())
    assert [each["LogicalResourceId"] for each in listed if "KeyId" in each["ResourceIdentifier"]] == [
        "FailedBatchesKey"
    ]


@pytest.mark.parametrize(("key", "said"), [(None, "no such bucket"), ("", "not encrypted with a KMS key")])
def test_what_cannot_be_found_is_reported_in_one_line(answer, tmp_path, capsys, key, said):
    answer(key)

    assert import_command.main(["--parameters", str(FILES[0]), "--folder", str(tmp_path)]) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1


def test_a_parameter_file_that_is_none_is_reported_in_one_line(answer, tmp_path, capsys):
    answer(KEY)
    file = tmp_path / "parameters.json"
    file.write_text("{")

    assert import_command.main(["--parameters", str(file)]) == 1
    assert str(file) in capsys.readouterr().err
