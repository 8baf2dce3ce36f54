"""From the wish for a SIM to the first signature, and its end.

Source: trust-services E.3; ETSI TS 102 204 §6 (registration); security checklist 38, 57. What is asked of others is stored first:
whatever dies between two steps, ``advance`` goes on where it was. A code proves the number to nobody but its holder; it is short,
lives ten minutes, and five wrong ones end it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError, UnavailableError
from ...notices import Notice, NoticeKind
from ...pki.enrollment.moves import Actor
from ...roles import Right
from ..mobile_signature import MobileSignatureService
from ..ports import TEST
from ..signing import Order, Signing
from ..transaction import OPEN as UNDER_WAY
from ..transaction import State as SignatureState
from .ports import Certifier, ShortMessages, SimStore
from .registration import Registration
from .sim import (
    LIVE,
    REASONED,
    Act,
    Entry,
    Sim,
    SimChange,
    SimError,
    State,
    card_of,
    code_pause,
    moved,
    number_of,
    possible,
    sees,
)

CODE_SECONDS: Final = 600
MOST_TRIES: Final = 5
RETRY_SECONDS: Final = 60
"""After so long a card is registered again whose service was away; ``REFUSED_SECONDS`` where it refused."""
REFUSED_SECONDS: Final = 900
LONGEST_REASON: Final = 300
_TOLD: Final = frozenset({State.ACTIVE, State.PIN_BLOCKED, State.LOST, State.SWAPPED, State.DEACTIVATED, State.REFUSED})
"""States whose beginning the holder is told of."""
_LOGIN: Final = "login"
_REVOKES: Final = {Act.REPORT_LOSS: "lost", Act.NOTE_SWAP: "swapped", Act.DEACTIVATE: "ended", Act.END_LOGIN: _LOGIN}
_MOST_RACES: Final = 8
_NOBODY: Final = Actor("")


class SimEnrollment:
    """Brings SIMs to officers, and takes them away.

    Args:
        store: Where they rest.
        mirror: Who officers are now.
        services: The carriers' services, by name.
        messages: Sends codes.
        certifier: Certifies the cards' keys.
        signing: Asks phones; for the first signature.
        clock: Source of the time.
        key: 32 octets, for the digests of codes.
    """

    def __init__(self, store: SimStore, mirror: OfficerMirror, services: Mapping[str, MobileSignatureService],
                 messages: ShortMessages, certifier: Certifier, signing: Signing, clock: Clock, *, key: bytes) -> None:
        self.store, self._mirror, self._services, self._messages = store, mirror, services, messages
        self._certifier, self._signing, self._clock, self._key = certifier, signing, clock, key
        self.cards = Registration(services, certifier, clock, write=self._write)

    @property
    def carriers(self) -> tuple[str, ...]:
        """Name the carriers whose SIMs are enrolled here."""
        return tuple(self._services)

    # Seen

    def seen(self, actor: Actor, sim_id: str) -> Sim:
        """Give a SIM to whom it is to see. Raises SimError 404 to all others."""
        found = self.store.find(sim_id)
        if found is None or not sees(found, actor):
            raise SimError("There is no such SIM.", code="not_found", status=404)
        return found

    def history(self, actor: Actor, sim_id: str) -> Sequence[Entry]:
        """Give a SIM's history, oldest first. Raises as ``seen``."""
        return self.store.history(self.seen(actor, sim_id).sim_id)

    @staticmethod
    def possible(actor: Actor, sim: Sim) -> tuple[Act, ...]:
        """Give what somebody may do with a SIM now."""
        return possible(sim, actor)

    # Asked for

    def ask(self, actor: Actor, holder: str, number: str, carrier: str, caller: Caller, *, seal: bool = False,
            send: bool = True) -> Sim:
        """Ask for a SIM; a code goes to its number.

        Args:
            actor: The holder, or who asks for certificates in the holder's agency.
            holder: Subject of the officer; of a seal, of who keeps it.
            number: As people type it.
            carrier: One of ``carriers``.
            caller: For the records.
            seal: It signs as the agency; administrators alone ask for that.
            send: The code is sent at once; else the holder is told, and has it sent.

        Raises:
            SimError: 422 ``bad_number``, ``bad_carrier``, ``number_unknown`` (by the carrier; the request has ended); 403
                ``not_yours``; 404 ``no_officer``; 409 ``number_taken``: somebody's, or asked for already; 429 ``too_many_codes``.
            UnavailableError: nobody takes the message; the request stands, and a code may be sent anew.
        """
        asked = self._wished(actor, holder, number, carrier, seal=seal)
        notice = None if send else self._told(asked.after, caller)
        if not self.store.add(asked, self._record(AuditEvent.SIM_ASKED, asked, caller), notice):
            raise SimError("This number is somebody's, or is asked for already.", code="number_taken")
        try:
            return self.send_code(actor, asked.after.sim_id, caller) if send else asked.after
        except SimError as err:
            if err.code == "number_unknown":  # a mistyped number takes nobody's place, and another one can be asked for at once
                self.noted(asked.after, Act.DEACTIVATE, caller, err.code)
            raise

    def would_ask(self, actor: Actor, holder: str, number: str, carrier: str) -> None:
        """Raise what ``ask`` would, but for a number that somebody takes meanwhile."""
        asked = self._wished(actor, holder, number, carrier, seal=False)
        if any(one.state in LIVE for one in self.store.of_number(asked.after.msisdn)):
            raise SimError("This number is somebody's, or is asked for already.", code="number_taken")

    def _wished(self, actor: Actor, holder: str, number: str, carrier: str, *, seal: bool) -> SimChange:
        msisdn = number_of(number)
        if carrier not in self._services:
            raise SimError("There is no such carrier here.", code="bad_carrier", status=422)
        officer = self._mirror.by_sub(holder)
        who = actor.administrator
        of_agency = (who is not None and who.may(Right.ASK_CERTIFICATES) and officer is not None
                     and who.oversees(officer.officer.main_post.unit_code))
        if not (of_agency or (actor.sub == holder and not seal)):
            raise SimError("This is not yours to ask for.", code="not_yours", status=403)
        if officer is None or officer.status != "active":
            raise SimError("There is no such officer at work.", code="no_officer", status=404)
        self._may_send(holder, msisdn)
        now, post = self._clock.now(), officer.officer.main_post
        sim = Sim(sim_id=f"sim-{now:010x}{secrets.token_hex(6)}", sub=holder, unit_code=post.unit_code, unit_name=post.unit_name,
                  seal=seal, name=post.unit_name if seal else officer.officer.name, msisdn=msisdn, carrier=carrier, since=now,
                  created_at=now, requester=actor.sub)
        return SimChange(None, sim, Entry(sim.sim_id, 0, now, Act.ASK, State.REQUESTED, actor.sub, {}))

    def send_code(self, actor: Actor, sim_id: str, caller: Caller) -> Sim:
        """Send a new code to the number; the one before it is worth nothing.

        Raises:
            SimError: 404; 409 ``wrong_state``; 403 ``not_yours``; 429 ``too_many_codes``; 422 ``number_unknown``.
            UnavailableError: nobody takes the message.
        """
        sim, now = self.seen(actor, sim_id), self._clock.now()
        self._may_send(sim.sub, sim.msisdn)
        code = f"{secrets.randbelow(10 ** 6):06}"
        change = moved(sim, Act.SEND_CODE, actor, now, code_digest=self._digest(sim_id, code), code_until=now + CODE_SECONDS,
                       code_tries=0)
        self._write(change, caller)
        self._messages.send(sim.carrier, sim.msisdn, f"Ma xac nhan SIM ky so: {code}. Khong dua ma nay cho bat ky ai.")
        return change.after

    def _may_send(self, sub: str, msisdn: str) -> None:
        """See that neither a number nor an officer gets too many codes; asking anew does not begin anew. Raises SimError 429."""
        now = self._clock.now()
        pause = code_pause(self.store.codes_sent(sub, msisdn, now - 3600), msisdn, now)
        if pause:
            raise SimError("Too many codes were sent. Please wait an hour.", code="too_many_codes", status=429,
                           retry_after_seconds=pause)

    def verify(self, sub: str, sim_id: str, code: str, caller: Caller) -> Sim:
        """Take the code that proves the number, from its holder.

        Raises:
            SimError: 404: not theirs; 409 ``wrong_state``, ``code_over``: none is out, or too many wrong ones came; 422
                ``wrong_code``.
        """
        actor, now = Actor(sub), self._clock.now()
        sim = self.seen(actor, sim_id)
        if sim.state is State.REQUESTED and (not sim.code_digest or now > sim.code_until or sim.code_tries >= MOST_TRIES):
            raise SimError("This code is over. Please have a new one sent.", code="code_over")
        given = "".join(code.split())
        if sim.state is State.REQUESTED and not hmac.compare_digest(self._digest(sim_id, given), sim.code_digest):
            self._write(moved(sim, Act.WRONG_CODE, actor, now, code_tries=sim.code_tries + 1), caller)
            raise SimError("This is another code.", code="wrong_code", status=422)
        return self._write(moved(sim, Act.VERIFY, actor, now, code_digest=b"", code_until=0), caller)

    # Approved

    def approve(self, actor: Actor, sim_id: str, caller: Caller, *, owner_match: bool | None = None) -> Sim:
        """Approve for the agency, then for the province.

        Args:
            actor: An administrator.
            sim_id: Which.
            caller: For the records.
            owner_match: Whether the carrier says that the number is the holder's; None: not asked.

        Raises:
            SimError: 404; 409 ``wrong_state``, ``another_person``; 403 ``not_yours``; 409 ``not_the_owner``: by the carrier.
        """
        sim = self.seen(actor, sim_id)
        if (match := sim.owner_match if owner_match is None else owner_match) is False:
            raise SimError("The carrier says that this number is somebody else's.", code="not_the_owner")
        for_agency = sim.state is State.NUMBER_VERIFIED
        named: dict[str, Any] = {"agency_approver": actor.sub} if for_agency else {"province_approver": actor.sub}
        act = Act.APPROVE if for_agency else Act.APPROVE_FOR_PROVINCE
        return self._write(moved(sim, act, actor, self._clock.now(), owner_match=match, **named), caller)

    def note_owner(self, actor: Actor, sim_id: str, caller: Caller, *, match: bool) -> Sim:
        """Note whether the carrier says that the number is the holder's. Raises SimError 404; 403; 409 ``wrong_state``."""
        return self._write(moved(self.seen(actor, sim_id), Act.NOTE_OWNER, actor, self._clock.now(), owner_match=match,
                                 detail={"owner": "yes" if match else "no"}), caller)

    # The card

    def give_card(self, actor: Actor, sim_id: str, number: str, caller: Caller, *, at_once: bool = True) -> Sim:
        """Note which card the holder gets, and have it registered and certified.

        That is done now, or ``at_once`` being false by the worker, who also goes on where a service is away.

        Raises:
            SimError: 404; 422 ``bad_card``; 409 ``wrong_state``, ``another_person``, ``card_taken``; 403 ``not_yours``.
        """
        iccid = card_of(number)
        sim = self.seen(actor, sim_id)
        # What was certified of a card before has to go, and a doubt about it; the same card again keeps them.
        why = "swapped" if sim.serial and sim.iccid != iccid else sim.to_revoke
        change = moved(sim, Act.GIVE_CARD, actor, self._clock.now(), detail={"iccid": iccid}, iccid=iccid, to_revoke=why,
                       doubt=sim.doubt if sim.iccid == iccid else "")
        if not self.store.change(change, self._record(AuditEvent.SIM_MOVED, change, caller)):
            raise SimError("This card is another SIM's, or somebody was quicker.", code="card_taken")
        return self.advance(change.after, caller) if at_once else change.after

    def advance(self, sim: Sim, caller: Caller) -> Sim:
        """Take a SIM on as far as it goes without a person: registration, certificate, and the end of the first signature.

        Each time as it is then; what has been done is not done twice, and where somebody else was quicker it is theirs. What the
        service or the authority refuses stands as ``reason``, and the desk gives another card, or tries again.
        """
        try:
            sim = self._revoked(sim, caller)
            if sim.state is State.CARD_GIVEN and not sim.to_revoke:
                return self.cards.registered(sim, caller)
            return self._tested(sim, caller) if sim.state is State.BOUND and sim.test_transaction and not sim.doubt else sim
        except SimError as err:
            if err.code != "changed":
                raise
            return self.store.find(sim.sim_id) or sim

    def settle(self, caller: Caller, *, most: int) -> int:
        """Take on whatever waits; for the worker. Gives how many SIMs went on."""
        now, gone_on = self._clock.now(), 0
        for sim in self.store.on_the_way(tried_before=now - RETRY_SECONDS, refused_before=now - REFUSED_SECONDS, limit=most):
            self.store.checked(sim, now)  # first, so that one which fails in whatever way lets the others go before it
            gone_on += self.advance(sim, caller).revision != sim.revision
        return gone_on

    # The first signature

    def test(self, sub: str, sim_id: str, caller: Caller) -> Sim:
        """Ask the phone for the first signature; while one is under way nothing is asked again.

        Raises:
            SimError: 404; 409 ``wrong_state``.
            RefusedError: as ``Signing.ask``.
            UnavailableError: as ``Signing.ask``.
        """
        actor = Actor(sub)
        sim = self.seen(actor, sim_id)
        if sim.test_transaction:
            sim = self.advance(sim, caller)
            if sim.state is not State.BOUND or sim.test_transaction:
                return sim
        now = self._clock.now()
        change = moved(sim, Act.TEST, actor, now)
        digest = hashlib.sha256(f"{sim_id}:{sim.revision}".encode()).digest()
        officer = self._mirror.by_sub(sub)
        one = self._signing.ask(Order(
            client_id=TEST, idempotency_key=f"{sim_id}:{sim.revision}", sub=sub, unit_code=sim.unit_code, digest_name="sha256",
            title=officer.officer.main_post.title if officer is not None else "", digest=digest, document="KY THU",
            subject=f"Ký thử để kích hoạt SIM ký số {sim.iccid}", iccid=sim.iccid), caller)
        after = dataclasses.replace(change.after, test_transaction=one.transaction_id)
        return self._write(dataclasses.replace(change, after=after), caller)

    def _tested(self, sim: Sim, caller: Caller) -> Sim:
        one = self._signing.look(self._signing.find(TEST, sim.test_transaction), caller)
        if one.state in UNDER_WAY:
            return sim
        now = self._clock.now()
        if one.state is SignatureState.READY:
            try:
                self._signing.release(TEST, one.transaction_id, one.digest, caller)
            except RefusedError:  # it came too late, or was ended this very moment: what became of it stands there
                one = self._signing.find(TEST, sim.test_transaction)
                if one.state is SignatureState.READY:
                    return sim
        if one.state not in (SignatureState.READY, SignatureState.RELEASED):
            return self._write(moved(sim, Act.TEST, _NOBODY, now, system=True, test_transaction="", reason=one.outcome,
                                     detail={"reason": one.outcome}), caller)
        active = self._write(moved(sim, Act.ACTIVATE, _NOBODY, now, system=True, reason=""), caller)
        for earlier in self.store.of_number(sim.msisdn):
            if earlier.state in (State.LOST, State.SWAPPED):
                self._write(moved(earlier, Act.REPLACE, _NOBODY, now, system=True, detail={"by": sim.sim_id}), caller)
        return active

    # In use, and the end

    def act(self, actor: Actor, sim_id: str, act: Act, caller: Caller, *, reason: str = "") -> Sim:
        """Report a loss, unlock, refuse, or end a SIM.

        Raises:
            SimError: 404; 409 ``wrong_state``, ``another_person``, ``changed``; 403 ``not_yours``; 422 ``reason_needed``.
        """
        said = reason.strip()
        if (act in REASONED and not said) or len(said) > LONGEST_REASON or not said.replace("\n", " ").isprintable():
            raise SimError("Please say why, in at most 300 characters.", code="reason_needed", status=422)
        return self._ended(self.seen(actor, sim_id), act, actor, caller, said, system=False)

    def noted(self, sim: Sim, act: Act, caller: Caller, reason: str = "", *, doubt: str | None = None) -> Sim:
        """Note what the carrier, the directory or time says of a SIM, which begins or ends a doubt; nothing where it is past."""
        try:
            return self._ended(sim, act, _NOBODY, caller, reason, system=True, doubt=doubt)
        except SimError:
            return sim

    def _ended(self, sim: Sim, act: Act, actor: Actor, caller: Caller, reason: str, *, system: bool,
               doubt: str | None = None) -> Sim:
        """Do it, on whatever somebody else has made of the SIM meanwhile: a loss or a swap must not lose a race."""
        for _ in range(_MOST_RACES):
            try:
                return self._revoked(self._stepped(sim, act, actor, caller, reason, system=system, doubt=doubt), caller)
            except SimError as err:
                found = self.store.find(sim.sim_id)
                if err.code != "changed" or found is None:
                    raise
                sim = found
        raise SimError("Somebody else has changed this SIM meanwhile.", code="changed")

    def _stepped(self, sim: Sim, act: Act, actor: Actor, caller: Caller, reason: str, *, system: bool, doubt: str | None) -> Sim:
        why = _REVOKES.get(act, "") if sim.serial else ""
        if act is not Act.DOUBT and doubt not in (None, sim.doubt):
            raise SimError("The SIM is not in this doubt.", code="wrong_state")
        told: dict[str, Any] = {"login_certificate": b""} if act is Act.END_LOGIN else {
            "reason": reason, "doubt": doubt if act is Act.DOUBT else sim.doubt}
        return self._write(moved(sim, act, actor, self._clock.now(), system=system, **told,
                                 detail={"reason": reason} if reason else {}, to_revoke=why or sim.to_revoke), caller)

    def _revoked(self, sim: Sim, caller: Caller) -> Sim:
        """Revoke what is to be revoked; what fails stays noted, and the worker does it."""
        if sim.to_revoke:
            try:
                why = sim.to_revoke
                if sim.login_serial:  # first: the other one may be the Government's to revoke, which takes its time
                    self._certifier.revoke(sim.login_serial, sim.login_authority, "swapped" if why == _LOGIN else why, caller)
                if why != _LOGIN:
                    self._certifier.revoke(sim.serial, sim.authority, why, caller, certificate=sim.certificate)
            except (UnavailableError, RefusedError):
                return sim
            self.store.revoked(sim)
            return dataclasses.replace(sim, to_revoke="")
        return sim

    def _write(self, change: SimChange, caller: Caller) -> Sim:
        after, before = change.after, change.before
        notice = None
        if after.state in _TOLD and before is not None and before.state is not after.state:
            notice = self._told(after, caller)
        if not self.store.change(change, self._record(AuditEvent.SIM_MOVED, change, caller), notice):
            raise SimError("Somebody else has changed this SIM meanwhile.", code="changed")
        return after

    def _told(self, sim: Sim, caller: Caller) -> Notice:
        return Notice(NoticeKind.SIM_CHANGED, sim.sub, self._clock.now(), caller.source,
                      {"state": sim.state.value, "number": sim.msisdn[-3:]})

    def _record(self, event: AuditEvent, change: SimChange, caller: Caller) -> AuditRecord:
        detail: dict[str, Any] = {"sim": change.after.sim_id, "act": change.entry.act.value, "state": change.after.state.value,
                                  "unit": change.after.unit_code, **change.entry.detail, **caller.by}
        return AuditRecord(event, change.entry.at, sub=change.after.sub, source=caller.source, request_id=caller.request_id,
                           detail=detail)

    def _digest(self, sim_id: str, code: str) -> bytes:
        return hmac.new(self._key, f"{sim_id}:{code}".encode(), hashlib.sha256).digest()
