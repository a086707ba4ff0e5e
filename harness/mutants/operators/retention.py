"""How long things are kept."""

from collections.abc import Iterator

from harness.mutants import places
from harness.mutants.mutation import ABSENT, get
from harness.mutants.operators.registry import RETENTIONS, Edit, Template, operator

#: Values that are too short, and ones that are just too short. 604800 s is what the queue before a dead letter keeps.
_SHORTER = {"MessageRetentionPeriod": (60,), "RetentionInDays": (1, 30), "RetentionPeriodHours": (24, 120, 150)}


@operator
def shorten_retention(template: Template) -> Iterator[Edit]:
    """Something is kept for a shorter time, or for ever."""
    for resource, place, key, value in places.properties(template):
        if key in RETENTIONS:
            if key not in ("DaysAfterInitiation", "TransitionInDays") and value != 1:
                for shorter in _SHORTER.get(key, (1,)):
                    yield Edit(resource, place, shorter, str(shorter))
            if key in ("TransitionInDays", "NoncurrentDays", "DaysAfterInitiation"):
                yield Edit(resource, place, 3650, "3650")
            yield Edit(resource, place, ABSENT, "removed")
    for resource, body in template["Resources"].items():
        dead_letters = get(template, ("Resources", resource, "Properties", "RedrivePolicy", "deadLetterTargetArn"))
        if isinstance(dead_letters, dict) and "Fn::GetAtt" in dead_letters:
            target = dead_letters["Fn::GetAtt"][0]
            place = ("Resources", target, "Properties", "MessageRetentionPeriod")
            own = get(template, ("Resources", resource, "Properties", "MessageRetentionPeriod"))
            yield Edit(target, place, own, f"no longer than {resource}'s")
        if body["Type"] == "AWS::S3::Bucket":
            rules = ("Resources", resource, "Properties", "LifecycleConfiguration", "Rules")
            present = get(template, rules)
            if isinstance(present, list):
                expire = {"Id": "ExpireAll", "Status": "Enabled", "ExpirationInDays": 1}
                forget = {"Id": "Forget", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 365}}
                for extra in (expire, forget):
                    place = (*rules, len(present))
                    yield Edit(resource, place, extra, f"with {extra['Id']}")


@operator
def archive_less(template: Template) -> Iterator[Edit]:
    """A part of the record is not copied to the archive any more."""
    for resource in template["Resources"]:
        rules = ("Resources", resource, "Properties", "ReplicationConfiguration", "Rules")
        replicated = get(template, rules)
        for index in range(len(replicated)) if isinstance(replicated, list) else ():
            place = (*rules, index, "Filter", "Prefix")
            if isinstance(prefix := get(template, place), str):
                yield Edit(resource, place, f"{prefix}feed=trade/", f"of {prefix} only feed=trade/")
