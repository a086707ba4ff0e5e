"""One call that an AWS service would make for the deployment, and the helpers to build such calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.emulator.deployment import Deployment
from harness.emulator.policies import Document, Request, Role, patterns_for
from harness.emulator.stores import Key, Store

#: Access to encrypted data also needs these permissions on its KMS key.
DATA_NEEDS_KEY = {
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
    "kinesis:PutRecord": ("kms:GenerateDataKey",),
    "kinesis:PutRecords": ("kms:GenerateDataKey",),
    "kinesis:GetRecords": ("kms:Decrypt",),
    **{
        f"dynamodb:{action}": ("kms:Decrypt",)
        for action in ("GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem")
    },
}
#: S3 verifies a bucket key by decrypting it before it encrypts with it.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
VERIFY_BUCKET_KEY = ("kms:Decrypt",)


@dataclass(frozen=True)
class ServiceCall:
    """A request that will be made by `role`, or without a role by `service` in its own name."""

    request: Request
    why: str
    role: Role | None = None
    service: str = ""
    policy: Document | None = None
    #: The resource policy must allow it even if the role's policies do, as with KMS keys.
    policy_decides: bool = False


class Finder:
    """Base of the three parts: builds requests by a role, or by a service in its own name."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def _data(self, role: Role, user: str) -> Iterator[ServiceCall]:
        """The KMS permissions that follow from a role's data permissions."""
        for store in self._deployment.stores.values():
            if store.key is None:
                continue
            for action, needed in DATA_NEEDS_KEY.items():
                patterns = patterns_for(role, action, store.arn) if action.startswith(f"{store.service}:") else ()
                if patterns:
                    context = encryption_context(store, patterns[0], self._deployment.account)
                    for key_action in (*needed, *(VERIFY_BUCKET_KEY if store.bucket_key else ())):
                        why = f"{user} may {action} on {store.name}, which is encrypted"
                        yield self._key(role, key_action, store.key, store.service, context, why)

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self._deployment.region}:{self._deployment.account}:{resource}"

    def _each(
        self, role: Role, actions: tuple[str, ...], resource: str, why: str, policy: Document | None = None
    ) -> Iterator[ServiceCall]:
        for action in actions:
            yield ServiceCall(Request(action, resource, self._deployment.region, {}), why, role=role, policy=policy)

    def _trust(self, role: Role, service: str, why: str, context: Mapping[str, str] | None = None) -> ServiceCall:
        """The service assumes the role. `context` are its condition keys; default: aws:SourceAccount."""
        if context is None:
            context = {"aws:SourceAccount": self._deployment.account}
        request = Request("sts:AssumeRole", role.arn, self._deployment.region, context)
        return ServiceCall(request, why, service=service, policy=role.trust)

    def _key(self, role: Role, action: str, key: Key, service: str, context: dict[str, str], why: str) -> ServiceCall:
        region = self._deployment.region
        via = {"kms:ViaService": f"{service}.{region}.amazonaws.com", "kms:CallerAccount": role.account}
        request = Request(action, key.arn, region, {**via, **context})
        return ServiceCall(request, why, role=role, policy=key.policy, policy_decides=True)

    def _use_key(self, role: Role, action: str, store: Store, item: str, why: str) -> Iterator[ServiceCall]:
        """The KMS permissions on the store's key that `action` on `item` needs."""
        if store.key is not None:
            context = encryption_context(store, item, self._deployment.account)
            for key_action in DATA_NEEDS_KEY[action]:
                yield self._key(role, key_action, store.key, store.service, context, why)

    def _service(self, service: str, action: str, key: Key, context: dict[str, str], why: str) -> ServiceCall:
        request = Request(action, key.arn, self._deployment.region, context)
        return ServiceCall(request, why, service=service, policy=key.policy, policy_decides=True)

    def _ask_store(
        self, service: str, action: str, store: Store, item: str, context: dict[str, str], why: str
    ) -> ServiceCall:
        """A service does `action` on a store, or on an item in it; the store's policy must allow it."""
        request = Request(action, item, self._deployment.region, context)
        return ServiceCall(request, why, service=service, policy=store.policy, policy_decides=True)


def encryption_context(store: Store, pattern: str, account: str) -> dict[str, str]:
    """The KMS encryption context that the store's service uses, as condition keys."""
    if store.service == "s3":
        object_arn = pattern.replace("*", "x") if pattern.startswith(store.arn) else f"{store.arn}/x"
        return {"kms:EncryptionContext:aws:s3:arn": store.arn if store.bucket_key else object_arn}
    if store.service == "dynamodb":
        return {
            "kms:EncryptionContext:aws:dynamodb:tableName": store.name,
            "kms:EncryptionContext:aws:dynamodb:subscriberId": account,
        }
    word = {"kinesis": "kinesis:arn", "sqs": "sqs:arn", "sns": "sns:topicArn"}[store.service]
    return {f"kms:EncryptionContext:aws:{word}": store.arn}
