"""Independent evaluators of IAM's policies agree with ours, but for what AWS's documentation decides (readings.py).

MiniStack's engine runs here; iam-simulate only in the tox environment `second-opinion`. HYPOTHESIS_PROFILE=nightly asks
100,000 requests against the template's policies in all scenarios, and 20,000 against random policies.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from harness.access import evaluate
from harness.access.actions import Home
from harness.access.evaluate import Request, decide
from harness.access.globs import like
from harness.access.policies import Identity, Policies, ResourcePolicy, read
from harness.access.principals import Grade, Principal
from harness.access.statements import Kind, Patterns, statements
from harness.deploy.stack import TEMPLATE
from harness.render.scenarios import Scenarios
from harness.render.source import read as read_template
from tests.second_opinion import ministack, simulator
from tests.second_opinion.invented import BUCKET, HERE, HOME, ROLE, THERE, Inventing
from tests.second_opinion.questions import Asking, Json, Question
from tests.second_opinion.readings import DISAGREEMENTS, READINGS, kinds

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
#: So many are answered by iam-simulate.
OF_TEMPLATE, OF_RANDOM = (100_000, 20_000) if NIGHTLY else (1_600, 400)
#: Asked at once, and of each set of random policies.
BATCH, OF_EACH = 5_000, 10
#: Why iam-simulate does not say: its data is some weeks older than ours, resources' names in it have no colons, and the
#: star that ends a log group's ARN is a wildcard to it.
UNANSWERED = ("invalid.action", "no.resource.types", "the result is wildcard")
CONSUMER = {"Environment": "development", "DataConsumerAccountId": THERE}

Engine = Callable[[Sequence[Question]], list[bool | None]]


def _simulator(questions: Sequence[Question]) -> list[bool | None]:
    found: list[bool | None] = []
    for question, each in zip(questions, simulator.opinions(questions), strict=True):
        assert isinstance(each, bool) or any(one in each for one in UNANSWERED), f"{each}: {described(question)}"
        found.append(each if isinstance(each, bool) else None)
    return found


ENGINES: dict[str, Engine] = {
    "ministack": lambda questions: [ministack.opinion(each) for each in questions], "iam-simulate": _simulator,
}  # fmt: skip


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """An engine's name."""
    name: str = request.param
    missing = next((each for each in simulator.VARIABLES if each not in os.environ), None)
    if name == "iam-simulate" and missing:
        pytest.skip(f"`tox -e second-opinion` runs it: set {missing}")
    return name


@pytest.fixture
def random(pytestconfig: pytest.Config) -> Random:
    """The same each day; another each night."""
    return Random(str(getattr(pytestconfig.option, "hypothesis_seed", None) or 0))


def described(question: Question) -> str:
    """A question with all that decides it."""
    request, facts = question.request, question.facts
    return (
        f"{request.principal} {request.action} {request.resource} of {request.owner} via {request.via or 'no endpoint'}"
        f" with {question.context}\n  {decide(question.policies, request)}\n  {facts}"
    )


def compared(engine: str, questions: Iterator[Question], count: int) -> tuple[Counter[tuple[str, ...]], list[str]]:
    """The known kinds of disagreements in so many answers, and all others."""
    known: Counter[tuple[str, ...]] = Counter()
    unknown: list[str] = []
    asked = answered = 0
    while answered < count:
        # A tenth more, as not all are answered: a process of Node's takes half a second to start.
        size = min(BATCH, (count - answered) * 11 // 10 + 1)
        batch = [each for each in islice(questions, size) if each.is_documented]
        asked += len(batch)
        for question, theirs in zip(batch, ENGINES[engine](batch), strict=True):
            answered += theirs is not None
            if theirs is not None and theirs != question.ours:
                found = kinds(engine, question, theirs)
                known.update([found] if found else [])
                unknown += [] if found else [f"{engine} says {theirs}: {described(question)}"]
    # It would say nothing about what it never answers: MiniStack knows no VPC endpoints.
    assert answered > asked * (0.95 if engine == "iam-simulate" else 0.5)
    print(f"{engine}: {answered:,} answers, known disagreements {dict(known)}")
    return known, unknown


def of_template(random: Random) -> Iterator[Question]:
    """Against the template's policies, in one scenario, or each night in all."""
    scenarios = Scenarios(read_template(TEMPLATE).template)
    values = scenarios.completed(CONSUMER)
    assert values is not None
    several = [each.rendering for each in scenarios.all] if NIGHTLY else [scenarios.rendering(values)]
    asking = []
    for rendering in several:
        policies = read(rendering.stack())
        arn = next(iter(policies.identities)).split(":")
        region = next((each.split(":")[3] for each in _arns(policies) if each.split(":")[3]), HOME.region)
        asking.append(Asking(policies, Home(arn[1], region, policies.account), random).questions(1 << 30))
    while True:
        for each in asking:
            yield from islice(each, 100)


def _arns(policies: Policies) -> Iterator[str]:
    return (each.covers[0].text for each in policies.resources)


def of_random(random: Random) -> Iterator[Question]:
    """Against random policies."""
    inventing = Inventing(random)
    while True:
        yield from Asking(inventing.policies(), HOME, random).questions(OF_EACH)


@pytest.mark.parametrize(("questions", "count"), [(of_template, OF_TEMPLATE), (of_random, OF_RANDOM)])
def test_another_evaluator_agrees(
    questions: Callable[[Random], Iterator[Question]], count: int, engine: str, random: Random
) -> None:
    _, unknown = compared(engine, questions(random), count)

    assert not unknown, f"{len(unknown)}, such as\n" + "\n".join(unknown[:5])


def _grading(grade: Callable[..., Grade]) -> Callable[..., Grade]:
    return lambda statement, principal: Grade.ROLE if grade(statement, principal) else Grade.NOT


BROKEN: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "exceptions are overlooked": lambda patch: patch.setattr(
        Patterns, "fit", lambda self, text: any(each.fits(text) for each in self.globs)
    ),
    "what names the account grants": lambda patch: patch.setattr(
        evaluate, "_grade", _grading(evaluate._grade)
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_a_mistake_of_ours_is_noticed(
    broken: str, engine: str, random: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    BROKEN[broken](monkeypatch)

    assert compared(engine, of_random(random), 1_000)[1]


def asked(
    own: Json | None,
    resource: Json | None,
    boundary: Json | None = None,
    action: str = "s3:ListBucket",
    on: str = BUCKET,
) -> Question:
    """A role asks."""
    service = action.partition(":")[0]
    parts = [(own, Kind.IDENTITY), (resource, Kind.RESOURCE), (boundary, Kind.IDENTITY)]
    of_role, of_resource, limit = (
        statements({"Version": "2012-10-17", "Statement": each | {"Action": f"{service}:*"}}, ("example",), kind)
        if each else () for each, kind in parts
    )  # fmt: skip
    policies = Policies(
        HERE,
        {ROLE: Identity(of_role, limit if boundary else None)},
        (ResourcePolicy((like("*"),), of_resource, service),),
    )
    tags = {"aws:principaltag/team": ("*",), "aws:sourcearn": ("arn:aws:sns:us-east-1:1:a:b",)}
    return Question(policies, Request(Principal(ROLE, bounded=bool(boundary)), action, on, HERE, tags))


def allow(resource: str = "*", **tests: dict[str, str]) -> Json:
    return {"Effect": "Allow", "Resource": resource} | ({"Condition": tests} if tests else {})


DENY, TABLE = {"Effect": "Deny", "Resource": "*"}, f"arn:aws:dynamodb:us-east-1:{HERE}:table/x"
#: Each kind by itself.
EXAMPLES = {
    "not-principal": asked(allow(), DENY | {"NotPrincipal": {"Service": "s3.amazonaws.com"}}),
    "boundary-and-everybody": asked(None, allow() | {"Principal": "*"}, allow("arn:aws:s3:::other")),
    "arns-as-texts": asked(allow(ArnLike={"aws:SourceArn": "arn:aws:sns:*:a:b"}), None),
    "variables": asked(allow(StringEquals={"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}), None),
    "wildcard-in-resource-type": asked(allow(f"arn:aws:dynamodb:*:{HERE}:*/*"), None, None, "dynamodb:GetItem", TABLE),
    "wildcard-beyond-colons": asked(allow("arn:aws:s3:*::b"), None, None, "s3:GetObject", f"{BUCKET}/a::b"),
    "variables-without-value": asked(
        allow(StringNotEquals={"aws:PrincipalTag/team": "${aws:PrincipalTag/none}"}), None
    ),
    "fixed-variables": asked(allow(StringEquals={"aws:PrincipalTag/team": "${*}"}), None),
}  # fmt: skip


@pytest.mark.parametrize("name", DISAGREEMENTS)
def test_a_kind_of_disagreement_is_one(name: str) -> None:
    engine, question = DISAGREEMENTS[name]["engine"], EXAMPLES[name]
    if engine == "iam-simulate" and any(each not in os.environ for each in simulator.VARIABLES):
        pytest.skip(f"`tox -e second-opinion` runs it: set {simulator.VARIABLES[0]}")
    (theirs,) = ENGINES[engine]([question])

    assert theirs is not None
    assert theirs != question.ours
    assert kinds(engine, question, theirs) == (name,)


def test_each_kind_is_written_down() -> None:
    assert DISAGREEMENTS.keys() == READINGS.keys() == EXAMPLES.keys()
    assert all(each["page"].startswith("https://docs.aws.amazon.com/") for each in DISAGREEMENTS.values())


def test_packages_are_pinned_by_their_content_and_not_by_a_host() -> None:
    locked = json.loads(Path(__file__).with_name("package-lock.json").read_text())["packages"]
    packages = {name: each for name, each in locked.items() if name}

    assert packages
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in packages.values())
