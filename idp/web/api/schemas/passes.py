"""Temporary passes, as the administration API tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.people.temporary_access import MOST_HOURS, STATES
from .people import LINE

_TEXT: Final = {"type": "string"}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
_YES: Final = {"type": "boolean"}
_HOURS: Final = {"type": "integer", "minimum": 1, "maximum": MOST_HOURS}


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    one: dict[str, Any] = {
        "id": _TEXT, "sub": _TEXT, "uid": _TEXT, "name": _TEXT, "unit_name": _TEXT, "reason": _TEXT, "asked_by": _TEXT,
        "asked_by_name": _TEXT_OR_NONE, "asked_at": _TIME, "expires_at": _TIME, "state": {"type": "string", "enum": list(STATES)},
        "decided_by": _TEXT_OR_NONE, "decided_at": _TIME_OR_NONE, "hours": _HOURS, "several": _YES, "until": _TIME_OR_NONE,
        "uses": {"type": "integer"}, "used_at": _TIME_OR_NONE, "ended_at": _TIME_OR_NONE, "may_decide": _YES,
        "may_take_back": _YES, "may_withdraw": _YES}
    given = one | {"code": _TEXT | {"description": "Shown this once; it is read to the officer."}}
    return {
        "TemporaryPass": made(one, one), "GivenTemporaryPass": made(given, given),
        "TemporaryPassPage": made({"items": {"type": "array", "items": {"$ref": "#/components/schemas/TemporaryPass"}},
                                   "next": _TEXT_OR_NONE}, ("items", "next")),
        "NewTemporaryPass": made({
            "reason": LINE, "hours": _HOURS | {"description": "How long it is good once it is given; as the setting says."},
            "several": _YES | {"description": "Whether it may be used several times in that time.", "default": False}},
            ("reason",))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    decided: dict[str, Any] = {"path": "pass_id", "change": True, "errors": (409,)}
    return {
        "/officers/{sub}/temporary-pass": {
            "post": operation("askTemporaryPass", "Propose that an officer signs in with a temporary pass; another gives it.",
                              answer="TemporaryPass", status=201, path="sub", body="NewTemporaryPass", change=True,
                              errors=(409,))},
        "/temporary-passes": {
            "get": operation("listTemporaryPasses", "What waits for a second person, and passes that stand.",
                             answer="TemporaryPassPage", query=("cursor", "limit"))},
        "/temporary-passes/{pass_id}": {
            "get": operation("readTemporaryPass", "One proposal or pass.", answer="TemporaryPass", path="pass_id")},
        "/temporary-passes/{pass_id}/approve": {
            "post": operation("approveTemporaryPass", "Give it; the code is in this answer only.",
                              answer="GivenTemporaryPass", **decided)},
        "/temporary-passes/{pass_id}/refuse": {
            "post": operation("refuseTemporaryPass", "Refuse it, or take one's own back.", answer="TemporaryPass", **decided)},
        "/temporary-passes/{pass_id}/withdraw": {
            "post": operation("withdrawTemporaryPass", "End a pass that stands, and what was signed in with it.",
                              answer="TemporaryPass", **decided)},
    }
