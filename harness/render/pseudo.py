"""Pseudo parameters as parameters: which values they may have, which go together, and the account they make."""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from harness.render.attributes import Account

ACCOUNT, REGION, PARTITION, SUFFIX, STACK = (
    f"AWS::{name}" for name in ("AccountId", "Region", "Partition", "URLSuffix", "StackName")
)
#: What each may look like.
FORMS = {
    ACCOUNT: re.compile(r"[0-9]{12}"),
    PARTITION: re.compile(r"aws(-[a-z]+)*"),
    REGION: re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"),
    STACK: re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}"),
    SUFFIX: re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+"),
}
#: A partition by the beginning of its Regions' names: the partition, a Region of it, the end of its host names.
#: https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
_PARTITIONS = {
    "cn-": ("aws-cn", "cn-north-1", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "us-gov-west-1", "amazonaws.com"),
    "us-iso-": ("aws-iso", "us-iso-east-1", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "us-isob-east-1", "sc2s.sgov.gov"),
    "eu-isoe-": ("aws-iso-e", "eu-isoe-west-1", "cloud.adc-e.uk"),
    "us-isof-": ("aws-iso-f", "us-isof-south-1", "csp.hci.ic.gov"),
    "eusc-": ("aws-eusc", "eusc-de-east-1", "amazonaws.eu"),
    "": ("aws", "us-east-1", "amazonaws.com"),
}
#: Values to choose one from that the template does not name. The last Region is invented: AWS adds some each year.
_OTHERS = {
    ACCOUNT: ("123456789012", "210987654321", "345678901234"),
    PARTITION: ("aws", "aws-us-gov", *(each[0] for each in _PARTITIONS.values())),
    REGION: ("us-east-1", "eu-west-1", "ap-southeast-2", "ca-central-1", "us-west-2", "sa-west-9"),
    STACK: ("financial-pipeline", "another-stack", "a-third-stack"),
    SUFFIX: ("amazonaws.com", *(each[2] for each in _PARTITIONS.values())),
}


def account_of(values: Mapping[str, str], usual: Account) -> Account:
    """The account, Region and stack that values stand for; what they do not say follows from what they do."""
    region, partition = values.get(REGION, ""), values.get(PARTITION, "")
    suffix = values.get(SUFFIX, "")
    if not region and (partition or suffix):
        fits = [each for each in _PARTITIONS.values() if partition in ("", each[0]) and suffix in ("", each[2])]
        # The last is the commercial one.
        region = fits[-1][1] if fits else ""
    found = usual
    if region:
        of_region = _partition(region)
        found = replace(found, region=region, partition=of_region[0], url_suffix=of_region[2])
    said = {"partition": partition, "url_suffix": suffix, "stack_name": values.get(STACK, "")}
    said["account_id"] = values.get(ACCOUNT, "")
    return replace(found, **{name: value for name, value in said.items() if value})


def agree(values: Mapping[str, str]) -> bool:
    """Whether there is a Region with this partition and these host names, as far as the values say."""
    region, partition, suffix = (values.get(each, "") for each in (REGION, PARTITION, SUFFIX))
    known = [_partition(region)] if region else list(_PARTITIONS.values())
    if not {partition, suffix} <= {"", *itertools.chain(*_PARTITIONS.values())}:
        # Nobody knows what goes with a partition that AWS has yet to announce.
        return True
    return any(partition in ("", each[0]) and suffix in ("", each[2]) for each in known)


def usual(name: str, account: Account) -> str:
    """The value that a pseudo parameter has where nothing asks for another."""
    return {
        ACCOUNT: account.account_id, PARTITION: account.partition, REGION: account.region,
        STACK: account.stack_name, SUFFIX: account.url_suffix,
    }[name]  # fmt: skip


def besides(name: str, values: Iterable[str]) -> list[str]:
    """One value that is none of these."""
    return [each for each in _OTHERS[name] if each not in set(values)][:1]


def _partition(region: str) -> tuple[str, str, str]:
    return next(each for beginning, each in _PARTITIONS.items() if region.startswith(beginning))
