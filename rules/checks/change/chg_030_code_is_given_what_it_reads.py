"""CHG-030  code_is_given_what_it_reads

Why       A misspelt variable deploys without a word. The function then fails at its first event, or
          takes a default that nobody chose; a job reads one table and the functions write another.
          What is set has to be what the code reads, and the same for all who share it.
Targets   AWS::Lambda::Function, AWS::Glue::Job, AWS::Lambda::EventSourceMapping
"""

from collections.abc import Iterable
from typing import Any

from harness.render.resources import at
from rules.lib import Problem, Problems, Resource, Stack, code, mappings
from rules.lib.iam import Path

FUNCTION, JOB = "AWS::Lambda::Function", "AWS::Glue::Job"
VARIABLES: Path = ("Properties", "Environment", "Variables")
ARGUMENTS: Path = ("Properties", "DefaultArguments")


def subjects(stack: Stack) -> list[str]:
    """Functions and jobs, where one of the functions is the pipeline's: others run code that no rule knows."""
    found = stack.of(FUNCTION, JOB)
    stack.of(mappings.MAPPING)
    ours = any(str(each.properties.get("Handler")) in code.NEEDED for each in stack.of(FUNCTION).values())
    return list(found) if ours else []


def problems(stack: Stack, subject: str) -> Problems:
    """Names that the code needs and does not get, gets and does not read, or that mean something else elsewhere."""
    resource = stack.resources[subject]
    if resource.type == JOB:
        yield from _of_the_job(stack, resource)
        return
    handler = str(resource.properties.get("Handler"))
    if handler not in code.NEEDED:
        yield Problem(
            f"the code has no handler {handler}, so every invocation fails.",
            f"set Handler to {' or '.join(code.NEEDED)}.",
            ("Properties", "Handler"),
        )
        return
    known = code.NEEDED[handler] | code.OPTIONAL[handler]
    yield from _named(resource, VARIABLES, code.NEEDED[handler], known)
    streams = [mappings.source(each) for each in mappings.of_streams(stack).values()]
    for name, value in _set(resource, VARIABLES).items():
        if name == "STREAM_NAME" and streams and not any(each.endswith(f":stream/{value}") for each in streams):
            yield Problem(
                f"{name} is {value}, and the function reads {streams[0]}: its lineage names another stream.",
                "set it to the stream of the function's event source mapping.",
                (*VARIABLES, name),
            )
        if others := [each for each in _shared(stack, name) if each != value]:
            yield Problem(
                f"{name} is {value} here and {others[0]} in another function: one misses what the other wrote.",
                f"give every function and job the same {name}.",
                (*VARIABLES, name),
            )


def _of_the_job(stack: Stack, job: Resource) -> Problems:
    arguments = _set(job, ARGUMENTS)
    yield from _named(job, ARGUMENTS, code.NEEDED_ARGUMENTS, {*code.NEEDED_ARGUMENTS, *code.DEFAULTS, *code.OF_GLUE})
    for name, value in arguments.items():
        wanted = [code.DEFAULTS[name]] if name in code.PREFIXES else _shared(stack, name.removeprefix("--").upper())
        if others := [each for each in wanted if each != value]:
            yield Problem(
                f"{name} is {value}, and the functions and the tables use {others[0]}: the job finds nothing.",
                f"set {name} to {others[0]}.",
                (*ARGUMENTS, name),
            )


def _named(resource: Resource, place: Path, needed: Iterable[str], known: Iterable[str]) -> Problems:
    given = _set(resource, place)
    missing = sorted(each for each in needed if given.get(each) in (None, ""))
    if missing:
        yield Problem(
            f"the code needs {', '.join(missing)}, and fails without.", f"set {', '.join(missing)}.", place[:2]
        )
    for name in given:
        if name not in known:
            yield Problem(
                f"the code does not read {name}: it may be misspelt.",
                f"remove it, or name one of {', '.join(sorted(each for each in known if each not in code.OF_GLUE))}.",
                (*place, name),
            )


def _shared(stack: Stack, name: str) -> list[Any]:
    """What the pipeline's functions are given under a name that says a store; their service names differ."""
    if not name.endswith(("_BUCKET", "_TABLE")):
        return []
    given = (_set(each, VARIABLES).get(name) for each in stack.of(FUNCTION).values())
    return [each for each in given if each is not None]


def _set(resource: Resource, place: Path) -> dict[str, Any]:
    found = at(resource.body, *place)
    return found if isinstance(found, dict) else {}
