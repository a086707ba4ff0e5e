"""The calls of alarms and event rules: publish to topics and queues, and encrypt the messages."""

from collections.abc import Iterator

from harness.emulator.service_calls.call import DATA_NEEDS_KEY, Finder, ServiceCall


class Alerts(Finder):
    """The calls for alarms and event rules."""

    def calls(self) -> Iterator[ServiceCall]:
        """All these calls."""
        account = {"aws:SourceAccount": self._deployment.account}
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
        for alarm in self._deployment.alarms:
            for topic in (*alarm["AlarmActions"], *alarm["OKActions"], *alarm["InsufficientDataActions"]):
                source = {**account, "aws:SourceArn": alarm["AlarmArn"]}
                yield from self._notifies("cloudwatch.amazonaws.com", topic, source, f"alarm {alarm['AlarmName']}")
        # EventBridge sends no aws:SourceArn to topics, so a policy that requires one denies it:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
        for rule, target in self._deployment.rule_targets:
            yield from self._notifies("events.amazonaws.com", target, {}, f"event rule {rule}")
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        for rule, arn, queue in self._deployment.rule_dead_letters:
            source = {"aws:SourceArn": arn}
            yield from self._notifies(
                "events.amazonaws.com", queue, source, f"event rule {rule}, of what it cannot deliver,"
            )

    def _notifies(self, service: str, target: str, source: dict[str, str], who: str) -> Iterator[ServiceCall]:
        store = self._deployment.stores.get(target)
        if store is None or store.service not in ("sns", "sqs"):
            return
        action = {"sns": "sns:Publish", "sqs": "sqs:SendMessage"}[store.service]
        why = f"{who} notifies {store.name}"
        yield self._ask_store(service, action, store, target, source, why)
        if store.key is not None:
            for key_action in DATA_NEEDS_KEY[action]:
                yield self._service(service, key_action, store.key, source, f"{why}, which is encrypted")
