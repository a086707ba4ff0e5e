"""The classes of resources that patterns make of what AWS documents."""

from harness.access.actions import Home, resource_classes
from harness.access.globs import like

HOME = Home("aws", "us-east-1", "123456789012")
QUEUE = ("arn:${Partition}:sqs:${Region}:${Account}:${QueueName}",)


def test_patterns_that_are_of_no_concern_make_no_classes():
    """Those of other statements are only there so that resources are looked for once."""
    own = like("arn:aws:sqs:us-east-1:123456789012:own-*")
    other = like("arn:aws:sqs:*:*:own-other")
    alone = resource_classes(QUEUE, frozenset({own}), frozenset({own}), HOME)
    among = resource_classes(QUEUE, frozenset({own}), frozenset({own, other}), HOME)

    assert {(each.fitting, each.owner == HOME.account) for each in among} == {
        (frozenset({own}), True), (frozenset(), True), (frozenset(), False),
    }  # fmt: skip
    assert len(among) == len(alone) == 3
