"""What the OpenAPI document says of ``/api/v1/audit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....audit import AuditEvent

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "address": {"type": "string", "pattern": "^[0-9A-Za-z.:-]{1,64}$", "description": "Address of the caller, exactly."},
    "event": {"type": "string", "enum": [str(event) for event in AuditEvent]},
    "since": {"type": "integer", "minimum": 0, "maximum": 10**9 * 9, "description": "Seconds since the epoch, the first."},
    "before": {"type": "integer", "minimum": 1, "maximum": 10**9 * 9, "description": "Seconds since the epoch, not included."},
    "seal": {"type": "integer", "minimum": 1, "maximum": 10**9 - 1, "description": "Number of the newest seal to look at."},
}
"""Parameters of addresses, by name."""


def schemas(object_of: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the schemas."""
    broken = object_of({"seal": _NUMBER, "record": {"type": ["integer", "null"]}, "what": _TEXT}, ("seal", "record", "what"))
    broken |= {"type": ["object", "null"]}
    record: dict[str, Any] = {
        "id": _NUMBER, "at": _TIME, "event": _TEXT, "sub": _TEXT, "uid": _TEXT, "name": _TEXT, "unit_code": _TEXT,
        "client_id": _TEXT, "sid": _TEXT, "source": _TEXT, "request_id": _TEXT,
        "detail": {"type": "object", "description": "Named by the event; `changed` holds before and after by member."}}
    seal = object_of({"number": {"type": ["integer", "null"], "description": "null: it waits for its seal."},
                      "sealed_at": {"type": ["integer", "null"]}, "broken": broken,
                      "archived": {"type": ["string", "null"], "description": "Month in whose archive its seal stands: "
                                   "the record was brought back from there for a while."}},
                     ("number", "sealed_at", "broken", "archived"))
    chain = {"newest": _NUMBER, "oldest": _NUMBER, "since": _TIME, "until": _TIME, "records": _NUMBER, "broken": broken,
             "next": {"type": ["integer", "null"], "description": "Seal to go on with; null at the beginning, or at a break."},
             "archived": {"type": ["string", "null"], "description": "YYYY-MM: what stands before is in archives, up to "
                          "the end of this month; null where the database has the beginning."},
             "known": {"type": ["integer", "null"], "description": "Seal remembered outside the database with which the end was "
                       "compared; null where it was not: nothing is remembered here, or these are earlier seals."}}
    return {"AuditRecord": object_of(record, record), "SealedRecord": object_of(record | {"seal": seal}, (*record, "seal")),
            "ChainStretch": object_of(chain, chain)}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    return {
        "/audit": {"get": operation(
            "listAuditRecords", "Records, the newest first. A page looks through so many records at most: it may be short, or "
            "empty, and yet name a next one.", answer="AuditRecordPage",
            query=("sub", "uid", "client_id", "address", "event", "unit", "since", "before", "cursor", "limit"))},
        "/audit/{number}": {"get": operation("readAuditRecord", "One record, and whether it stands as it was sealed.",
                                             answer="SealedRecord", path="number")},
        "/audit/chain": {"get": operation("checkAuditChain", "Check a part of the chain, backwards from a seal.",
                                          answer="ChainStretch", query=("seal",))}}
