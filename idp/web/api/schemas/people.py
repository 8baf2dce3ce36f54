"""Officers and agencies whole, deputies, and acts of two persons, as the administration API tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.people.deputies import LONGEST_REASON, MOST_DAYS
from ....administration.people.many import ACTS, MOST_AT_ONCE
from ....administration.people.ports import FACTORS, SORTS, STATES
from ....administration.people.reason import SHORTEST_PURPOSE
from ....roles import Role
from . import holders

_TEXT: Final = {"type": "string"}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
_NUMBER: Final = {"type": "integer"}
_YES: Final = {"type": "boolean"}
LINE: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON, "pattern": "^[^\\x00-\\x1f\\x7f]*$"}
_CODE: Final = "^[A-Z][0-9]{2}(\\.[0-9A-Z]{1,32}){0,4}$"
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "officer_state": {"type": "string", "enum": list(STATES)},
    **holders.PARAMETERS,
    "factor": {"type": "string", "enum": list(FACTORS), "description": "Whether there is a second factor that could be used."}}
OFFICER: Final[dict[str, dict[str, Any]]] = {
    "sub": _TEXT, "uid": _TEXT, "name": _TEXT, "mail": _TEXT, "phone": _TEXT, "unit_code": _TEXT, "unit_name": _TEXT,
    "title": _TEXT, "status": {"type": "string", "enum": ["active", "disabled"]}, "last_sign_in_at": _TIME_OR_NONE,
    "has_factor": _YES, "certificates": {"type": "integer", "description": "Signing certificates in use."}}


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    def of(name: str) -> dict[str, str]:
        return {"$ref": f"#/components/schemas/{name}"}

    def many(schema: dict[str, Any], *, perhaps: bool = False) -> dict[str, Any]:
        return {"type": ["array", "null"] if perhaps else "array", "items": schema}

    def page(name: str) -> dict[str, Any]:
        return made({"items": many(of(name)), "next": _TEXT_OR_NONE}, ("items", "next"))

    post = {"unit_code": _TEXT, "unit_name": _TEXT, "title": _TEXT, "ends_at": _TIME_OR_NONE}
    role = made({"role": {"type": "string", "enum": [one.value for one in Role]}, "unit": _TEXT_OR_NONE,
                 "deputy_for": _TEXT_OR_NONE}, ("role", "unit", "deputy_for"))
    factor = {"factor": _TEXT, "label": _TEXT, "enrolled_at": _TIME, "last_used_at": _TIME_OR_NONE,
              "left": {"type": ["integer", "null"]}}
    session = {"sid": _TEXT, "since": _TIME, "last_seen_at": _TIME, "source": _TEXT, "user_agent": _TEXT}
    application = {"client_id": _TEXT, "name": _TEXT, "grants": many(_TEXT), "scope": _TEXT_OR_NONE,
                   "consent_at": _TIME_OR_NONE, "last_used_at": _TIME_OR_NONE}
    whole = {**OFFICER, "posts": many(made(post, post)), "guest": _TEXT_OR_NONE, "ends_at": _TIME_OR_NONE,
             "role": {"oneOf": [role, {"type": "null"}]}, "factors": many(made(factor, factor)),
             "sessions": many(made(session, session)), "applications": many(made(application, application), perhaps=True),
             "certificates": many(of("Enrollment"), perhaps=True), "devices": many(of("Device"), perhaps=True),
             "tasks": many(of("Task"), perhaps=True)}
    happened = {"at": _TIME, "event": _TEXT, "client_id": _TEXT_OR_NONE, "source": _TEXT_OR_NONE, "by": _TEXT_OR_NONE,
                "detail": {"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}}}
    reset = {"id": _TEXT, "sub": _TEXT, "uid": _TEXT, "name": _TEXT, "unit_name": _TEXT, "reason": _TEXT, "asked_by": _TEXT,
             "asked_by_name": _TEXT_OR_NONE, "asked_at": _TIME, "expires_at": _TIME,
             "state": {"type": "string", "enum": ["open", "approved", "refused", "expired"]}, "decided_by": _TEXT_OR_NONE,
             "decided_at": _TIME_OR_NONE, "done_at": _TIME_OR_NONE, "may_decide": _YES, "may_take_back": _YES}
    deputy = {"id": _TEXT, "giver": _TEXT, "giver_name": _TEXT_OR_NONE, "deputy": _TEXT, "deputy_name": _TEXT_OR_NONE,
              "role": _TEXT_OR_NONE, "unit": _TEXT_OR_NONE, "reason": _TEXT, "made_by": _TEXT, "made_at": _TIME,
              "ends_at": _TIME, "may_end": _YES}
    stop = {"sub": _TEXT, "at": _TIME, "by": _TEXT, "by_name": _TEXT_OR_NONE, "reason": _TEXT, "may_lift": _YES}
    lifted = {"sub": _TEXT, "status": {"type": "string", "enum": ["active", "disabled", "gone"]}}
    named = {"deputy": LINE, "giver": LINE, "unit": {"type": "string", "pattern": _CODE}, "reason": LINE,
             "ends_on": {"type": "string", "format": "date", "description": f"The last day, at most {MOST_DAYS} days ahead."}}
    facts = {"code": _TEXT, "code_2016": _TEXT_OR_NONE, "name": _TEXT, "kind": _TEXT_OR_NONE}
    numbers = {"officers": _NUMBER, "with_factor": _NUMBER, "with_certificate": _NUMBER, "open_tasks": _NUMBER}
    agency, fact, below = facts | numbers | {"depth": _NUMBER}, made(facts, facts), facts | numbers
    person = {"sub": _TEXT, "name": _TEXT, "title": _TEXT, "phone": _TEXT}
    owned = {"client_id": _TEXT, "client_name": _TEXT, "disabled": _YES}
    one_agency = {**below, "above": many(fact), "below": many(made(below, below)), "administrators": many(made(person, person)),
                  "seals": many(of("Enrollment")), "devices": many(of("Device")), "tasks": many(of("Task")),
                  "applications": many(made(owned, owned))}
    item = {"sub": _TEXT, "code": _TEXT_OR_NONE}
    return {
        **holders.schemas(made),
        "Officer": made(OFFICER, OFFICER), "WholeOfficer": made(whole, whole), "Happening": made(happened, happened),
        "HappeningPage": page("Happening"), "FactorReset": made(reset, reset), "FactorResetPage": page("FactorReset"),
        "Stop": made(stop, stop), "StopLifted": made(lifted, lifted),
        "OfficerStop": made({"stop": {"oneOf": [of("Stop"), {"type": "null"}]}}, ("stop",)),
        "Phone": made({"phone": _TEXT}, ("phone",)),
        "Purpose": made({"purpose": LINE | {"minLength": SHORTEST_PURPOSE}}, ("purpose",)),
        "Reason": made({"reason": LINE}, ("reason",)), "Deputy": made(deputy, deputy), "DeputyPage": page("Deputy"),
        "NewDeputy": made(named, ("deputy", "ends_on", "reason")), "Agency": made(agency, agency),
        "Agencies": made({"items": many(of("Agency"))}, ("items",)), "WholeAgency": made(one_agency, one_agency),
        "OfficersAct": made({
            "act": {"type": "string", "enum": list(ACTS)},
            "officers": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}, "minItems": 1,
                         "maxItems": MOST_AT_ONCE}}, ("act", "officers")),
        "OfficersActed": made({"done": _NUMBER, "items": many(made(item, item))}, ("done", "items"))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    decided: dict[str, Any] = {"answer": "FactorReset", "path": "proposal_id", "change": True, "errors": (409,)}
    return {
        **holders.paths(operation),
        "/officers": {
            "get": operation("findOfficers", "Officers by any part of what is known of them, or by a list.", answer="OfficerPage",
                             query=("q", "unit", "officer_state", "factor", "cursor", "limit"), sorts=SORTS)},
        "/officers/acts": {
            "post": operation("actUponOfficers", "Do something with many officers, each for itself.", answer="OfficersActed",
                              body="OfficersAct", change=True)},
        "/officers/{sub}": {
            "get": operation("readOfficer", "One officer whole, as far as the role shows it.", answer="WholeOfficer",
                             path="sub")},
        "/officers/{sub}/timeline": {
            "get": operation("readTimeline", "What happened around an officer, the newest first.", answer="HappeningPage",
                             path="sub", query=("cursor", "limit"))},
        "/officers/{sub}/factor-reset": {
            "post": operation("askFactorReset", "Propose that an officer's second factors are taken away; another decides.",
                              answer="FactorReset", status=201, path="sub", body="Reason", change=True, errors=(409,))},
        "/officers/{sub}/phone": {
            "post": operation("readPhone", "The telephone number whole, for a purpose that the officer reads; recorded.",
                              answer="Phone", path="sub", body="Purpose")},
        "/officers/{sub}/stop": {
            "get": operation("readStop", "Whether an administrator stopped the account, who and why.", answer="OfficerStop",
                             path="sub"),
            "post": operation("stopOfficer", "Stop an account without the directory: everything ends, the factors freeze.",
                              answer="Stop", status=201, path="sub", body="Reason", change=True, errors=(409,))},
        "/officers/{sub}/lift-stop": {
            "post": operation("liftStop", "Let an account go on that somebody else stopped; the directory's word counts again.",
                              answer="StopLifted", path="sub", body="Reason", change=True, errors=(409,))},
        "/factor-resets": {
            "get": operation("listFactorResets", "What waits for a second person, the oldest first.", answer="FactorResetPage",
                             query=("cursor", "limit"))},
        "/factor-resets/{proposal_id}": {
            "get": operation("readFactorReset", "One proposal.", answer="FactorReset", path="proposal_id")},
        "/factor-resets/{proposal_id}/approve": {
            "post": operation("approveFactorReset", "Approve it, and take the factors away; the officer's sessions end.",
                              **decided)},
        "/factor-resets/{proposal_id}/refuse": {
            "post": operation("refuseFactorReset", "Refuse it, or take one's own back.", **decided)},
        "/deputies": {
            "get": operation("listDeputies", "Who stands in for whom, the first that end first.", answer="DeputyPage",
                             query=("cursor", "limit")),
            "post": operation("nameDeputy", "Name a deputy for oneself; the province also for others.", answer="Deputy",
                              status=201, body="NewDeputy", change=True, errors=(409,))},
        "/deputies/{deputy_id}": {
            "delete": operation("endDeputy", "End it before its day.", status=204, path="deputy_id", change=True,
                                errors=(409,))},
        "/agencies": {
            "get": operation("listAgencies", "The tree of agencies with the numbers of each.", answer="Agencies")},
        "/agencies/{code}": {
            "get": operation("readAgency", "One agency with its people and things.", answer="WholeAgency", path="code")},
    }
