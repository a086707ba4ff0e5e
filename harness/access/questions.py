"""Asks the questions of `rules/questions.yaml` in every scenario, and says what decides each answer.

A denial is proved for whatever a request carries besides what the question states, and for every request that a
pattern, `every role` and the like stand for (`harness.access.witnesses`). What is allowed is asked as it is stated,
over TLS. Where an administrator's rights allow something harmful, the answer names what of the stack still holds.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.access import question_file as form
from harness.access.askers import Known
from harness.access.conditions import Context
from harness.access.evaluate import Decision, Request
from harness.access.policies import ENDPOINT, ROLE, read
from harness.access.question_file import ALLOWED, DENIED, HELD, Asked, BadQuestion, Question
from harness.access.refused import Refused
from harness.access.witnesses import Witnesses
from harness.render import pseudo, sub_variables
from harness.render.resources import Stack, at
from harness.render.scenarios import Scenario, Scenarios

NOT_EVALUATED = "not evaluated"
_LOCK = ("ObjectLockConfiguration", "Rule", "DefaultRetention", "Mode")
#: What of a bucket holds against whom, by action, the strongest first: the property that has it, and its value.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html (versioning cannot be suspended)
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html (a delete marker, and no loss)
_HOLDS: tuple[tuple[str, frozenset[str], tuple[str, ...], Any], ...] = (
    (form.COMPLIANCE, frozenset({"s3:deleteobjectversion", "s3:putobjectretention"}), _LOCK, "COMPLIANCE"),
    (form.OBJECT_LOCK, frozenset({"s3:putbucketversioning"}), ("ObjectLockEnabled",), True),
    (form.VERSIONING, frozenset({"s3:deleteobject", "s3:putobject"}), ("VersioningConfiguration", "Status"), "Enabled"),
)


@dataclass(frozen=True)
class Answer:
    """A question's answer in one scenario: one of EXPECTED or NOT_EVALUATED, and the decision behind it."""

    question: Question
    scenario: str
    given: str
    because: str

    @property
    def is_as_expected(self) -> bool:
        """Whether it is the answer that is meant."""
        return self.given == self.question.expected

    def __str__(self) -> str:
        expected = "" if self.is_as_expected else f" (expected: {self.question.expected})"
        return f"{self.question.place} [{self.scenario}]: {self.given}{expected}: {self.because}"


def ask_all(scenarios: Scenarios, questions: Sequence[Question]) -> list[Answer]:
    """Every question in each scenario where it applies.

    Raises BadQuestion for a name that the template does not have, and for a question that applies nowhere.
    """
    for each in questions:
        _require_known(each, scenarios.template)
    found: list[Answer] = []
    known = Known()
    for scenario in scenarios.all:
        found += ask(scenario, questions, scenarios.template["Resources"], known)
    asked = {each.question.place for each in found}
    if never := next((each for each in questions if each.place not in asked), None):
        raise BadQuestion(f"{never.place}: when: it applies in no scenario")
    return found


def ask(
    scenario: Scenario, questions: Sequence[Question], declared: Container[str], known: Known | None = None
) -> Iterator[Answer]:
    """Those of the questions that apply in one scenario. `declared` are the ids of all the template's resources."""
    rendering = scenario.rendering
    known = known or Known()
    having = {name: str(holds).lower() for name, holds in rendering.conditions.items()} | rendering.values
    asked = [each for each in questions if _applies(each.asked, having)]
    stack = rendering.stack()
    try:
        witnesses = Witnesses(scenario, read(stack), stack, declared, known)
    except Refused as error:
        yield from (Answer(each, scenario.name, NOT_EVALUATED, str(error)) for each in asked)
        return
    for each in asked:
        through = [one for one in each.through if _applies(one, having)]
        try:
            decided_by = (each.place, *(witnesses.deciding(one, each.but) for one in (each.asked, *through)))
            # What of a bucket holds is no policy.
            if decided_by not in known.answers or each.expected.startswith(HELD):
                known.answers[decided_by] = _Asking(each, through, witnesses, stack).answer()
            yield Answer(each, scenario.name, *known.answers[decided_by])
        except Refused as error:
            yield Answer(each, scenario.name, NOT_EVALUATED, str(error))


class _Asking:
    """One question in one scenario."""

    def __init__(self, question: Question, through: list[Asked], witnesses: Witnesses, stack: Stack) -> None:
        self._question = question
        self._through = through
        self._witnesses = witnesses
        self._stack = stack

    def answer(self) -> tuple[str, str]:
        """The answer and what is behind it; the first request that gets another one decides it."""
        question = self._question
        links = [one for each in self._through for one in self._witnesses.requests(each)]
        denials: list[tuple[bool, int, str]] = []
        held: dict[str, None] = {}
        for request in self._witnesses.requests(question.asked, question.but):
            decision, said = self._decided(request, links)
            if decision.allowed == (question.expected == DENIED):
                return ALLOWED if decision.allowed else DENIED, said
            denials.append((decision.statement is None, len(denials), said))
            held[self._held(request)] = None
        if not denials:
            raise Refused((), "nothing is asked: all of it is left out")
        given = HELD + " and ".join(held) if question.expected.startswith(HELD) else question.expected
        # An explicit Deny says more than that nothing allows it.
        return given, min(denials)[2]

    def _decided(self, request: Request, links: list[Request]) -> tuple[Decision, str]:
        """Of a request and all that must be allowed too, the first that is not; else the request itself."""
        found = []
        for each in (request, *links):
            decision, context = self._witnesses.decide(each, whatever=self._question.expected == DENIED)
            found.append((decision, f"{_shown(each, context)}: {decision}"))
            if not decision.allowed:
                return found[-1]
        return found[0]

    def _held(self, request: Request) -> str:
        bucket = self._stack.by_arn(request.resource.partition("/")[0], "AWS::S3::Bucket")
        for name, actions, path, value in _HOLDS:
            if bucket and request.action.lower() in actions and at(bucket.properties, *path) == value:
                return name
        return form.ORGANIZATION


def _shown(request: Request, context: Context) -> str:
    carried = " ".join(f"{key}={','.join(values) or '(absent)'}" for key, values in sorted(context.items()))
    return f"{request.principal} {request.action} {request.resource or '(any text)'} {carried}"


def _applies(asked: Asked, having: Mapping[str, str]) -> bool:
    return all(having[name] == value for name, value in asked.when.items())


def _require_known(question: Question, template: Mapping[str, Any]) -> None:
    resources = template["Resources"]
    known = {*resources, *template.get("Parameters", {}), *pseudo.FORMS}
    for name in (name for text in question.texts() for name in sub_variables.names(text)):
        base, _, attribute = name.partition(".")
        if base not in known or attribute not in ("", "Arn", "Value"):
            raise BadQuestion(f"{question.place}: the template has no {name}")
    roles = {name for name, each in resources.items() if each["Type"] == ROLE}
    for who in question.whose():
        if who not in form.PEOPLE and "." not in who and who not in roles:
            raise BadQuestion(
                f"{question.place}: who: {who} is no role of the template, and none of {', '.join(form.PEOPLE)}"
            )
    for each in (question.asked, *question.through):
        if each.via and resources.get(each.via, {}).get("Type") != ENDPOINT:
            raise BadQuestion(f"{question.place}: via: {each.via} is no VPC endpoint of the template")
        for name in each.when:
            if name not in template.get("Conditions", {}) and name not in template.get("Parameters", {}):
                raise BadQuestion(f"{question.place}: when: the template has no condition or parameter {name}")
