"""boto3 client settings and error mapping: transient errors are retried by redelivery, all others crash unchanged."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as TransportError

from .errors import RetryableFailure

#: boto3 builds its clients at run time, so there is no class to name.
AwsClient: TypeAlias = Any

#: Three quick attempts cover a short outage; the event source retries longer ones. A call to a hanging endpoint takes
#: 39 s, well within the functions' timeouts.
CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=3, read_timeout=10, tcp_keepalive=True
)

#: Transient errors with a status below 500 and without `Throttl` in their code.
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
    """Turn transient errors into `RetryableFailure`.

    Others, such as AccessDenied, pass unchanged: AWS's message names the role and the missing action.
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
