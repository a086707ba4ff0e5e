"""What a client raises, and what the simulation raises when it is asked for something that it does not model."""

from typing import Any

from botocore.exceptions import ClientError


class NotModelled(BaseException):
    """A call or an expression that the simulation does not know. No Exception: no code may take it for a failure."""


def refused(operation: str, code: str, status: int = 400, **more: Any) -> ClientError:
    """botocore's error for an answer of AWS."""
    error = {"Code": code, "Message": f"{code} of the simulation"}
    return ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}, **more}, operation)
