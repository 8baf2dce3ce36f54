"""The certificate desk's part of the API's description (``openapi``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.enrollment.expiry import SORTS
from ....administration.enrollment.issuers import AUTHORITIES
from ....administration.enrollment.requests import ACTS, LONGEST_REQUEST, MOST_AT_ONCE
from ....pki.enrollment.record import DeviceKind, Kind, Purpose
from ....pki.enrollment.states import Part, State
from ....pki.forms import LONGEST_FILE

_TEXT: Final = {"type": "string"}
_WORD: Final = {"type": "string", "maxLength": 1000}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
_YES: Final = {"type": "boolean"}
_NUMBER: Final[dict[str, Any]] = {"type": "integer"}
FILES: Final = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
"""Media types of lists, by the end of their names."""
ARCHIVE: Final = "application/zip"
BATCHES: Final = {**FILES, "zip": ARCHIVE}
"""Media types of what a batch is given as: the list, or both of its forms with their signature."""
MOST_BATCHES: Final = 200
_NUMBERS: Final = {"type": "array", "items": _WORD, "minItems": 1, "maxItems": MOST_AT_ONCE, "uniqueItems": True}
_STATE: Final = {"type": "string", "enum": [state.value for state in State]}


def schemas(object_: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the schemas of requests, acts and lists."""
    request: dict[str, dict[str, Any]] = {
        "id": _TEXT, "kind": {"type": "string", "enum": [kind.value for kind in Kind]},
        "purpose": {"type": "string", "enum": [purpose.value for purpose in Purpose]}, "holder": _TEXT, "unit_code": _TEXT,
        "unit_name": _TEXT, "name": _TEXT, "title": _TEXT, "mail": _TEXT,
        "device_kind": {"type": "string", "enum": [kind.value for kind in DeviceKind]}, "replaces": _TEXT_OR_NONE,
        "wet_ink": _YES,
        "state": _STATE, "since": _TIME, "due_at": _TIME_OR_NONE, "overdue": _YES,
        "turn": {"type": ["string", "null"], "enum": [*(part.value for part in Part), None]}, "requester": _TEXT,
        **dict.fromkeys(("agency_approver", "province_approver", "document", "batch", "reason", "serial", "issuer",
                         "device_serial",
                         "record"), _TEXT_OR_NONE),
        "not_before": _TIME_OR_NONE, "not_after": _TIME_OR_NONE, "identity_known": _YES, "certificate_known": _YES}
    entry: dict[str, dict[str, Any]] = {
        "at": _TIME, "act": _TEXT, "before": _TEXT_OR_NONE, "after": _TEXT, "actor": _TEXT_OR_NONE, "part": _TEXT,
        "detail": {"type": "object", "additionalProperties": _TEXT}}
    wish = {**dict.fromkeys(("holder", "replaces", "name", "unit_code", "unit_name", "mail", "identity_number",
                             "identity_issued_on",
                             "identity_issued_by", "birth_date", "phone"), _WORD),
            "request": {"type": "string", "maxLength": LONGEST_REQUEST, "description": "PKCS #10, PEM, for a key that is there."},
            "submit": _YES, **{name: request[name] for name in ("kind", "purpose", "device_kind")}}
    told = {"act": {"type": "string", "enum": list(ACTS)},
            **dict.fromkeys(("reason", "document", "record", "device_serial", "identity_number"), _WORD)}
    outcome = {"id": _TEXT, "state": {"type": ["string", "null"], "enum": [*_STATE["enum"], None]}, "code": _TEXT_OR_NONE,
               "detail": _TEXT_OR_NONE}
    problem = {"line": {"type": "integer"}, "name": _TEXT, "column": _TEXT, "given": _TEXT, "reason": _TEXT}
    taken = {"form": _TEXT, "dry_run": _YES, "good": {"type": "integer"}, "already": {"type": "integer"},
             "bad": {"type": "integer"}, "headers": {"type": "object", "additionalProperties": _TEXT},
             "problems": {"type": "array", "items": object_(problem, problem)}}
    renewal = outcome | {"name": _TEXT, "request": _TEXT_OR_NONE | {"description": "The one that was made, or is on its way."}}
    signing = {"id": _TEXT, "serial": _TEXT, "issuer": _TEXT, "not_after": _TIME_OR_NONE, "device_kind": request["device_kind"],
               "kind": request["kind"]}
    signed = {"batch": _TEXT, "document": _TEXT, "made_at": _TIME, "made_by": _TEXT, "rows": {"type": "integer"},
              "sha256": _TEXT, "signature": _TEXT}
    counts = {"states": object_({state.value: {"type": "integer"} for state in State}, [state.value for state in State]),
              "total": {"type": "integer"}}
    follower = {"id": _TEXT, "purpose": request["purpose"], "state": _STATE}
    ending = {"count": _NUMBER, "followed": _NUMBER | {"description": "Of these, how many have a renewal or a change handed in."}}
    month = {"month": {"type": "string", "examples": ["2026-12"]}, **ending}
    due = object_(ending, ending) | {"description": "Those whose renewal is taken now, whatever the months."}
    months = ending | {"due": due, "months": {"type": "array", "items": object_(month, month)}}
    agency = {"unit_code": _TEXT, "unit_name": _TEXT, **months}
    return {
        "Renewals": object_({"enrollments": _NUMBERS}, ("enrollments",)),
        "RenewalOutcomes": object_({"items": {"type": "array", "items": object_(renewal, renewal)}, "done": _NUMBER},
                                   ("items", "done")),
        "ExpiringEnrollment": object_(request | {
            "days_left": _NUMBER, "following": {"type": "array", "items": object_(follower, follower)}},
            (*request, "days_left", "following")),
        "ExpiryForecast": object_(months | {"agencies": {"type": "array", "items": object_(agency, agency)}},
                                  (*months, "agencies")),
        "Enrollment": object_(request, request),
        "Identity": object_({"identity_number": _TEXT_OR_NONE}, ("identity_number",)),
        "EnrollmentWithHistory": object_(request | {"history": {"type": "array", "items": object_(entry, entry)}},
                                         (*request, "history")),
        "NewEnrollment": object_(wish, ("holder", "device_kind")), "EnrollmentAct": object_(told, ("act",)),
        "EnrollmentActs": object_(told | {"enrollments": _NUMBERS}, ("act", "enrollments")),
        "EnrollmentOutcomes": object_({"items": {"type": "array", "items": object_(outcome, outcome)},
                                       "done": {"type": "integer"}},
                                      ("items", "done")),
        "EnrollmentCounts": object_(counts, counts), "TakenList": object_(taken, taken),
        "NewBatch": object_({"document": _WORD, "unit": _WORD, "authority": {"type": "string", "enum": list(AUTHORITIES)},
                             "issuer": _WORD}, ("document",)),
        "Batch": object_({"batch": _TEXT, "sent": {"type": "integer"}, "issued": {"type": "integer"}},
                         ("batch", "sent", "issued")),
        "SignedBatches": object_({"items": {"type": "array", "items": object_(signed, signed)}}, ("items",)),
        "SigningCertificates": object_({"items": {"type": "array", "items": object_(signing, signing)}}, ("items",))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations of the certificate desk."""
    take = operation("takeList", "Try a list, or take it; each row stands for itself.", answer="TakenList", change=True,
                     query=("form", "dry_run", "submit"), errors=(404, 415, 422))
    take["requestBody"] = {"required": True, "content": {
        kind: {"schema": {"type": "string", "format": "binary", "maxLength": LONGEST_FILE}} for kind in BATCHES.values()}}
    batch = operation("readBatch", "The list of a batch for the issuer, with what is personal.", path="batch")
    batch["parameters"].append({"name": "kind", "in": "path", "required": True, "schema": {"type": "string",
                                                                                           "enum": list(BATCHES)}})
    batch["responses"]["200"]["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in BATCHES.values()}
    return {
        "/enrollments": {
            "get": operation("listEnrollments", "Certificate requests, by number.", answer="EnrollmentPage",
                             query=("enrollment_state", "unit", "holder", "batch", "q", "overdue", "cursor", "limit")),
            "post": operation("askForCertificate", "A request for an officer or an agency.", answer="Enrollment", status=201,
                              body="NewEnrollment", change=True, errors=(409,))},
        "/enrollments/counts": {
            "get": operation("countEnrollments", "How many requests are in which state.", answer="EnrollmentCounts",
                             query=("unit", "batch"))},
        "/enrollments/expiry": {
            "get": operation("forecastExpiry", "How many certificates end, by agency and month of offices here.",
                             answer="ExpiryForecast", query=("months", "unit"))},
        "/enrollments/expiring": {
            "get": operation("listExpiring", "Certificates that end.",
                             answer="ExpiringEnrollmentPage", query=("month", "unit", "followed", "cursor", "limit"),
                             sorts=SORTS)},
        "/enrollments/renewals": {
            "post": operation("askForRenewals", "Ask for the renewal of many certificates; each stands for itself.",
                              answer="RenewalOutcomes", body="Renewals", change=True)},
        "/enrollments/{enrollment_id}/identity": {
            "post": operation("readIdentity", "The identity number whole, for a purpose that the holder reads; recorded.",
                              answer="Identity", path="enrollment_id", body="Purpose")},
        "/enrollments/acts": {
            "post": operation("actUponEnrollments", "The same act upon many requests; each stands for itself.",
                              answer="EnrollmentOutcomes", body="EnrollmentActs", change=True)},
        "/enrollments/lists": {"post": take},
        "/enrollments/batches": {
            "get": operation("listBatches", f"The {MOST_BATCHES} newest lists that went out, with what was signed of them.",
                             answer="SignedBatches"),
            "post": operation("sendBatch", "Send what the province has approved, with a letter.", answer="Batch", status=201,
                              body="NewBatch", change=True, errors=(409,))},
        "/enrollments/batches/{batch}/{kind}": {"get": batch},
        "/enrollments/{id}": {
            "get": operation("readEnrollment", "One request, with its history.", answer="EnrollmentWithHistory", path="id")},
        "/enrollments/{id}/acts": {
            "post": operation("actUponEnrollment", "Approve, return, hand over, report a loss ...", answer="Enrollment",
                              path="id",
                              body="EnrollmentAct", change=True, errors=(409,))},
        "/officers/{sub}/signing-certificates": {
            "get": operation("listSigningCertificates", "With which certificates an officer may sign now.",
                             answer="SigningCertificates", path="sub")},
    }
