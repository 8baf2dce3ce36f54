"""The part of the API's description that is about campaigns (``openapi``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.operation.files import FILES
from ....administration.rollout.lists import MOVEMENTS, SORTS, Shown
from ....rollout.accounts import AccountList
from ....rollout.campaign import BY_HAND, Goal
from ....rollout.campaigns import LONGEST_NAME, LONGEST_NOTE
from ....rollout.members import MemberState
from ....rollout.steps import Owner, Step

_TEXT: Final = {"type": "string"}
_WORD: Final = {"type": "string", "maxLength": LONGEST_NOTE}
_WORDS: Final = {"type": "array", "items": {"type": "string", "maxLength": 100}, "maxItems": 50}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
_NUMBER: Final = {"type": "integer", "minimum": 0}
_DAY: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_DAY_OR_NONE: Final = {"type": ["string", "null"], "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_YES: Final = {"type": "boolean"}
_COUNTS: Final = {"type": "object", "additionalProperties": _NUMBER}
_GOAL: Final = {"type": "string", "enum": [goal.value for goal in Goal]}
_STEP: Final = {"type": "string", "enum": [step.value for step in Step]}
_OWNER: Final = {"type": "string", "enum": [owner.value for owner in Owner]}
_MOVEMENT: Final = {"type": "string", "enum": [act.value for act in MOVEMENTS]}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_LIST: Final = {"type": "string", "enum": [one.value for one in AccountList], "default": AccountList.DORMANT.value}
_FILE: Final = {"type": "string", "enum": list(FILES), "default": "csv"}

PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "on": _DAY | {"description": "Figures of this day; without it, of now."},
    "step": _STEP | {"description": "What is to be done next."},
    "member_state": {"type": "string", "enum": [one.value for one in Shown],
                     "description": "How they stand; `joined`: who is there and came after the list was made."},
    "movement": _MOVEMENT,
    "list": _LIST, "file": _FILE,
}
"""Parameters of addresses that campaigns alone have."""


def schemas(object_: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the schemas of campaigns."""
    asked: dict[str, dict[str, Any]] = {
        "name": {"type": "string", "maxLength": LONGEST_NAME}, "goal": _GOAL, "unit": _TEXT, "groups": _WORDS, "titles": _WORDS,
        "owner_unit": _TEXT, "deadline": _DAY}
    figures = {"day": _DAY, "as_of": _TIME | {
        "description": "When they were counted, seconds since the epoch; of a long list that goes on, up to ten minutes ago."},
               "counted": _NUMBER, "done": _NUMBER, "needed": _NUMBER,
               "pace": object_({"done": {"type": "integer"}, "days": _NUMBER}, ("done", "days")),
               "forecast": _DAY_OR_NONE | {"description": "null where the pace leads nowhere."}}
    entry = {"at": _TIME, "act": {"type": "string", "enum": ["created", "deadline", "closed"]}, "actor": _TEXT, "deadline": _DAY,
             "reason": _TEXT}
    campaign: dict[str, dict[str, Any]] = {
        "id": _TEXT, **asked, "created_at": _TIME, "created_by": _TEXT, "closed_at": _TIME_OR_NONE,
        "history": {"type": "array", "items": object_(entry, entry)}}
    shown = object_(figures, figures)
    day = {"day": _DAY, "counted": _NUMBER, "done": _NUMBER, "needed": _NUMBER}
    flow = {name: _NUMBER for name in ("made_with", "joined", "moved_in", "left", "moved_out", "excluded")}
    agency = {"unit_code": _TEXT, "unit_name": _TEXT, "counted": _NUMBER, "done": _NUMBER, "low": _YES,
              "list": object_(flow, flow, description="counted = made_with + joined + moved_in - left - moved_out - excluded.")}
    step = {"step": _STEP, "owner": _OWNER, "count": _NUMBER}
    listed = {"made_with": _NUMBER, "joined": _NUMBER, "left": _NUMBER, "excluded": _COUNTS}
    course = campaign | {
        "figures": shown, "days": {"type": "array", "items": object_(day, day)},
        "agencies": {"type": "array", "items": object_(agency, agency)},
        "steps": {"type": "array", "items": object_(step, step)}, "list": object_(listed, listed)}
    person: dict[str, dict[str, Any]] = {name: _TEXT for name in ("subject", "name", "title", "unit_code", "unit_name",
                                                                  "agency_code")}
    missing = person | {"step": _STEP, "owner": _OWNER, "since": _TIME}
    member = person | {
        "state": {"type": "string", "enum": [one.value for one in MemberState]}, "step": {"type": ["string", "null"]},
        "owner": {"type": ["string", "null"]}, "reason": _TEXT_OR_NONE, "note": _TEXT, "since": _TIME, "joined_at": _TIME_OR_NONE}
    movement = person | {"agency_name": _TEXT, "at": _TIME, "act": _MOVEMENT, "from_agency_code": _TEXT_OR_NONE,
                         "from_agency_name": _TEXT_OR_NONE, "reason": _TEXT_OR_NONE, "note": _TEXT, "by_hand": _YES}
    reminder = {**{name: _TEXT for name in ("subject", "name", "title", "unit_code", "unit_name")}, "at": _TIME,
                "step": {"type": ["string", "null"], "description": "null of an agency's administrator, who is told of cases."},
                "cases": _NUMBER, "nth": _NUMBER | {"description": "How often in this campaign, with this time."},
                "by": _TEXT_OR_NONE | {"description": "null: the worker."}}
    reminded = {"officers": _NUMBER, "administrators": _NUMBER,
                "left": _NUMBER | {"description": "Officers whom the next request reminds."}}
    words = {"purpose": _WORD, "on": _DAY, "unit": _TEXT, "file": _FILE, "q": _TEXT}
    excluded = person | {"reason": _TEXT, "by_hand": _YES, "note": _TEXT}
    summary = campaign | {"figures": {"oneOf": [shown, {"type": "null"}], "description": "null of a closed one."}}
    account = {**{name: _TEXT for name in ("subject", "name", "title", "unit_code", "unit_name")},
               "last_sign_in_at": _TIME_OR_NONE, "tells_logout": _YES | {
                   "description": "Of an application, whether it registered an address for logout tokens; true of officers."}}
    found = {"counted": _NUMBER, "left_out": _COUNTS, "agencies": _COUNTS}
    return {
        "Campaign": object_(summary, summary), "CampaignCourse": object_(course, course),
        "CampaignList": object_({"items": {"type": "array", "items": {"$ref": "#/components/schemas/Campaign"}}}, ("items",)),
        "NewCampaign": object_(asked, ("name", "goal", "deadline")), "CampaignQuestion": object_(
            {name: asked[name] for name in ("goal", "unit", "groups", "titles")}, ("goal",)),
        "CampaignPreview": object_(found, found),
        "CampaignDeadline": object_({"deadline": _DAY, "reason": _WORD}, ("deadline", "reason")),
        "CampaignEnd": object_({"reason": _WORD}, ("reason",)),
        "CampaignExclusion": object_({"subject": _TEXT, "reason": {"type": "string", "enum": [one.value for one in BY_HAND]},
                                      "note": _WORD}, ("subject", "reason")),
        "CampaignRestoration": object_({"subject": _TEXT}, ("subject",)),
        "AccountsFile": object_({"purpose": _WORD, "list": _LIST, "unit": _TEXT, "file": _FILE}, ("purpose",)),
        "MissingFile": object_({"purpose": _WORD, "on": _DAY, "unit": _TEXT, "file": _FILE}, ("purpose",)),
        "MembersFile": object_({**words, "member_state": PARAMETERS["member_state"], "step": _STEP}, ("purpose",)),
        "MovementsFile": object_({**words, "movement": _MOVEMENT}, ("purpose",)),
        "CampaignMember": object_(member, member), "CampaignMovement": object_(movement, movement),
        "CampaignReminder": object_(reminder, reminder),
        "CampaignRemind": object_({"agency": _TEXT | {"description": "A code of the figures by agency."}}, ("agency",)),
        "CampaignReminded": object_(reminded, reminded),
        "Account": object_(account, account), "CampaignMissing": object_(missing, missing),
        "CampaignExcluded": object_(excluded, excluded)}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations on campaigns."""
    def file(name: str, summary: str, **more: Any) -> dict[str, Any]:
        made = operation(name, summary, **more)
        made["responses"]["200"]["content"] = {kind: {"schema": {"type": "string", "format": "binary"}}
                                               for kind in FILES.values()}
        return made

    return {
        "/accounts": {"get": operation(
            "listAccounts", "Accounts that are forgotten: dormant for 45 days, never signed in, without a mailbox; applications "
            "that have never taken a logout token.", answer="AccountPage", query=("list", "unit", "cursor", "limit"))},
        "/accounts/file": {"post": file("writeAccounts", "One of these lists, as a file; who takes it and why is recorded.",
                                        body="AccountsFile")},
        "/campaigns": {
            "get": operation("listCampaigns", "Campaigns that concern you, the newest first; of open ones the figures of now.",
                             answer="CampaignList"),
            "post": operation("beginCampaign", "Begin a campaign, and make its list.", answer="Campaign", status=201,
                              body="NewCampaign", change=True, errors=(409,))},
        "/campaigns/preview": {"post": operation("previewCampaign", "Whom a question would find; nothing is written.",
                                                 answer="CampaignPreview", body="CampaignQuestion", change=True)},
        "/campaigns/{id}": {"get": operation("readCampaign", "One campaign, with its course up to a day.",
                                             answer="CampaignCourse", path="id", query=("on", "unit"))},
        "/campaigns/{id}/missing": {
            "get": operation("listMissing", "Who has not reached the goal, what is next, and whose turn it is.",
                             answer="CampaignMissingPage", path="id",
                             query=("on", "unit", "step", "q", "cursor", "limit"), sorts=SORTS)},
        "/campaigns/{id}/missing/file": {"post": file(
            "writeMissing", "All who are missing, as a file; who takes it and why is recorded.", path="id", body="MissingFile")},
        "/campaigns/{id}/members": {
            "get": operation("listMembers", "Everybody of the list: done, missing (what is next, and whose turn it is), not "
                             "counted or gone with the reason; and who came later.", answer="CampaignMemberPage", path="id",
                             query=("on", "unit", "member_state", "step", "q", "cursor", "limit"), sorts=SORTS)},
        "/campaigns/{id}/members/file": {"post": file(
            "writeMembers", "The same as a file; who takes it and why is recorded.", path="id", body="MembersFile")},
        "/campaigns/{id}/movements": {
            "get": operation("listMovements", "How the list changed since it was made, the newest first.",
                             answer="CampaignMovementPage", path="id", query=("on", "unit", "movement", "q", "cursor", "limit"))},
        "/campaigns/{id}/movements/file": {"post": file(
            "writeMovements", "The same as a file; who takes it and why is recorded.", path="id", body="MovementsFile")},
        "/campaigns/{id}/reminders": {
            "get": operation("listReminders", "Who was reminded, of what, when and how often, the newest first.",
                             answer="CampaignReminderPage", path="id", query=("on", "unit", "cursor", "limit")),
            "post": operation("remindAgency", "Remind the missing of an agency of the next step, nobody twice a day: officers of "
                              "their own, its administrators of what is theirs.", answer="CampaignReminded", path="id",
                              body="CampaignRemind", change=True, errors=(409,))},
        "/campaigns/{id}/reminders/file": {"post": file(
            "writeReminders", "The same as a file; who takes it and why is recorded.", path="id", body="MissingFile")},
        "/campaigns/{id}/excluded": {
            "get": operation("listExcluded", "Who is in the list and does not count, with the reason.",
                             answer="CampaignExcludedPage", path="id", query=("on", "unit", "cursor", "limit"))},
        "/campaigns/{id}/report": {"get": file(
            "reportCampaign", "The figures of every agency, on the last day that is over where none is named, as a file.",
            path="id", query=("on", "file"))},
        "/campaigns/{id}/deadline": {
            "post": operation("moveDeadline", "Change the deadline; past days keep theirs.", answer="Campaign", path="id",
                              body="CampaignDeadline", change=True, errors=(409,))},
        "/campaigns/{id}/close": {"post": operation("closeCampaign", "Close it; its figures stay.", answer="Campaign", path="id",
                                                    body="CampaignEnd", change=True, errors=(409,))},
        "/campaigns/{id}/exclusions": {
            "post": operation("excludeFromCampaign", "Take somebody out of the number.", status=204, path="id",
                              body="CampaignExclusion", change=True, errors=(409,))},
        "/campaigns/{id}/restorations": {
            "post": operation("restoreToCampaign", "Let somebody count again who was taken out.", status=204, path="id",
                              body="CampaignRestoration", change=True, errors=(409,))},
    }
