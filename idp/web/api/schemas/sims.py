"""Signing SIMs and signatures, as the administration API tells of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ....administration.signing.history import LONGEST_PURPOSE, STATES
from ....administration.signing.lists import TO
from ....administration.signing.sims import SORTS
from ....signing.sims.brake import Decision
from ....signing.sims.enrollment import LONGEST_REASON
from ....signing.sims.ports import DOUBTED
from ....signing.sims.sim import Act, State
from ....signing.transaction import State as SignatureState
from .enrollments import ARCHIVE, FILES

ACTS: Final = (Act.SEND_CODE, Act.APPROVE, Act.APPROVE_FOR_PROVINCE, Act.REFUSE, Act.GIVE_CARD, Act.UNLOCK, Act.REPORT_LOSS,
               Act.DEACTIVATE)
STATE: Final = {"type": "string", "enum": [state.value for state in State]}
SOUGHT: Final = {"type": "string", "enum": [*(state.value for state in State), DOUBTED]}
LIST_FOR: Final = {"type": "string", "enum": list(TO), "default": "carrier", "description":
                   "To carriers, what waits for them; to the Government's authority, where it certifies SIMs, cards to be "
                   "certified, and certificates to be revoked."}
_TEXT: Final = {"type": "string"}
_WORD: Final = {"type": "string", "minLength": 1, "maxLength": 128}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
SIGNATURE_STATE: Final = {"type": "string", "enum": list(STATES),
                          "description": "`denied`: the officer says that they never asked for it."}


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    sim: dict[str, dict[str, Any]] = {
        "id": _TEXT, "holder": _TEXT, "unit_code": _TEXT, "seal": {"type": "boolean"},
        "number": _TEXT | {"description": "The last three digits."}, "carrier": _TEXT, "iccid": _TEXT_OR_NONE, "state": STATE,
        "in_doubt": {"type": "boolean", "description": "It signs nothing until somebody has asked the carrier."},
        "since": _TIME, "serial": _TEXT_OR_NONE, "reason": _TEXT_OR_NONE, "owner_match": {"type": ["boolean", "null"]},
        "acts": {"type": "array", "items": {"type": "string", "enum": [act.value for act in ACTS]},
                 "description": "What you may do with it now."}}
    entry = {"at": _TIME, "act": {"type": "string", "enum": [act.value for act in Act]}, "state": STATE, "actor": _TEXT_OR_NONE,
             "detail": {"type": "object", "additionalProperties": _TEXT}}
    wish = {"holder": _WORD, "number": _WORD, "carrier": _WORD,
            "seal": {"type": "boolean", "description": "It signs as the agency; the holder keeps it."}}
    act = {"act": {"type": "string", "enum": [act.value for act in ACTS]}, "reason": {"type": "string", "maxLength": 300},
           "iccid": _WORD, "owner_match": {"type": "boolean", "description": "What the carrier says."}}
    doubt = {"carrier": _TEXT, "began_at": _TIME, "sims": {"type": "integer", "description": "How many are in doubt."}}
    decision = {"carrier": _WORD, "decision": {"type": "string", "enum": [one.value for one in Decision], "description":
                "`confirm`: the carrier is right, the SIMs end; `dismiss`: it is wrong, they work again."},
                "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON}}
    signature: dict[str, dict[str, Any]] = {
        "id": _TEXT, "at": _TIME, "sub": _TEXT, "name": _TEXT, "unit_code": _TEXT | {"description": "Made for this agency."},
        "title": _TEXT, "client_id": _TEXT, "document": _TEXT | {"description": "What the application calls it."},
        "number": _TEXT | {"description": "The last three digits."}, "carrier": _TEXT,
        "state": {"type": "string", "enum": [state.value for state in SignatureState]}, "outcome": _TEXT,
        "denied": {"type": "boolean"}, "ended_at": {"type": ["integer", "null"]}}
    step = {"at": _TIME, "state": signature["state"], "outcome": _TEXT}
    whole = signature | {name: _TEXT for name in ("code", "digest_name", "digest", "certificate")} | {
        "course": {"type": "array", "items": made(step, step)}}
    purpose = {"purpose": {"type": "string", "minLength": 1, "maxLength": LONGEST_PURPOSE}}
    return {"Signature": made(signature, signature), "SignatureWithCourse": made(whole, whole),
            "EvidencePurpose": made(purpose, purpose), "Sim": made(sim, sim),
            "SimDoubt": made(doubt, doubt), "SimDecision": made(decision, decision),
            "SimDoubts": made({"items": {"type": "array", "items": made(doubt, doubt)}}, ("items",)),
            "NewSim": made(wish, ("holder", "number", "carrier")), "SimAct": made(act, ("act",)),
            "SimWithHistory": made(sim | {"history": {"type": "array", "items": made(entry, entry)}}, (*sim, "history"))}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    evidence = operation("giveEvidence", "The file that proves a signature; recorded, and the officer sees who had it.",
                         path="id", body="EvidencePurpose")
    evidence["responses"]["200"]["content"] = {ARCHIVE: {"schema": {"type": "string", "format": "binary"}}}
    written = operation("writeSimList", "What waits for somebody, with whole numbers; each that is read is recorded.",
                        path="kind", query=("list_for",), errors=(409,))
    written["responses"]["200"]["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILES.values()}
    return {
        "/sims/lists/{kind}": {"get": written},
        "/signatures": {"get": operation(
            "listSignatures", "Signatures that were asked of SIMs, the newest first.", answer="SignaturePage", errors=(404,),
            query=("sub", "client_id", "signature_state", "unit", "since", "before", "cursor", "limit"))},
        "/signatures/{id}": {"get": operation("readSignature", "One signature, with its course.", answer="SignatureWithCourse",
                                              path="id")},
        "/signatures/{id}/evidence": {"post": evidence},
        "/sims": {
            "get": operation("listSims", "Signing SIMs; q: number or its last 3 digits, part of the card's or the holder's name.",
                             answer="SimPage", query=("sim_state", "unit", "holder", "q", "cursor", "limit"), sorts=SORTS,
                             errors=(404,)),
            "post": operation("askForSim", "Ask for a SIM for an officer; a code goes to the number.", answer="Sim", status=201,
                              body="NewSim", change=True, errors=(404, 409))},
        "/sims/doubts": {
            "get": operation("listSimDoubts", "Carriers that say of many SIMs at once that they were exchanged.",
                             answer="SimDoubts", errors=(404,)),
            "post": operation("decideSimDoubts", "Confirm what a carrier says, or dismiss it, for all of its SIMs in doubt.",
                              answer="SimDoubt", body="SimDecision", change=True, errors=(404, 409))},
        "/sims/{id}": {"get": operation("readSim", "One SIM, with its history.", answer="SimWithHistory", path="id")},
        "/sims/{id}/acts": {
            "post": operation("actUponSim", "Send a new code, approve, give the card, report a loss ...", answer="Sim", path="id",
                              body="SimAct", change=True, errors=(409,))}}
