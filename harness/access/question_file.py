"""Reads `rules/questions.yaml`: questions of an auditor in words and as requests, each with a twin.

The file has lists of questions by group. A question has

- `id` and `ask`, the question in words; `expected`, one of EXPECTED, and the `reason`;
- `who`, `action` and `resource`: a text or several, as `harness.access.askers` and `.witnesses` read them;
- `context`: condition keys with their values, null for a request without the key;
- `via`: the VPC endpoint it passes; `owner`: the account of the resource, where its ARN does not say;
- `through`: further requests that must be allowed too for this one to get through, in the same form;
- `but`: what is left out of it, by `who`, `action` and `resource`;
- `when`: parameters and conditions of the template, with the values for which it is asked;
- `twin`: what is different in the twin. That is one fact, and the twin gets another answer.

Texts are as `Fn::Sub` takes them. A twin may also say which one of several requests it starts from: `every role` is
then a role, and a pattern a text that fits it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.access.globs import action, like
from harness.render.resources import items
from harness.render.source import plain

QUESTIONS = Path("rules/questions.yaml")
Texts = tuple[str, ...]

DENIED, ALLOWED, HELD = "denied", "allowed", "held by "
COMPLIANCE, OBJECT_LOCK, VERSIONING = "Object Lock in COMPLIANCE mode", "Object Lock", "versioning"
#: Nothing in the stack stops what its policies allow: an SCP or RCP of the organization would have to.
ORGANIZATION = "a policy of the organization alone"
EXPECTED = (DENIED, ALLOWED, *(HELD + each for each in (COMPLIANCE, OBJECT_LOCK, VERSIONING, ORGANIZATION)))
#: Who may ask, besides AWS services and roles of the template: several principals each, or one.
EVERY_ROLE, EVERY_SERVICE, EVERY_OTHER = "every role", "every service", "every other account"
ADMINISTRATOR, CONSUMER, STRANGER, ANYBODY = "administrator", "consumer account", "another account", "anybody"
PEOPLE = (EVERY_ROLE, EVERY_SERVICE, EVERY_OTHER, ADMINISTRATOR, CONSUMER, STRANGER, ANYBODY)

_SET = ("who", "action", "resource")
_FACTS = (*_SET, "context", "via", "owner", "when")
_QUESTION = (*_FACTS, "id", "ask", "through", "but", "expected", "reason", "twin")
_TWIN = (*_FACTS, "ask", "expected", "reason")
_OTHER = {DENIED: ALLOWED, ALLOWED: DENIED}
#: Condition keys that follow from the principal, the endpoint and the owner, which are said elsewhere.
_SAID = {
    "aws:principalaccount", "aws:principalarn", "aws:principalisawsservice", "aws:principalservicename",
    "aws:principaltype", "aws:resourceaccount", "aws:sourcevpce", "aws:username",
}  # fmt: skip


class BadQuestion(Exception):
    """The file cannot be read, or a question cannot be asked; one line with the place."""


@dataclass(frozen=True)
class Asked:
    """Requests: every `who` with every `action` on every `resource`. A key of `context` without values is absent."""

    who: Texts
    action: Texts
    resource: Texts
    context: Mapping[str, Texts]
    via: str
    owner: str
    when: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """A question; `through` are requests that must be allowed too, `but` what is left out by the keys of `_SET`."""

    place: str
    text: str
    asked: Asked
    through: tuple[Asked, ...]
    but: tuple[Mapping[str, Texts], ...]
    expected: str
    reason: str
    is_twin: bool = False

    def texts(self) -> Iterator[str]:
        """Every text that may refer to the template."""
        for each in (self.asked, *self.through):
            yield from (*each.action, *each.resource, each.owner)
            yield from (value for values in each.context.values() for value in values)
        yield from (text for each in self.but for key, texts in each.items() if key != "who" for text in texts)

    def whose(self) -> Iterator[str]:
        """Everybody it names."""
        for each in (self.asked, *self.through):
            yield from each.who
        yield from (who for each in self.but for who in each.get("who", ()))


def load(path: Path = QUESTIONS) -> list[Question]:
    """The questions, each followed by its twin. Raises BadQuestion for whatever is not of the form."""
    try:
        groups = plain(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise BadQuestion(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(groups, dict) or not all(isinstance(each, list) for each in groups.values()):
        raise BadQuestion(f"{path}: the file is a mapping of groups to lists of questions")
    found: dict[str, list[Question]] = {}
    for group, bodies in groups.items():
        for number, body in enumerate(bodies, 1):
            name = body.get("id") if isinstance(body, dict) else None
            place = f"{path}: {group}: {name or f'question {number}'}"
            if name in found:
                raise BadQuestion(f"{place}: two questions are called this")
            found[str(name)] = _pair(body, place)
    return [each for pair in found.values() for each in pair]


def _pair(body: Any, place: str) -> list[Question]:
    _closed(body, _QUESTION, (*_SET, "id", "ask", "expected", "reason", "twin"), place)
    twin, here = body["twin"], f"{place}: twin"
    _closed(twin, _TWIN, (), here)
    question = _question(body, place)
    expected = twin.get("expected") or _OTHER.get(question.expected)
    if expected in (None, question.expected):
        raise BadQuestion(f"{here}: expected: say another answer than the question's")
    merged = {key: {**_mapping(body, key, place), **_mapping(twin, key, here)} for key in ("context", "when")}
    other = _question({**body, **twin, **merged, "expected": expected}, here, is_twin=True)
    _require_one_fact(question, other, twin, here)
    return [question, other]


def _question(body: Mapping[str, Any], place: str, *, is_twin: bool = False) -> Question:
    if body["expected"] not in EXPECTED:
        raise BadQuestion(f"{place}: expected: {body['expected']} is not one of {', '.join(EXPECTED)}")
    through = []
    for number, each in enumerate(items(body.get("through")), 1):
        here = f"{place}: through {number}"
        _closed(each, _FACTS, ("action", "resource"), here)
        through.append(_asked({"who": body["who"], **each}, here))
    asked, but = _asked(body, place), []
    for number, each in enumerate(items(body.get("but")), 1):
        _closed(each, _SET, (), f"{place}: but {number}")
        but.append({key: _texts(each, key, f"{place}: but {number}") for key in each})
    if body["expected"] != DENIED and (but or any(map(is_pattern, (*asked.action, *asked.resource)))):
        if not is_twin:
            raise BadQuestion(f"{place}: only a denial has patterns, or leaves something out")
        but = []
    text, reason = (" ".join(str(body[key]).split()) for key in ("ask", "reason"))
    return Question(place, text, asked, tuple(through), tuple(but), body["expected"], reason, is_twin)


def _asked(body: Mapping[str, Any], place: str) -> Asked:
    context = {}
    for key, value in _mapping(body, "context", place).items():
        if str(key).lower() in _SAID:
            raise BadQuestion(f"{place}: context: {key} follows from who asks, via and owner")
        context[str(key).lower()] = tuple(_text(each, f"{place}: context: {key}") for each in items(value))
    when = {str(key): _text(value, f"{place}: when: {key}") for key, value in _mapping(body, "when", place).items()}
    who, asked, on = (_texts(body, key, place) for key in _SET)
    via, owner = (_text(body.get(key) or "", f"{place}: {key}") for key in ("via", "owner"))
    return Asked(who, asked, on, context, via, owner, when)


def _require_one_fact(question: Question, twin: Question, changed: Mapping[str, Any], place: str) -> None:
    """A twin that only says which of the requests it is must be one that the question leaves out."""
    one, other = question.asked, twin.asked
    facts = [key for key in _SET if key in changed and not _among(getattr(one, key), getattr(other, key), key)]
    facts += [key for key in ("via", "owner") if getattr(one, key) != getattr(other, key)]
    for old, new in ((one.context, other.context), (one.when, other.when)):
        # A denial holds whatever else is carried, so that a twin may say which of it.
        is_open = question.expected == DENIED and old is one.context
        facts += [key for key in (old if is_open else old.keys() | new.keys()) if old.get(key) != new.get(key)]
    left_out = any(all(_among(texts, getattr(other, key), key) for key, texts in each.items()) for each in question.but)
    if len(facts) + left_out != 1:
        said = ", ".join(sorted(facts)) + (" and it is left out" if left_out else "")
        raise BadQuestion(f"{place}: it differs in one fact, not in {said or 'none'}")


def _among(several: Texts, ones: Texts, key: str) -> bool:
    """Whether each of the texts is, as it is written, one that the question has."""
    make = action if key == "action" else like
    every = {EVERY_ROLE: lambda one: "." not in one and one not in PEOPLE, EVERY_SERVICE: lambda one: "." in one,
             EVERY_OTHER: lambda one: one in (CONSUMER, STRANGER)}  # fmt: skip
    return all(
        any(each == one or (every[each](one) if each in every else make(each).fits(one)) for each in several)
        for one in ones
    )


def is_pattern(text: str) -> bool:
    """Whether a text stands for all that fit it."""
    return "*" in text or "?" in text


def _closed(body: Any, known: tuple[str, ...], needed: tuple[str, ...], place: str) -> None:
    if not isinstance(body, dict):
        raise BadQuestion(f"{place}: it is a mapping with {', '.join(known)}")
    if unknown := [key for key in body if key not in known]:
        raise BadQuestion(f"{place}: {unknown[0]} is not one of {', '.join(known)}")
    if missing := [key for key in needed if not body.get(key)]:
        raise BadQuestion(f"{place}: {missing[0]} is missing")


def _mapping(body: Mapping[str, Any], key: str, place: str) -> dict[str, Any]:
    found = body.get(key) or {}
    if not isinstance(found, dict):
        raise BadQuestion(f"{place}: {key} is a mapping")
    return found


def _texts(body: Mapping[str, Any], key: str, place: str) -> Texts:
    return tuple(_text(each, f"{place}: {key}") for each in items(body[key]))


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str | bool | int):
        raise BadQuestion(f"{place}: {value} is no text")
    return str(value).lower() if isinstance(value, bool) else str(value)
