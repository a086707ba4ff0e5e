"""The queue that notifies operators of objects with rejected records."""

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline_store.aws_client import AwsClient, transient_errors_are_retryable


class SqsRejectedQueue:
    """ValidationDeadLetterQueue."""

    def __init__(self, client: AwsClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, notice: Mapping[str, Any]) -> None:
        """Send where the rejected records are. At least once: after a crash the retry sends it again."""
        with transient_errors_are_retryable():
            self._client.send_message(QueueUrl=self._url, MessageBody=msgspec.json.encode(notice).decode())
