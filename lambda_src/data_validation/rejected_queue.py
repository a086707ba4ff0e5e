"""The queue that tells people which objects had records refused."""

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline_store.edge import AwsClient, transient_errors_are_retryable


class SqsRejectedQueue:
    """ValidationDeadLetterQueue."""

    def __init__(self, client: AwsClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, notice: Mapping[str, Any]) -> None:
        """Say where the refused records are. At least once: a crash right after this says it again."""
        with transient_errors_are_retryable():
            self._client.send_message(QueueUrl=self._url, MessageBody=msgspec.json.encode(notice).decode())
