"""iam-simulate, asked with the same facts as ours: a process of Node's for each core."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import patience
from harness.access.principals import Principal
from harness.render.dumping import as_key
from tests.second_opinion.questions import Json, Question

#: Set by the tox environment `second-opinion`: the folder with the packages of package-lock.json, and Node's binary.
VARIABLES = ("SECOND_OPINION_PACKAGES", "SECOND_OPINION_NODE")
SCRIPT = Path(__file__).with_name("simulate.mjs")
PROCESSES = 2


class Unanswered(str):
    """Why iam-simulate refuses a request."""

    __slots__ = ()


def opinions(questions: Sequence[Question]) -> list[bool | Unanswered]:
    """Whether iam-simulate allows each, or why it does not say."""
    size = -(-len(questions) // PROCESSES) or 1
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = pool.map(_answers, (questions[at : at + size] for at in range(0, len(questions), size)))
        return [each for part in parts for each in part]


def _answers(questions: Sequence[Question]) -> list[bool | Unanswered]:
    packages, node = (os.environ[each] for each in VARIABLES)
    result = subprocess.run(
        [node, SCRIPT, packages], input="".join(_lines(questions)), capture_output=True, text=True, check=False,
        timeout=patience.seconds(60 + len(questions) / 20),
    )  # fmt: skip
    answers = [json.loads(each) for each in result.stdout.splitlines()]
    assert len(answers) == len(questions), result.stderr
    return [_answer(each) for each in answers]


def _answer(answer: Json) -> bool | Unanswered:
    if "error" in answer:
        return Unanswered(answer["error"])
    return Unanswered(f"without {answer['ignored'][0]}") if answer["ignored"] else bool(answer["allowed"])


def _lines(questions: Sequence[Question]) -> Iterator[str]:
    known: dict[str, str] = {}
    for question in questions:
        facts, request = question.facts, question.request
        ids = []
        for each in (facts.identity, facts.boundary, facts.resource, _endpoint(facts.endpoint)):
            key = None if each is None else as_key(each)
            if key is not None and key not in known:
                known[key] = str(len(known))
                yield json.dumps({"documents": {known[key]: _renamed(each)}}) + "\n"
            ids.append(None if key is None else known[key])
        identity, boundary, policy, endpoint = ids
        asked = {
            "principal": _principal(request.principal), "action": request.action, "resource": request.resource,
            "owner": request.owner, "identity": [identity] if identity else [], "boundary": boundary, "policy": policy,
            "endpoint": endpoint,
            "context": {_name(key): one[0] if len(one) == 1 else one for key, one in question.context.items()},
        }  # fmt: skip
        yield json.dumps(asked) + "\n"


def _principal(principal: Principal) -> str | None:
    return principal.session_arn or principal.arn or principal.service or None


def _name(key: str) -> str:
    """It does not know that kms:EncryptionContext:<key> is a key, whatever follows; tags may have any name."""
    return re.sub("^kms:encryptioncontext:", "aws:principaltag/encryption-context-", key, flags=re.IGNORECASE)


def _renamed(document: Json) -> Json:
    bodies = []
    for each in document["Statement"]:
        tests = each.get("Condition", {})
        renamed = {name: {_name(key): value for key, value in tests[name].items()} for name in tests}
        bodies.append(each | ({"Condition": renamed} if tests else {}))
    return document | {"Statement": bodies}


def _endpoint(document: Json | None) -> Json | None:
    """It takes only this way of writing everybody, and no other principal."""
    if document is None:
        return None
    everybody = ({"AWS": "*"}, {"AWS": ["*"]})
    bodies = [each | ({"Principal": "*"} if each["Principal"] in everybody else {}) for each in document["Statement"]]
    return document | {"Statement": bodies}
