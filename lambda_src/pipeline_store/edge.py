"""Where AWS's errors become ours: what may pass by itself is redelivered, everything else crashes as it came."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as TransportError

from .errors import RetryableFailure

#: boto3 builds its clients at run time, so there is no class to name.
AwsClient: TypeAlias = Any

#: Three quick tries hide a hiccup; the event source's own retries are there for everything longer. One call to an
#: endpoint that hangs takes 39 s, well within the functions' own time-outs.
CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=3,
    read_timeout=10,
    tcp_keepalive=True,
)

#: Errors below 500 that pass by themselves and do not have `Throttl` in their name.
_TRANSIENT_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",  # another put of the same key was under way
        "OperationAborted",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


@contextmanager
def transient_errors_are_retryable() -> Iterator[None]:
    """Turn what may pass by itself into `RetryableFailure`.

    AccessDenied and its like pass through untouched: AWS's own text names the role and the action that is missing.
    """
    try:
        yield
    except ClientError as error:
        if not _is_transient(error):
            raise
        raise RetryableFailure(str(error)) from error
    except (TransportError, HTTPClientError, IncompleteReadError) as error:
        raise RetryableFailure(str(error)) from error


def error_code(error: ClientError) -> str:
    """AWS's code for the error, such as `PreconditionFailed`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _is_transient(error: ClientError) -> bool:
    code = error_code(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status >= 500 or status == 429 or code in _TRANSIENT_CODES or "Throttl" in code
