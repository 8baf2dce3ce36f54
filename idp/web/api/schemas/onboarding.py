"""How far applications are, and which officers use them, as the administration API tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.applications.access import COUNTED
from ....administration.applications.onboarding import LONGEST_NOTE, WAY
from ....administration.people.reason import LONGEST_REASON
from ....oauth.clients.examination import CODES, FAILED, WARNING

STATES: Final = ("done", "open", "due_again", "not_needed", "missing")
_TEXT: Final = {"type": "string"}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    step = {"step": {"type": "string", "enum": [one.value for one in WAY]}, "state": {"type": "string", "enum": list(STATES)},
            "at": _TIME_OR_NONE, "by": _TEXT, "note": _TEXT}
    course = {"client_id": _TEXT, "registered_at": _TIME_OR_NONE, "last_used_at": _TIME_OR_NONE,
              "complete": {"type": "boolean"}, "steps": {"type": "array", "items": made(step, step)}}
    finding = {"code": {"type": "string", "enum": sorted(CODES)}, "member": _TEXT,
               "state": {"type": "string", "enum": [FAILED, WARNING]}, "found": _TEXT, "remedy": _TEXT}
    officer = {**dict.fromkeys(("sub", "uid", "name", "unit_code", "unit_name"), _TEXT),
               "status": {"type": "string", "enum": ["active", "disabled", "gone"]},
               "agreed_at": _TIME_OR_NONE | {"description": "When the officer agreed; null where nobody was asked."},
               "last_at": _TIME_OR_NONE | {"description": "Last sign-in there; null where no grant stands."},
               "offline": {"type": "boolean", "description": "It keeps its access when the officer has signed out."}}
    officers = {"items": {"type": "array", "items": {"$ref": "#/components/schemas/OfficerAccess"}},
                "next": {"type": ["string", "null"]},
                "count": {"type": ["integer", "null"],
                          "description": f"How many; null where they are more than {COUNTED}, and on later pages."}}
    return {
        "OfficerAccess": made(officer, officer), "OfficerAccessPage": made(officers, officers),
        "EndedOfficerAccess": made({
            "sub": {"type": "string", "minLength": 1, "maxLength": 64},
            "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON}}, ("sub", "reason")),
        "Onboarding": made(course, course),
        "Examination": made({"findings": {"type": "array", "items": made(finding, finding)}}, ("findings",)),
        "OldLoginOff": made({"note": {"type": "string", "minLength": 1, "maxLength": LONGEST_NOTE,
                                      "description": "Who switched it off, and when."}}, ("note",))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    one: dict[str, Any] = {"path": "client_id"}
    return {
        "/clients/{client_id}/onboarding": {
            "get": operation("readOnboarding", "How far an application is on its way to single sign-on.", answer="Onboarding",
                             **one)},
        "/clients/{client_id}/test": {
            "post": operation("testClient", "Examine a registration, and the application's own addresses.", answer="Examination",
                              change=True, **one)},
        "/clients/{client_id}/old-login-off": {
            "put": operation("switchOldLoginOff", "Note that the application's own login is switched off.", answer="Onboarding",
                             body="OldLoginOff", change=True, **one),
            "delete": operation("switchOldLoginOn", "Take that back.", answer="Onboarding", change=True, **one)},
        "/clients/{client_id}/officers": {
            "get": operation("listClientOfficers", "Officers of whom an application has something, who signed in last first.",
                             answer="OfficerAccessPage", query=("cursor", "limit"), **one)},
        "/clients/{client_id}/end-access": {
            "post": operation("endClientAccess", "End what an application has of one officer, consent and tokens; the officer is "
                                                 "told.", status=204, body="EndedOfficerAccess", change=True, **one)},
    }
