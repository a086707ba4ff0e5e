"""The overlay's rows for buckets: MiniStack's CloudFormation drops most bucket properties."""

from collections.abc import Mapping
from typing import Any

from harness.emulator.calls import AddedProperty, Call, Parameters, flag, number, rename_keys


def _encryption(bucket: str, value: Any) -> Parameters:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        renamed = rename_keys(rule, {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"})
        if "BucketKeyEnabled" in renamed:
            renamed["BucketKeyEnabled"] = flag(renamed["BucketKeyEnabled"])
        rules.append(renamed)
    return {"Bucket": bucket, "ServerSideEncryptionConfiguration": {"Rules": rules}}


_DAYS = ("Days", "NoncurrentDays", "NewerNoncurrentVersions", "DaysAfterInitiation")


def _days(value: Mapping[str, Any], names: Mapping[str, str] | None = None) -> Parameters:
    renamed = rename_keys(value, names or {})
    return {key: number(item) if key in _DAYS else item for key, item in renamed.items()}


def _lifecycle_rule(rule: Mapping[str, Any]) -> Parameters:
    """One lifecycle rule as the API takes it. A property that is not translated raises an error."""
    api: Parameters = {"Status": rule["Status"]}
    rest = {key: value for key, value in rule.items() if key != "Status"}
    if "Id" in rest:
        api["ID"] = rest.pop("Id")
    bounds = {key: number(rest.pop(key)) for key in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") if key in rest}
    tags = list(rest.pop("TagFilters", []))
    prefix = {"Prefix": rest.pop("Prefix", "")}
    if len(bounds) + len(tags) == 0:
        api["Filter"] = prefix
    else:
        api["Filter"] = {"And": {**prefix, **bounds, **({"Tags": tags} if tags else {})}}
    expiry: Parameters = {}
    if "ExpirationInDays" in rest:
        expiry["Days"] = number(rest.pop("ExpirationInDays"))
    if "ExpiredObjectDeleteMarker" in rest:
        expiry["ExpiredObjectDeleteMarker"] = flag(rest.pop("ExpiredObjectDeleteMarker"))
    if expiry:
        api["Expiration"] = expiry
    if "Transitions" in rest:
        api["Transitions"] = [_days(item, {"TransitionInDays": "Days"}) for item in rest.pop("Transitions")]
    if "NoncurrentVersionTransitions" in rest:
        names = {"TransitionInDays": "NoncurrentDays"}
        moved = rest.pop("NoncurrentVersionTransitions")
        api["NoncurrentVersionTransitions"] = [_days(item, names) for item in moved]
    for key in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if key in rest:
            api[key] = _days(rest.pop(key))
    if rest:
        raise ValueError(f"the overlay does not know these lifecycle properties: {', '.join(sorted(rest))}")
    return api


def _lifecycle(bucket: str, value: Any) -> Parameters:
    parameters: Parameters = {
        "Bucket": bucket,
        "LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]},
    }
    if "TransitionDefaultMinimumObjectSize" in value:
        parameters["TransitionDefaultMinimumObjectSize"] = value["TransitionDefaultMinimumObjectSize"]
    return parameters


def _logging(bucket: str, value: Any) -> Parameters:
    target = {
        "TargetBucket": value.get("DestinationBucketName", bucket),
        "TargetPrefix": value.get("LogFilePrefix", ""),
    }
    return {"Bucket": bucket, "BucketLoggingStatus": {"LoggingEnabled": target}}


def _replication_rule(rule: Mapping[str, Any]) -> Parameters:
    api = rename_keys(rule, {"Id": "ID"})
    if "Priority" in api:
        api["Priority"] = number(api["Priority"])
    return api


def _replication(bucket: str, value: Any) -> Parameters:
    rules = [_replication_rule(rule) for rule in value["Rules"]]
    return {"Bucket": bucket, "ReplicationConfiguration": {"Role": value["Role"], "Rules": rules}}


def _lock(bucket: str, value: Mapping[str, Any]) -> Parameters:
    configuration: Parameters = {"ObjectLockEnabled": value.get("ObjectLockEnabled", "Enabled")}
    if "Rule" in value:
        retention = dict(value["Rule"]["DefaultRetention"])
        periods = {key: number(retention[key]) for key in ("Days", "Years") if key in retention}
        configuration["Rule"] = {"DefaultRetention": {**retention, **periods}}
    return {"Bucket": bucket, "ObjectLockConfiguration": configuration}


def _bucket(bucket: str, _value: Any) -> Parameters:
    return {"Bucket": bucket}


PROPERTIES = (
    AddedProperty(
        "AWS::S3::Bucket",
        "BucketEncryption",
        Call("s3", "PutBucketEncryption", _encryption),
        Call("s3", "DeleteBucketEncryption", _bucket),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "LifecycleConfiguration",
        Call("s3", "PutBucketLifecycleConfiguration", _lifecycle),
        Call("s3", "DeleteBucketLifecycle", _bucket),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "OwnershipControls",
        Call("s3", "PutBucketOwnershipControls", lambda bucket, value: {"Bucket": bucket, "OwnershipControls": value}),
        Call("s3", "DeleteBucketOwnershipControls", _bucket),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "LoggingConfiguration",
        Call("s3", "PutBucketLogging", _logging),
        Call("s3", "PutBucketLogging", lambda bucket, _: {"Bucket": bucket, "BucketLoggingStatus": {}}),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "Tags",
        Call("s3", "PutBucketTagging", lambda bucket, value: {"Bucket": bucket, "Tagging": {"TagSet": value}}),
        Call("s3", "DeleteBucketTagging", _bucket),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        # A default retention can be removed; Object Lock itself cannot.
        "ObjectLockEnabled",
        Call("s3", "PutObjectLockConfiguration", lambda bucket, _: _lock(bucket, {})),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "ObjectLockConfiguration",
        Call("s3", "PutObjectLockConfiguration", _lock),
        Call("s3", "PutObjectLockConfiguration", lambda bucket, _: _lock(bucket, {})),
    ),
    AddedProperty(
        "AWS::S3::Bucket",
        "ReplicationConfiguration",
        Call("s3", "PutBucketReplication", _replication),
        Call("s3", "DeleteBucketReplication", _bucket),
    ),
)
