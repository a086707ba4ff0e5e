"""The overlay's condition key of DynamoDB requests."""

import json
from functools import wraps
from typing import Any

LEADING_KEYS = "dynamodb:LeadingKeys"


def tell_policies_the_leading_key() -> None:
    """Set `dynamodb:LeadingKeys` for requests that name one item, by `Key` or `Item`; MiniStack never sets it.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    """
    from ministack.core import iam_actions
    from ministack.services import dynamodb

    context_of = iam_actions.dynamodb_service_context

    @wraps(context_of)
    def service_context(body: bytes) -> dict[str, Any]:
        context: dict[str, Any] = context_of(body)
        # An unreadable body has no context.
        request = json.loads(body) if context else {}
        table = dynamodb._tables.get(request.get("TableName")) or {}
        item = request.get("Key") or request.get("Item") or {}
        leading = item.get(table.get("pk_name"), {})
        return {**context, LEADING_KEYS: list(leading.values())} if leading else context

    iam_actions.dynamodb_service_context = service_context
