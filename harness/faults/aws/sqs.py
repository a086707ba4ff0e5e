"""SQS: visibility, receives, a dead-letter queue. Its poller is `harness.faults.pollers`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Message:
    """A message in a queue."""

    message_id: str
    body: str
    visible_at: float = 0.0
    receives: int = 0


class Sqs:
    """Queues by URL."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._sent = 0
        self.queues: dict[str, list[Message]] = {}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> dict[str, Any]:
        """SendMessage."""
        self._sent += 1
        message = Message(f"message-{self._sent}", MessageBody)
        self.queues.setdefault(QueueUrl, []).append(message)
        return {"MessageId": message.message_id}

    def visible(self, url: str) -> list[Message]:
        """The messages that a poller can receive now."""
        return [message for message in self.queues.get(url, ()) if message.visible_at <= self._seconds()]

    def delete(self, url: str, message: Message) -> None:
        """Delete a message, unless it is gone."""
        queue = self.queues.get(url, [])
        if message in queue:
            queue.remove(message)

    def move(self, source: str, target: str, message: Message) -> None:
        """Move a message to another queue: it keeps its id, and its receives start again."""
        self.delete(source, message)
        message.receives, message.visible_at = 0, 0.0
        self.queues.setdefault(target, []).append(message)
