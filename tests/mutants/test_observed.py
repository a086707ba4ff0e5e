"""A check is asked about a mutant again only if it read what the mutant changes. Whatever way it reads has to count."""

from types import ModuleType

import pytest

from harness.gate.check_loader import Check
from harness.mutants.observed import differences, observe
from harness.render.dumping import as_key
from harness.render.resources import Resource, Stack, at, walk

QUEUE, KEY = "AWS::SQS::Queue", "AWS::KMS::Key"


def _stack(**properties):
    bodies = {
        "Queue": {
            "Type": QUEUE,
            "Properties": {"QueueName": "q", "Tags": [], **properties},
            "DeletionPolicy": "Retain",
        },
        "Key": {"Type": KEY, "Properties": {}},
    }
    return Stack(
        {name: Resource(name, body["Type"], body, f"{name}-ref", f"{name}-arn") for name, body in bodies.items()}
    )


def _observed(read):
    def problems(stack, subject):
        read(stack.resources[subject])
        return []

    module = ModuleType("check")
    module.subjects, module.problems = lambda stack: [*stack.of(QUEUE)], problems
    return observe(Check("check", module), _stack())


def _concerned(read, **properties):
    """Whether a check that reads like this is asked again when the queue's properties change."""
    before, after = _stack().resources, _stack(**properties).resources
    return _observed(read).concerns(differences({"Queue": after["Queue"]}, before))


@pytest.mark.parametrize(
    "read",
    [
        lambda queue: queue.properties["QueueName"],
        lambda queue: queue.properties.get("QueueName"),
        lambda queue: "QueueName" in queue.properties,
        lambda queue: at(queue.body, "Properties", "QueueName"),
        lambda queue: [*queue.properties],
        lambda queue: len(queue.properties),
        lambda queue: bool(queue.properties),
        lambda queue: queue.properties.items(),
        lambda queue: queue.properties.keys(),
        lambda queue: queue.properties.values(),
        lambda queue: queue.properties.copy(),
        lambda queue: dict(queue.properties),
        lambda queue: {**queue.properties},
        lambda queue: queue.properties | {},
        lambda queue: {} | queue.properties,
        lambda queue: queue.properties == {},
        lambda queue: queue.properties != {},
        lambda queue: str(queue.properties),
        lambda queue: as_key(queue.properties),
        lambda queue: [*reversed(queue.properties)],
        lambda queue: queue.leaves,
        lambda queue: queue.body_json,
        lambda queue: [*walk(queue.body)],
        lambda queue: queue.body == _stack().resources["Queue"].body,
    ],
)
def test_whatever_reads_a_property_is_asked_again_when_it_changes(read):
    assert _concerned(read, QueueName="another")


def test_what_read_other_properties_is_not_asked_again():
    assert not _concerned(lambda queue: queue.properties["QueueName"], KmsMasterKeyId="alias/a", Tags=[{}])


def test_what_read_a_property_that_was_not_there_is_asked_again_when_it_comes():
    assert _concerned(lambda queue: queue.properties.get("KmsMasterKeyId"), KmsMasterKeyId="alias/a")


@pytest.mark.parametrize(
    "after", [None, Resource("Queue", QUEUE, _stack().resources["Queue"].body, "other", "Queue-arn")]
)
def test_what_asks_for_queues_is_asked_again_when_one_goes_or_gets_another_name(after):
    found = _observed(lambda queue: None)

    assert found.concerns(differences({"Queue": after}, _stack().resources))
    assert not found.concerns(differences({"Key": None}, _stack().resources))


def test_what_each_check_reads_is_noted_for_itself():
    """Although rules cache answers about resources, by identity."""
    stack = _stack()
    module = ModuleType("check")
    module.subjects = lambda stack: [*stack.of(QUEUE)]
    cached = {}
    module.problems = lambda stack, subject: (
        cached.setdefault(
            id(stack.resources[subject]), (stack.resources[subject], [*stack.resources[subject].properties])
        )
        and []
    )

    first, second = observe(Check("check", module), stack), observe(Check("check", module), stack)

    assert first.places == second.places != set()
