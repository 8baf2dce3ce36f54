"""The registration desk: a request is made, approved twice by different people, sent to the issuer, and comes back issued.

Sources: Decree 68/2024 as provinces apply it; four eyes: who asks, who approves for the agency, and who approves for the
province are three people, and none of the approvers is the holder. An officer without an official mailbox gets none. An
agency's first seal goes on paper (``wet_ink``). What happens after the issue: ``custody.py``; the end: ``ending.py``.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from ...audit import AuditEvent, AuditRecord, Caller
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...jose.keyset import Sealer
from ...roles import Right
from ..authority import csr
from ..authority.ports import Received
from ..forms import cells
from . import guards
from .moves import Actor, ConflictError, Moves, line
from .record import DeviceKind, Enrollment, Entry, Kind, Purpose, Search, entry_of
from .states import TURNS, WITH_A_CERTIFICATE, Act, Part, State
from .working_days import day_of, days_between

_READERS: Final = {
    "identity_number": cells.identity_number, "identity_issued_on": cells.day, "identity_issued_by": cells.text(100),
    "birth_date": cells.day, "phone": cells.phone, "mail": cells.mail, "unit_code": cells.unit_code}
PERSONAL: Final = ("identity_number", "identity_issued_on", "identity_issued_by", "birth_date", "phone")
LONGEST_REASON: Final = 300
_LONGEST_DOCUMENT: Final = 60
_TRIES: Final = 5
_MOST_STANDING: Final = 1000
RENEWAL_DAYS: Final = 60
"""How many days before the day of its end a certificate is renewed at the earliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for.

    Attributes:
        holder: Subject of the officer; of a seal, device or service, of who is to keep it.
        name: Of the seal, device or service; persons are called what the directory calls them.
        unit_code: The agency of a seal, device or service; a person's is that of the main post.
        personal: Values of ``PERSONAL`` as far as they are known.
        replaces: The certificate that is renewed or changed.
        request: PKCS #10 (PEM or DER) of a key that is there already; empty where the issuer makes it in the device.
    """

    kind: Kind
    device_kind: DeviceKind
    holder: str
    purpose: Purpose = Purpose.NEW
    name: str = ""
    unit_code: str = ""
    unit_name: str = ""
    mail: str = ""
    personal: Mapping[str, str] = field(default_factory=dict)
    replaces: str = ""
    request: bytes = b""


class UnfitError(RefusedError):
    """What was asked for cannot be granted to this holder; ``code`` says why."""

    status = 422


class Desk:
    """Requests, approvals, and the way to the issuer and back.

    Args:
        moves: Changes states.
        mirror: Who the officers are.
        sealer: Seals what is personal.
        digest_key: 32 bytes; identity numbers are found again by their keyed digest.
    """

    def __init__(self, moves: Moves, mirror: OfficerMirror, sealer: Sealer, digest_key: bytes) -> None:
        self._moves, self._store, self._mirror = moves, moves.store, mirror
        self._sealer, self._digest_key = sealer, digest_key

    def ask(self, actor: Actor, wish: Wish, caller: Caller, *, submit: bool) -> Enrollment:
        """Make a request, as a draft or submitted at once.

        Raises:
            RefusedError: 403 ``not_yours``: neither the holder nor an administrator of the agency.
            UnfitError: ``unknown_officer``, ``not_active``, ``guest``, ``no_mailbox``, ``no_agency``, ``nothing_to_replace``,
                ``too_early``.
            CsrError: the request for the key is none, or its key is weak.
            ConflictError: ``already_asked``: such a request is on its way; ``already_there``: such a certificate is in use, and
                the wish is for a new one.
        """
        enrollment = self._checked(actor, wish)
        now = self._moves.clock.now()
        state = State.SUBMITTED if submit else State.DRAFT
        for _ in range(_TRIES):
            made = replace(enrollment, enrollment_id=f"{day_of(now).year}-{secrets.randbelow(10**8):08d}", state=state,
                           due_at=self._moves.calendar.deadline(now, TURNS[state].working_days))
            entry = entry_of(None, made, Act.SUBMIT if submit else "draft", at=now, actor=actor.sub,
                             part=Part.HOLDER if actor.sub == made.holder else Part.AGENCY)
            record = AuditRecord(AuditEvent.ENROLLMENT_ASKED, now, sub=made.holder, source=caller.source,
                                 request_id=caller.request_id,
                                 detail={"number": made.enrollment_id, "kind": made.kind.value, "purpose": made.purpose.value,
                                         "device": made.device_kind.value, "unit": made.unit_code, "by": actor.sub, **caller.by})
            if self._store.add(made, entry, record):
                return made
            assert made.open_key is not None
            if (other := self._store.waiting(made.open_key)) is not None:
                raise ConflictError(f"Request {other.enrollment_id} for the same is on its way.", code="already_asked")
        raise ConflictError("No number was free. Please try again.", code="changed")

    def would_ask(self, actor: Actor, wish: Wish) -> None:
        """Raise what ``ask`` would raise at this moment, and write nothing."""
        enrollment = self._checked(actor, wish)
        if (other := self._store.waiting(enrollment.open_key or "")) is not None:
            raise ConflictError(f"Request {other.enrollment_id} for the same is on its way.", code="already_asked")

    def waiting(self, actor: Actor, wish: Wish) -> Enrollment | None:
        """Give the request on its way because of which ``ask`` refuses (``already_asked``), where the actor may read it."""
        found = self._store.waiting(self._checked(actor, wish).open_key or "")
        return found if found is not None and actor.sees(found) else None

    def submit(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Hand a draft, or a request that came back, in. Who hands it in is the requester from now on."""
        found = self._moves.seen(actor, enrollment_id)
        self._check_holder(found)
        part = self._moves.part(actor, found, Act.SUBMIT)
        return self._moves.move(actor, found, Act.SUBMIT, caller, as_part=part, requester=actor.sub, agency_approver="",
                                province_approver="", reason="")

    def approve(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Approve for the agency. Raises RefusedError 403 ``same_person`` for the requester and for the holder."""
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.APPROVE)
        guards.check(Act.APPROVE, actor, found)
        return self._moves.move(actor, found, Act.APPROVE, caller, as_part=part, agency_approver=actor.sub)

    def approve_for_province(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Approve for the province; 403 ``same_person`` for whoever asked, approved for the agency, or is the holder."""
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.APPROVE_FOR_PROVINCE)
        guards.check(Act.APPROVE_FOR_PROVINCE, actor, found)
        return self._moves.move(actor, found, Act.APPROVE_FOR_PROVINCE, caller, as_part=part, province_approver=actor.sub)

    def send_back(self, actor: Actor, enrollment_id: str, reason: str, caller: Caller) -> Enrollment:
        """Return a request to who asked; the reason is what they read."""
        found = self._moves.seen(actor, enrollment_id)
        act = Act.REJECT if found.state is State.SENT else Act.RETURN
        return self._with_reason(actor, found, act, reason, caller)

    def cancel(self, actor: Actor, enrollment_id: str, reason: str, caller: Caller) -> Enrollment:
        """Give a request up; not possible once it was sent to the issuer."""
        return self._with_reason(actor, self._moves.seen(actor, enrollment_id), Act.CANCEL, reason, caller)

    def send(self, actor: Actor, enrollment_id: str, document: str, batch: str, caller: Caller) -> Enrollment:
        """Note that a request went to the issuer with a letter.

        Args:
            actor: Who sent it.
            enrollment_id: The request.
            document: Number of the letter.
            batch: The list that it stood on; empty for none.
            caller: Who asks.
        """
        found = self._moves.seen(actor, enrollment_id)
        number = line(document, _LONGEST_DOCUMENT, "document")
        return self._moves.move(actor, found, Act.SEND, caller, told={"document": number}, document=number, batch=batch)

    def issued(self, actor: Actor, found: Enrollment, *, serial: str, issuer: str, not_before: int, not_after: int,
               certificate: bytes, device_serial: str, caller: Caller) -> Enrollment:
        """Note what the issuer has issued; who takes the issuer's list has matched it with the request.

        Raises:
            ConflictError: ``serial_known``: another request has this certificate.
        """
        if any(other.enrollment_id != found.enrollment_id and other.issuer == issuer for other in self._store.by_serial(serial)):
            raise ConflictError("Another request has this certificate.", code="serial_known")
        return self._moves.move(actor, found, Act.ISSUE, caller, told={"serial": serial}, serial=serial, issuer=issuer,
                                not_before=not_before, not_after=not_after, certificate=certificate, device_serial=device_serial)

    def completed(self, actor: Actor, found: Enrollment, answer: Received, caller: Caller) -> Enrollment:
        """Note the certificate of a request whose number alone was known; who gives it has held it against the request."""
        return self._moves.move(actor, found, Act.COMPLETE, caller, told={"serial": answer.serial}, issuer=answer.issuer,
                                not_before=answer.not_before, not_after=answer.not_after, certificate=answer.der,
                                since=found.since, due_at=found.due_at)

    def digest_of_typed(self, identity_number: str) -> str:
        """Give the digest of a number as somebody typed it. Raises UnfitError (422 ``invalid_body``) for what is none."""
        return self.digest(_read("identity_number", identity_number))

    def sent_to(self, actor: Actor, *, mail: str, identity_number: str) -> Sequence[Enrollment]:
        """Give the requests that are at the issuer and name this mailbox or this identity number."""
        found = self._store.sent(mail=mail, identity_digest=self.digest(identity_number))
        return [one for one in found if actor.sees(one)]

    def by_serial(self, serial: str) -> Sequence[Enrollment]:
        """Give the requests whose certificate has this number, whoever issued it."""
        return self._store.by_serial(serial)

    def one(self, actor: Actor, enrollment_id: str) -> tuple[Enrollment, Sequence[Entry]]:
        """Give a request with its history."""
        found = self._moves.seen(actor, enrollment_id)
        return found, self._store.history(enrollment_id)

    def standing(self, holder: str) -> Sequence[Enrollment]:
        """Give the certificates of a holder that stand, whichever agency asked for them; whose they are is for the caller."""
        return self._store.page(Search(states=WITH_A_CERTIFICATE, holder=holder), after="", limit=_MOST_STANDING)

    def listed(self, actor: Actor, search: Search, *, after: str = "", limit: int, before: str = "") -> Sequence[Enrollment]:
        """Give those of a search that the actor may read: administrators their agency's, officers their own."""
        return self._store.page(self._narrowed(actor, search), after=after, limit=limit, before=before)

    def counted(self, actor: Actor, search: Search) -> Mapping[State, int]:
        """Count those of a search that the actor may read, by state."""
        return self._store.count(self._narrowed(actor, search))

    def personal(self, actor: Actor, enrollment: Enrollment, *, why: str, caller: Caller) -> tuple[Mapping[str, str],
                                                                                                   AuditRecord]:
        """Open what is personal, for a list to the issuer or for the holder.

        Returns:
            The values, and the record of the reading, which the caller writes before it gives them away.
        """
        values: Mapping[str, str] = json.loads(self._sealer.open(
            enrollment.personal, context=f"enrollment {enrollment.holder}")) if enrollment.personal else {}
        return values, AuditRecord(
            AuditEvent.PERSONAL_DATA_READ, self._moves.clock.now(), sub=enrollment.holder, source=caller.source,
            request_id=caller.request_id, detail={"number": enrollment.enrollment_id, "why": why, "by": actor.sub, **caller.by})

    def compared(self, actor: Actor, *, form: str, rows: int, why: str, caller: Caller) -> AuditRecord:
        """Make the record of identity numbers that were compared with those of requests: so many rows of a list."""
        return AuditRecord(
            AuditEvent.PERSONAL_DATA_READ, self._moves.clock.now(), source=caller.source, request_id=caller.request_id,
            detail={"form": form, "rows": rows, "why": why, "by": actor.sub, **caller.by})

    def masked_identity(self, enrollment: Enrollment) -> str:
        """Give the identity number with its middle hidden, for its holder to recognise; empty where none was given."""
        if not enrollment.personal:
            return ""
        number = str(json.loads(self._sealer.open(enrollment.personal, context=f"enrollment {enrollment.holder}"))
                     .get("identity_number", ""))
        return f"{number[:4]}{'*' * (len(number) - 6)}{number[-2:]}" if len(number) > 6 else "*" * len(number)

    def now(self) -> int:
        """Give the desk's time, seconds since the epoch."""
        return self._moves.clock.now()

    def digest(self, identity_number: str) -> str:
        """Give what an identity number is found again by; ``digest_of_typed`` is for numbers as people type them."""
        return hmac.new(self._digest_key, identity_number.encode(), sha256).hexdigest() if identity_number else ""

    def _narrowed(self, actor: Actor, search: Search) -> Search:
        who = actor.administrator
        if who is not None:
            who.demand(Right.SEE_CERTIFICATES)
        return replace(search, holder=actor.sub) if who is None else replace(search, unit=who.narrowed(search.unit))

    def _checked(self, actor: Actor, wish: Wish) -> Enrollment:
        enrollment = self._drawn(actor, wish)
        if enrollment.holder != actor.sub or wish.kind is not Kind.PERSON:
            who = actor.administrator
            if who is None or not who.may(Right.ASK_CERTIFICATES) or not who.oversees(enrollment.unit_code):
                raise RefusedError("A request is made by the officer, or by an administrator of the agency.", code="not_yours",
                                   status=403)
        replaced = self._replaced(enrollment)
        if replaced is not None and not enrollment.personal and replaced.holder == enrollment.holder:
            # Sealed for this holder, and typed once.
            enrollment = replace(enrollment, personal=replaced.personal, identity_digest=replaced.identity_digest)
        return enrollment

    def _drawn(self, actor: Actor, wish: Wish) -> Enrollment:
        officer, who = self._mirror.by_sub(wish.holder), actor.administrator
        # Whoever keeps what is an agency's is an officer of it; of others nothing is told, not even their mailbox.
        if officer is None or (wish.kind is not Kind.PERSON and who is not None and wish.holder != actor.sub
                               and not who.oversees(officer.officer.main_post.unit_code)):
            raise UnfitError("There is no such officer.", code="unknown_officer")
        person, post = officer.officer, officer.officer.main_post
        if wish.kind is Kind.PERSON:
            name, mail, unit_code, unit_name = person.name, person.mail, post.unit_code, post.unit_name
        else:
            name, unit_name = line(wish.name, 200, "name"), line(wish.unit_name or wish.name, 200, "unit_name")
            mail, unit_code = _read("mail", wish.mail or person.mail), _read("unit_code", wish.unit_code)
        personal = {key: _read(key, wish.personal[key]) for key in PERSONAL if wish.personal.get(key)}
        sealed = self._sealer.seal(json.dumps(personal, ensure_ascii=False).encode(), context=f"enrollment {wish.holder}") \
            if personal else b""
        made = Enrollment(
            enrollment_id="", kind=wish.kind, purpose=wish.purpose, holder=wish.holder, unit_code=unit_code,
            unit_name=unit_name, name=name,
            title=post.title if wish.kind is Kind.PERSON else "", mail=mail.lower(), personal=sealed,
            identity_digest=self.digest(personal.get("identity_number", "")), device_kind=wish.device_kind,
            replaces=wish.replaces,
            request=_request(wish.request),
            wet_ink=wish.kind is Kind.SEAL and not self._store.ever_issued(Kind.SEAL, unit_code), since=self._moves.clock.now(),
            requester=actor.sub)
        self._check_holder(made)
        return made

    def _check_holder(self, enrollment: Enrollment) -> None:
        officer = self._mirror.by_sub(enrollment.holder)
        if officer is None or officer.status != "active":
            raise UnfitError("The officer is not active.", code="not_active")
        if officer.officer.guest:
            raise UnfitError("Guests get no certificate of the province.", code="guest")
        if not enrollment.mail:
            raise UnfitError("There is no official mailbox yet; it comes before the certificate.", code="no_mailbox")
        if not enrollment.unit_code:
            raise UnfitError("There is no agency that could ask for it.", code="no_agency")

    def _replaced(self, wished: Enrollment) -> Enrollment | None:
        """Check that a new one is new, and give what is renewed or changed: the holder's own one in use."""
        in_use = self._store.in_use(replace(wished, state=State.ACTIVE).active_key or "")
        if wished.purpose is Purpose.NEW:
            if wished.replaces:
                raise UnfitError("A new certificate replaces none.", code="nothing_to_replace")
            if in_use is not None:
                raise ConflictError(f"Certificate {in_use.enrollment_id} is in use; ask for its renewal.", code="already_there")
        elif in_use is None or in_use.enrollment_id != wished.replaces:
            raise UnfitError("There is no certificate in use to renew or change.", code="nothing_to_replace")
        elif wished.purpose is Purpose.RENEW and not is_due(in_use, self._moves.clock.now()):
            raise UnfitError("A certificate is renewed from 60 days before its end.", code="too_early")
        return in_use

    def _with_reason(self, actor: Actor, found: Enrollment, act: Act, reason: str, caller: Caller) -> Enrollment:
        part = self._moves.part(actor, found, act)
        text = line(reason, LONGEST_REASON, "reason")
        return self._moves.move(actor, found, act, caller, as_part=part, told={"reason": text}, reason=text)


def is_due(enrollment: Enrollment, now: int) -> bool:
    """Tell whether a certificate is near enough to its end to be renewed; days are those of offices here."""
    return enrollment.not_after is not None and days_between(now, enrollment.not_after) <= RENEWAL_DAYS


def _request(content: bytes) -> bytes:
    """Take a request for what counts of it: possession of a key that is not weak. Raises CsrError."""
    return csr.read(content).der if content else b""


def _read(what: str, text: str) -> str:
    """Take a text for what it is said to be, as lists are read. Raises UnfitError (422 ``invalid_body``)."""
    try:
        return _READERS[what](text)
    except cells.CellError as err:
        raise UnfitError(f"{what}: {err.flaw.value}.", code="invalid_body") from err
