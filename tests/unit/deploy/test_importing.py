"""The template to import what a deleted stack has left behind."""

import json

import pytest

from harness.deploy.importing import IDENTIFIERS, reduced
from harness.deploy.stack import TEMPLATE
from harness.render.source import parse, read

NAMES = {"Environment": "development", "AWS::AccountId": "111122223333"}


def templates(key_id):
    whole = read(TEMPLATE).template
    found = reduced(whole, NAMES, {"FailedBatchesKey": "5678ef", **({"DataEncryptionKey": key_id} if key_id else {})})
    return whole, parse(found.template, TEMPLATE).template, found.resources


@pytest.mark.parametrize("key_id", ["1234abcd", None])
def test_all_that_outlives_the_stack_and_nothing_else_is_imported(key_id):
    whole, part, listed = templates(key_id)
    kept = {name for name, each in whole["Resources"].items() if each.get("DeletionPolicy", "").startswith("Retain")}

    assert set(part["Resources"]) == {each["LogicalResourceId"] for each in listed}
    assert set(part["Resources"]) == kept - (set() if key_id else {"DataEncryptionKey"})
    assert {whole["Resources"][name]["Type"] for name in kept} == set(IDENTIFIERS)


@pytest.mark.parametrize("key_id", ["1234abcd", None])
def test_nothing_in_it_waits_for_what_is_gone(key_id):
    """CloudFormation rejects dangling references, and an import may create nothing."""
    _, part, _ = templates(key_id)
    text = json.dumps(part["Resources"])

    for gone in ("DataEncryptionKeyArn", "ReplicationRole", "ValidationQueue", "DependsOn"):
        assert f'"{gone}"' not in text
    assert ('"ExistingKeyArn"' in text) == (key_id is None)


def test_each_is_named_as_cloudformation_asks_for():
    _, _, listed = templates("1234abcd")
    identifiers = {each["LogicalResourceId"]: each["ResourceIdentifier"] for each in listed}

    assert identifiers["DataEncryptionKey"] == {"KeyId": "1234abcd"}
    assert identifiers["FailedBatchesKey"] == {"KeyId": "5678ef"}
    assert identifiers["RawDataBucket"] == {"BucketName": "financial-raw-data-development-111122223333"}
    assert identifiers["MarketDataStream"] == {"Name": "financial-market-stream-development"}
    assert identifiers["ProcessingJobTable"] == {"TableName": "processing-jobs-development"}


def test_what_is_imported_is_what_is_deployed_afterwards():
    """A property with another value would be changed by the next deployment; some changes replace the resource."""
    whole, part, _ = templates("1234abcd")

    for name, resource in part["Resources"].items():
        for key, value in resource["Properties"].items():
            deployed = json.dumps(whole["Resources"][name]["Properties"][key], sort_keys=True)
            key_of_its_own = deployed.replace('"DataEncryptionKeyArn", "Value"', '"DataEncryptionKey", "Arn"')
            assert json.dumps(value, sort_keys=True) == key_of_its_own
