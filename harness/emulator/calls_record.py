"""`rules/calls.csv`: which requests of the stack's roles the emulated AWS has authorised.

A request is recorded where IAM decides it, whoever sent it: boto3 in a function, boto3 or S3A in the Glue job. What
AWS's services do with a role (polling, log delivery, replication, crawling) is not in it: MiniStack does these without
requests.
"""

import csv
import json
import os
import threading
from collections.abc import Iterable, Mapping
from functools import wraps
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

#: The setting of `process.Emulator` that names the report file. It has one JSON line per distinct request.
REPORT = "CALLS_REPORT"


class Called(NamedTuple):
    """A class of requests: logical ids for names, an object's first prefix, and names of condition keys."""

    role: str
    action: str
    resource: str
    keys: str


def install() -> None:
    """Patch MiniStack to write the report, if it is asked for."""
    if REPORT not in os.environ:
        return
    from ministack.core import iam_evaluator

    enforce, evaluate = iam_evaluator.enforce, iam_evaluator.evaluate
    asked = threading.local()
    written: set[tuple[str, ...]] = set()
    report = Path(os.environ[REPORT])

    @wraps(evaluate)
    def remembering(context: Any, *rest: Any) -> Any:
        asked.context = context
        return evaluate(context, *rest)

    @wraps(enforce)
    def recording(*arguments: Any, **named: Any) -> Any:
        asked.context = None
        denied = enforce(*arguments, **named)
        context = asked.context
        if denied is None and context is not None and ":assumed-role/" in context.principal_arn:
            keys = sorted(key for key, value in context.service_context.items() if value is not None)
            request = (context.principal_arn, context.action, context.resource_arn, *keys)
            if request not in written:
                written.add(request)
                with report.open("a") as file:
                    file.write(json.dumps(request) + "\n")
        return denied

    iam_evaluator.enforce, iam_evaluator.evaluate = recording, remembering


def called(report: Path, resources: Mapping[str, str]) -> set[Called]:
    """The classes of requests in a report by the stack's own roles. `resources`: physical ids by logical id."""
    # URLs of queues and ARNs of topics end in the name, and no name here has a colon.
    names = {_name(physical): logical for logical, physical in resources.items()}
    found = set()
    for line in report.read_text().splitlines():
        principal, action, resource, *keys = json.loads(line)
        role = names.get(principal.split("/")[1])
        if role is not None:
            found.add(Called(role, action, generalised(resource, names), " ".join(keys)))
    return found


def generalised(arn: str, names: Mapping[str, str]) -> str:
    """A resource of a request, without what differs from run to run. `names`: logical ids by physical name.

    `ProcessingJobTable/index/StatusIndex`, `RawDataBucket/market-data/*`, `RawDataBucket`, `DataValidationLogGroup/*`.
    Where no resource of the stack is named: `glue:catalog`, `other s3`, or `*`.
    """
    if arn == "*":
        return arn
    service, tail = arn.split(":", 5)[2], arn.split(":", 5)[5]
    if service == "s3":
        bucket, _, key = tail.partition("/")
        place = names.get(bucket, "other s3")
        # Quarantine has a folder for each function.
        depth = 2 if key.startswith("quarantine/") else 1
        folders = key.split("/")[:-1][:depth]
        return "/".join([place, *folders, "*"]) if key else place
    if service == "glue" and "/" in tail:
        kind, database, *table = tail.split("/")
        return "/".join([names.get(database, f"other {kind}"), *table])
    name = max((name for name in names if _names(tail, name)), key=len, default=None)
    if name is None:
        return f"{service}:{tail}" if tail == "catalog" else f"other {service}"
    rest = tail.partition(name)[2]
    return f"{names[name]}{rest}" if rest.startswith("/index/") else f"{names[name]}{'/*' if rest else ''}"


def _name(physical: str) -> str:
    if physical.startswith("arn:"):
        return physical.rsplit(":", 1)[-1]
    return physical.rsplit("/", 1)[-1] if physical.startswith(("https:", "http:")) else physical


def _names(tail: str, name: str) -> bool:
    """Whether the end of an ARN is a name, or has it between separators."""
    before, found, after = tail.partition(name)
    return bool(found) and before[-1:] in ("", "/", ":") and after[:1] in ("", "/", ":")


def as_csv(calls: Iterable[Called]) -> str:
    """The file's text: a header, and the calls, sorted."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([Called._fields, *sorted(calls)])
    return text.getvalue()


def drift(recorded: str, kept: str) -> str:
    """The lines that are new and those that are gone, one a line; empty if there are none."""
    new, old = set(recorded.splitlines()), set(kept.splitlines())
    return "\n".join(
        [*(f"new:  {line}" for line in sorted(new - old)), *(f"gone: {line}" for line in sorted(old - new))]
    )
