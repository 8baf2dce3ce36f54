"""Queues, as the administration API tells of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....administration.operation.deliveries import KINDS


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    text, number = {"type": "string"}, {"type": "integer"}
    failing = {"receiver": text, "waiting": number, "dead": number, "last_error": text}
    queue = {"waiting": number, "dead": number, "failing": {"type": "array", "items": made(failing, failing)},
             "oldest_waiting_at": {"type": ["integer", "null"], "description": "Seconds since the epoch."}}
    kinds = {kind: made(queue, queue) for kind in KINDS}
    wish = {"kind": {"type": "string", "enum": list(KINDS)}, "receiver": {"type": "string", "minLength": 1}}
    return {"Deliveries": made(kinds, kinds), "Retry": made(wish, wish), "Queued": made({"queued": number}, ("queued",))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    return {
        "/deliveries": {"get": operation("readDeliveries", "What waits, and what could not be delivered.", answer="Deliveries")},
        "/deliveries/retry": {
            "post": operation("retryDeliveries", "Send a receiver's dead messages anew.", answer="Queued", body="Retry",
                              change=True, errors=(404,))}}
