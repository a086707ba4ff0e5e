"""What went wrong inside the functions, read from their logs: denied calls and crashed invocations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PREFIX = "/aws/lambda/"

#: Events of one moment can become visible after later ones, so each reading looks back this far.
_OVERLAP_MS = 10_000
#: More than this the service does not return at once, and MiniStack gives no token for the rest.
_PAGE = 10_000

_NAMED = re.compile(
    r"User: (?P<user>\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r'(?: on resource: \\*"?(?P<resource>[^\s"\\]+))?'
)
# S3 names nothing when it answers a HEAD request, which has no body, and neither does its older wording elsewhere.
_UNNAMED = re.compile(
    r"An error occurred \((?:403|AccessDenied\w*|Forbidden)\) when calling the (?P<operation>\w+) operation"
)
_ACTION_OF_OPERATION = {
    "HeadObject": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
}
_TIMEOUT = re.compile(r"Task timed out after [\d.]+ seconds")
_CRASH = re.compile(r"^\[ERROR\] (?P<summary>.*)")


@dataclass(frozen=True)
class Denial:
    """A denied call. `role` is empty where neither the message nor the function names it."""

    role: str
    action: str
    resource: str | None
    function: str
    message: str = field(compare=False)

    def __str__(self) -> str:
        place = "" if self.resource is None else f" on {self.resource}"
        return f"{self.role} may not {self.action}{place} (called by {self.function})"


@dataclass(frozen=True)
class Crash:
    """An invocation that ended in an error no denial explains: an unhandled exception, a timeout, a failed import."""

    function: str
    summary: str

    def __str__(self) -> str:
        return f"{self.function} failed: {self.summary}"


@dataclass(frozen=True)
class Findings:
    """Denials and crashes, without repeats."""

    denials: tuple[Denial, ...] = ()
    crashes: tuple[Crash, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.denials or self.crashes)


class FunctionLogs:
    """Reads on from where it stopped, and reports each finding once."""

    def __init__(self, logs: Any, functions: Any) -> None:
        self._logs = logs
        self._functions = functions
        self._since: dict[str, int] = {}
        self._read: dict[str, set[tuple[Any, ...]]] = {}
        self._reported: set[Denial | Crash] = set()
        self._roles: dict[str, str] = {}

    def read(self) -> Findings:
        """The denials and crashes that the functions have logged since the last reading."""
        denials: list[Denial] = []
        crashes: list[Crash] = []
        for group in self._groups():
            function = group.removeprefix(PREFIX)
            for message in self._new_messages(group):
                for finding in findings_in(message, function):
                    named = self._with_role(finding)
                    if named in self._reported:
                        continue
                    self._reported.add(named)
                    if isinstance(named, Denial):
                        denials.append(named)
                    else:
                        crashes.append(named)
        return Findings(tuple(denials), tuple(crashes))

    def _groups(self) -> Iterator[str]:
        for page in self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=PREFIX):
            for group in page["logGroups"]:
                yield group["logGroupName"]

    def _new_messages(self, group: str) -> Iterator[str]:
        read = self._read.get(group, set())
        seen: dict[tuple[Any, ...], int] = {}
        times: dict[tuple[Any, ...], int] = {}
        newest = self._since.get(group, 0)
        for event in self._events(group, max(0, newest - _OVERLAP_MS)):
            content = (event["logStreamName"], event["timestamp"], event["message"])
            # Two equal lines of one moment are two events, and neither AWS nor MiniStack numbers them for us alike.
            seen[content] = seen.get(content, 0) + 1
            identity = (*content, seen[content])
            times[identity] = event["timestamp"]
            newest = max(newest, event["timestamp"])
            if identity not in read:
                yield event["message"]
        self._since[group] = newest
        self._read[group] = {identity for identity, time in times.items() if time >= newest - _OVERLAP_MS}

    def _events(self, group: str, start: int) -> Iterator[dict[str, Any]]:
        parameters: dict[str, Any] = {"logGroupName": group, "startTime": start, "limit": _PAGE}
        while True:
            page = self._logs.filter_log_events(**parameters)
            events = page["events"]
            if "nextToken" in page:
                yield from events
                parameters["nextToken"] = page["nextToken"]
            elif len(events) == _PAGE and events[-1]["timestamp"] > parameters["startTime"]:
                # A full page without a token: go on from its last moment, which is read anew, whole.
                last = events[-1]["timestamp"]
                yield from (event for event in events if event["timestamp"] < last)
                parameters["startTime"] = last
            else:
                yield from events
                return

    def _with_role(self, finding: Denial | Crash) -> Denial | Crash:
        if isinstance(finding, Crash) or finding.role:
            return finding
        if finding.function not in self._roles:
            configuration = self._functions.get_function_configuration(FunctionName=finding.function)
            self._roles[finding.function] = configuration["Role"].rsplit("/", 1)[-1]
        role = self._roles[finding.function]
        return Denial(role, finding.action, finding.resource, finding.function, finding.message)


def findings_in(message: str, function: str) -> Iterator[Denial | Crash]:
    """The denials in one log message; or, if there are none and it ends an invocation, the crash."""
    denials = list(denials_in(message, function))
    yield from denials
    if denials:
        return
    timeout = _TIMEOUT.search(message)
    crash = _CRASH.match(message)
    if timeout is not None:
        yield Crash(function, timeout.group())
    elif crash is not None:
        yield Crash(function, crash["summary"])


def denials_in(text: str, caller: str) -> Iterator[Denial]:
    """Every denied call in `text`, which is a function's log or the error output of a Spark job."""
    named = list(_NAMED.finditer(text))
    for match in named:
        resource = match["resource"].rstrip(".,;)") if match["resource"] else None
        yield Denial(_role(match["user"]), match["action"], resource, caller, text)
    if not named:
        for match in _UNNAMED.finditer(text):
            operation = match["operation"]
            yield Denial("", _ACTION_OF_OPERATION.get(operation, f"s3:{operation}"), None, caller, text)


def _role(user: str) -> str:
    """The role's name, if the user is a session of one."""
    _, found, session = user.partition(":assumed-role/")
    return session.split("/", 1)[0] if found else user
