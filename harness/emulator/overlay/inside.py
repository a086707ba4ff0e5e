"""AWS API calls from inside the emulator to its own service code, without HTTP or authorization.

botocore writes each request and reads each response, as for any client; only the sending is replaced, by a hook that
botocore offers for it. CloudFormation calls services in its own name, which is why nobody's rights are asked.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.client import BaseClient, Config

Answer = tuple[int, dict[str, str], bytes | str]


class _Payload:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_args: Any, **_kwargs: Any) -> Iterator[bytes]:
        yield self._content


def call(service: str, operation: str, parameters: dict[str, Any], *, account: str, region: str) -> dict[str, Any]:
    """Make one API call in `account` and `region`. Raises botocore's ClientError."""
    method: Callable[..., dict[str, Any]] = getattr(client(service, account, region), botocore.xform_name(operation))
    return method(**parameters)


#: One for all clients: each session reads the models of botocore anew, a second of computing for what a stack needs.
_SESSION = botocore.session.Session()
#: A session makes one client at a time.
_MAKING = Lock()


@cache
def client(service: str, account: str, region: str) -> BaseClient:
    """A client of a service of this process."""
    with _MAKING:
        made = _SESSION.create_client(
            service,
            region_name=region,
            endpoint_url="https://127.0.0.1",
            # An access key of twelve digits is the root user of that account.
            aws_access_key_id=account,
            aws_secret_access_key="inside",
            config=Config(retries={"total_max_attempts": 1}),
        )
    events: Any = made.meta.events
    events.register("before-send", _answerer(service))
    return made


def _answerer(service: str) -> Callable[..., AWSResponse]:
    from ministack.app import SERVICE_HANDLERS

    handler: Callable[..., Coroutine[Any, Any, Answer]] = SERVICE_HANDLERS[service]

    def answer(request: AWSPreparedRequest, **_kwargs: Any) -> AWSResponse:
        url = urlsplit(request.url)
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        body = request.body or b""
        coroutine = handler(
            request.method,
            unquote(url.path),
            headers,
            body.encode() if isinstance(body, str) else body,
            parse_qs(url.query, keep_blank_values=True),
        )
        status, response_headers, content = _run(coroutine)
        payload = content.encode() if isinstance(content, str) else content
        answered: Any = HeadersDict(response_headers)
        return AWSResponse(request.url, status, answered, _Payload(payload))

    return answer


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _run(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run `coroutine` to its end, even if the calling thread already runs an event loop.

    The copied context carries the account and region that MiniStack keeps for the request.
    """
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(context.run, asyncio.run, coroutine).result()
