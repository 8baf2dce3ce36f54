"""Certificate requests for administrators and for the programs of the province.

Source: security checklist 38 and 51: every act is decided in ``pki.enrollment`` by who asks and what the record says, for one
request and for many alike. Of many each stands for itself: what is wrong with one keeps no other back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...audit import Caller
from ...errors import RefusedError
from ...pki.custody.overdue import Overdue
from ...pki.custody.register import Register
from ...pki.enrollment.custody import Custody
from ...pki.enrollment.desk import PERSONAL, Desk, Wish
from ...pki.enrollment.ending import Ending
from ...pki.enrollment.following import Following
from ...pki.enrollment.guards import possible
from ...pki.enrollment.moves import Actor, Moves
from ...pki.enrollment.record import DeviceKind, Enrollment, Entry, Kind, Purpose, Search
from ...pki.enrollment.states import TURNS, Act, State
from ...pki.enrollment.waiting import Waiting
from ...pki.expiry.reminders import Reminders
from ...roles import Administrator, Role
from ..audit.actors import Actors, Told
from ..pages import Page, Place, turned

MOST_AT_ONCE: Final = 200
LONGEST_REQUEST: Final = 8192
"""Characters of a request for a key that is there already."""
_TEXTS: Final = ("reason", "document", "record", "device_serial", "identity_number")
_WISH: Final = ("holder", "kind", "device_kind", "purpose", "replaces", "name", "unit_code", "unit_name", "mail", *PERSONAL)

Do = Callable[[Actor, str, Mapping[str, str], Caller], Enrollment]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateDesk:
    """The rooms of the registration desk."""

    desk: Desk
    custody: Custody
    ending: Ending
    register: Register
    following: Following
    reminders: Reminders
    overdue: Overdue
    waiting: Waiting
    moves: Moves


class EnrollmentAdministration:
    """Shows requests, makes them, and acts upon them.

    Args:
        rooms: The registration desk.
        actors: Tells who is told of.
    """

    def __init__(self, rooms: CertificateDesk, actors: Actors) -> None:
        self._actors = actors
        self._desk, self._ending, self._moves = rooms.desk, rooms.ending, rooms.moves
        self._waiting, self._acts = rooms.waiting, _acts(rooms)

    def listed(self, who: Administrator, *, state: str = "", unit: str = "", holder: str = "", batch: str = "", q: str = "",
               overdue: str = "", cursor: str = "", limit: int) -> Page:
        """Give requests by number. Raises InvalidParameterError for a cursor that is none."""
        found, further, _ = self._searched(who, state=state, unit=unit, holder=holder, batch=batch, q=q, overdue=overdue,
                                           cursor=cursor, limit=limit)
        told = self._actors.told(who)
        return Page([shown(one, self._desk.now(), told) for one in found], further)

    def workable(self, who: Administrator, *, state: str = "", unit: str = "", batch: str = "", q: str = "", overdue: str = "",
                 cursor: str = "", back: str = "", limit: int) -> Page:
        """Give requests as ``listed`` does, each with ``acts``: what this administrator may do with it now (``ACTS``).

        ``back`` is ``prev`` of a page and gives the page before it.
        """
        found, further, before = self._searched(who, state=state, unit=unit, batch=batch, q=q, overdue=overdue, cursor=cursor,
                                                back=back, limit=limit)
        told = self._actors.told(who)
        return Page([{**shown(one, self._desk.now(), told), "acts": self._possible(who, one)} for one in found], further, before)

    def _searched(self, who: Administrator, *, state: str, unit: str, batch: str, q: str, overdue: str, cursor: str, limit: int,
                  holder: str = "", back: str = "") -> tuple[Sequence[Enrollment], str, str]:
        search = self._search(unit=unit, holder=holder, batch=batch, q=q, overdue=overdue, state=state)

        def given(after: Place | None, before: Place | None, most: int) -> Sequence[Enrollment]:
            return self._desk.listed(_actor(who), search, after=after[0] if after else "", limit=most,
                                     before=before[0] if before else "")

        return turned(given, lambda one: (one.enrollment_id,), (str,), cursor=cursor, back=back, limit=limit)

    def _search(self, *, unit: str, batch: str, q: str, overdue: str, state: str = "", holder: str = "") -> Search:
        return Search(states=(State(state),) if state else (), unit=unit, holder=holder, batch=batch, words=q,
                      overdue_at=self._desk.now() if overdue == "true" else None)

    def _possible(self, who: Administrator, enrollment: Enrollment) -> tuple[str, ...]:
        may = possible(self._moves, _actor(who), enrollment)
        return tuple(name for name in ACTS if not may.isdisjoint(_MEANT[name]))

    def counted(self, who: Administrator, *, unit: str = "", batch: str = "", q: str = "", overdue: str = "") -> dict[str, Any]:
        """Count requests by state; every state is there."""
        found = self._desk.counted(_actor(who), self._search(unit=unit, batch=batch, q=q, overdue=overdue))
        return {"states": {state.value: found.get(state, 0) for state in State}, "total": sum(found.values())}

    def waiting(self, who: Administrator) -> list[dict[str, Any]]:
        """Give the steps at which something waits for an administrator, with ``count`` and ``overdue``; for auditors nothing.

        It is what notices tell of (``Waiting.of``), and an agency's drafts, of which nobody is told.
        """
        found = dict(self._waiting.of(who))
        if who.role is Role.AGENCY:
            drafts, actor = (State.DRAFT,), _actor(who)
            if count := self._desk.counted(actor, Search(states=drafts)).get(State.DRAFT, 0):
                late = self._desk.counted(actor, Search(states=drafts, overdue_at=self._desk.now()))
                found[State.DRAFT] = count, late.get(State.DRAFT, 0)
        return [{"state": state.value, "count": found[state][0], "overdue": found[state][1]}
                for state in TURNS if state in found]

    def one(self, who: Administrator, enrollment_id: str) -> dict[str, Any]:
        """Give a request with its history. Raises RefusedError (404) for one that is unknown, or another agency's."""
        return self._one(who, *self._desk.one(_actor(who), enrollment_id))

    def workable_one(self, who: Administrator, enrollment_id: str) -> dict[str, Any]:
        """Give a request as ``one`` does, with ``acts`` as ``workable`` has them."""
        found, history = self._desk.one(_actor(who), enrollment_id)
        return {**self._one(who, found, history), "acts": self._possible(who, found)}

    def _one(self, who: Administrator, found: Enrollment, history: Sequence[Entry]) -> dict[str, Any]:
        told = self._actors.told(who)
        return {**shown(found, self._desk.now(), told), "history": [_line(entry, told) for entry in history]}

    def ask(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Make a request.

        Args:
            who: The administrator.
            body: ``holder`` (subject), ``device_kind`` and what else ``Wish`` has (``request`` in PEM); ``submit`` (true: handed
                in at once).
            caller: Who asks.

        Raises:
            RefusedError: what ``Desk.ask`` raises; 422 ``invalid_body``.
        """
        submit, request = body.get("submit", False), body.get("request", "")
        if not isinstance(submit, bool) or not body.keys() <= {"submit", "request", *_WISH}:
            raise _invalid(f"The body may hold submit, request, {', '.join(_WISH)}.")
        if not isinstance(request, str) or len(request) > LONGEST_REQUEST or not request.isascii():
            raise _invalid(f"request: PKCS #10 in PEM, at most {LONGEST_REQUEST} characters.")
        texts = _only_texts({name: value for name, value in body.items() if name not in ("submit", "request")})
        try:
            wish = Wish(kind=Kind(texts.get("kind", "person")), device_kind=DeviceKind(texts["device_kind"]),
                        purpose=Purpose(texts.get("purpose", "new")), holder=texts["holder"], request=request.encode(),
                        personal={name: texts[name] for name in PERSONAL if name in texts},
                        **{name: texts[name] for name in ("replaces", "name", "unit_code", "unit_name", "mail") if name in texts})
        except (KeyError, ValueError):
            raise _invalid("holder and device_kind are needed; kind, device_kind and purpose have their words.") from None
        return shown(self._desk.ask(_actor(who), wish, caller, submit=submit), self._desk.now(), self._actors.told(who))

    def act(self, who: Administrator, enrollment_id: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Act upon a request.

        Args:
            who: The administrator.
            enrollment_id: The request.
            body: ``act``, and of reason, document, record, device_serial and identity_number what the act needs.
            caller: Who asks.

        Raises:
            RefusedError: 404, 403, 409 (``wrong_state``, ``changed``), 422.
        """
        act, told = _said(body)
        return shown(self._acts[act](_actor(who), enrollment_id, told, caller), self._desk.now(), self._actors.told(who))

    def act_upon(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Act upon many requests, each for itself.

        Args:
            who: The administrator.
            body: As for ``act``, and ``enrollments``: 1 to 200 numbers.
            caller: Who asks.

        Returns:
            ``items``: for each, in the order given, its number, and its new ``state`` or the ``code`` and ``detail`` of the
            refusal.
        """
        numbers = body.get("enrollments")
        if (not isinstance(numbers, list) or not 0 < len(numbers) <= MOST_AT_ONCE or len(set(map(str, numbers))) != len(numbers)
                or not all(isinstance(number, str) and len(number) <= 1000 and number.isprintable() for number in numbers)):
            raise _invalid(f"enrollments: 1 to {MOST_AT_ONCE} numbers, each once.")
        act, told = _said({name: value for name, value in body.items() if name != "enrollments"})
        items: list[dict[str, Any]] = []
        for number in numbers:
            try:
                after = self._acts[act](_actor(who), number, told, caller)
                items.append({"id": number, "state": after.state.value, "code": None, "detail": None})
            except RefusedError as err:
                items.append({"id": number, "state": None, "code": err.code, "detail": err.message})
        return {"items": items, "done": sum(item["code"] is None for item in items)}

    def signing(self, who: Administrator, holder: str) -> dict[str, Any]:
        """Give the certificates with which an officer may sign now; for document management. Agencies ask about their own."""
        found = [one for one in self._ending.signing(holder) if _actor(who).sees(one)]
        return {"items": [{"id": one.enrollment_id, "serial": one.serial, "issuer": one.issuer, "not_after": one.not_after,
                           "device_kind": one.device_kind.value, "kind": one.kind.value} for one in found]}


def _acts(rooms: CertificateDesk) -> Mapping[str, Do]:
    desk, custody, ending = rooms.desk, rooms.custody, rooms.ending

    def plain(do: Callable[[Actor, str, Caller], Enrollment]) -> Do:
        return lambda actor, number, told, caller: do(actor, number, caller)

    def with_(name: str, do: Callable[[Actor, str, str, Caller], Enrollment]) -> Do:
        return lambda actor, number, told, caller: do(actor, number, _needed(told, name), caller)

    return {
        "submit": plain(desk.submit), "approve": plain(desk.approve), "approve_for_province": plain(desk.approve_for_province),
        "return": with_("reason", desk.send_back), "cancel": with_("reason", desk.cancel),
        "send": lambda actor, number, told, caller: desk.send(actor, number, _needed(told, "document"), "", caller),
        "receive": with_("device_serial", custody.receive),
        "hand_over": lambda actor, number, told, caller: custody.hand_over(
            actor, number, identity_number=_needed(told, "identity_number"), record=_needed(told, "record"), caller=caller),
        "waive_test_signature": with_("reason", custody.waive), "suspend": with_("reason", ending.suspend),
        "resume": plain(ending.resume), "lock": plain(ending.lock), "unlock": plain(ending.unlock),
        "ask_revocation": with_("reason", ending.ask_revocation), "report_loss": plain(ending.report_loss),
        "revoked": with_("document", ending.revoked), "device_returned": with_("record", ending.device_returned),
        "device_lost": with_("record", ending.device_lost),
    }


ACTS: Final = ("submit", "approve", "approve_for_province", "return", "cancel", "send", "receive", "hand_over",
               "waive_test_signature", "suspend", "resume", "lock", "unlock", "ask_revocation", "report_loss", "revoked",
               "device_returned", "device_lost")
"""Names of what ``act`` does."""
_MEANT: Final[Mapping[str, tuple[Act, ...]]] = {
    "submit": (Act.SUBMIT,), "approve": (Act.APPROVE,), "approve_for_province": (Act.APPROVE_FOR_PROVINCE,),
    "return": (Act.RETURN, Act.REJECT), "cancel": (Act.CANCEL,), "send": (Act.SEND,), "receive": (Act.RECEIVE,),
    "hand_over": (Act.HAND_OVER,), "waive_test_signature": (Act.ACTIVATE,), "suspend": (Act.SUSPEND,), "resume": (Act.RESUME,),
    "lock": (Act.LOCK,), "unlock": (Act.UNLOCK,), "ask_revocation": (Act.ASK_REVOCATION,), "report_loss": (Act.REPORT_LOSS,),
    "revoked": (Act.REVOKE,), "device_returned": (Act.RETURN_DEVICE,), "device_lost": (Act.RECORD_LOSS,)}


def shown(enrollment: Enrollment, now: int, told: Told) -> dict[str, Any]:
    """Give a request as it is shown to whom ``told`` tells of people; what is personal stays sealed."""
    return {
        "id": enrollment.enrollment_id, "kind": enrollment.kind.value, "purpose": enrollment.purpose.value,
        "holder": enrollment.holder, "unit_code": enrollment.unit_code, "unit_name": enrollment.unit_name,
        "name": enrollment.name,
        "title": enrollment.title, "mail": enrollment.mail, "device_kind": enrollment.device_kind.value,
        "replaces": enrollment.replaces or None, "wet_ink": enrollment.wet_ink, "state": enrollment.state.value,
        "since": enrollment.since, "due_at": enrollment.due_at,
        "overdue": enrollment.due_at is not None and enrollment.due_at < now,
        "turn": TURNS[enrollment.state].part.value if enrollment.state in TURNS else None,
        "requester": told(enrollment.requester), "agency_approver": told(enrollment.agency_approver) or None,
        "province_approver": told(enrollment.province_approver) or None, "document": enrollment.document or None,
        "batch": enrollment.batch or None, "reason": enrollment.reason or None, "serial": enrollment.serial or None,
        "issuer": enrollment.issuer or None, "not_before": enrollment.not_before, "not_after": enrollment.not_after,
        "device_serial": enrollment.device_serial or None, "record": enrollment.record or None,
        "identity_known": bool(enrollment.identity_digest), "certificate_known": bool(enrollment.certificate)}


def _line(entry: Entry, told: Told) -> dict[str, Any]:
    return {"at": entry.at, "act": entry.act, "before": entry.before or None, "after": entry.after,
            "actor": told(entry.actor) or None, "part": entry.part, "detail": dict(entry.detail)}


def _actor(who: Administrator) -> Actor:
    return Actor(who.sub, who)


def _said(body: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    act = body.get("act")
    if act not in ACTS or not body.keys() <= {"act", *_TEXTS}:
        raise _invalid(f"act: one of {', '.join(ACTS)}; beside it may stand {', '.join(_TEXTS)}.")
    return str(act), _only_texts({name: value for name, value in body.items() if name != "act"})


def _only_texts(body: Mapping[str, Any]) -> Mapping[str, str]:
    if not all(isinstance(value, str) and len(value) <= 1000 and value.isprintable() for value in body.values()):
        raise _invalid("Members are texts of one line.")
    return body


def _needed(told: Mapping[str, str], name: str) -> str:
    if name not in told:
        raise _invalid(f"{name} is needed for this.")
    return told[name]


def _invalid(message: str) -> RefusedError:
    return RefusedError(message, code="invalid_body", status=422)
