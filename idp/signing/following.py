"""What becomes of a transaction once it is stored: the phone is asked, the answer is asked for, and the signature is verified.

Source: ETSI TS 102 204 §6 (what is asked); security checklist 58, fault F-22. Whatever dies between two steps, the worker finds
the transaction and goes on under the same name, which the service knows. What comes back is kept at once, whatever it is worth;
it is verified here, with the certificate that belongs to the card and its standing, before anybody gets it, and what comes too
late is evidence and nothing else. Each service is asked apart from the others, so that one that is silent holds up none.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..errors import RefusedError, UnavailableError
from ..notices import Notice, NoticeKind
from ..pki.shown_certificate import UNREADABLE
from .mobile_signature import Answer, MobileSignatureService, SignatureRequest
from .outcome import Outcome
from .ports import TEST, BoundSim, Sims, Standings, TransactionStore
from .signature import SignatureError, verified
from .transaction import APPROVAL, LOGIN, NOT_FETCHED, SIM_BLOCKED, STANDING_UNKNOWN, Change, State, Transaction, changed

_LATE_SECONDS: Final = 300
"""How long a service is asked for a signature that nobody waits for any more, and others for a standing."""
_OF_THE_CARD: Final = frozenset({Outcome.PIN_BLOCKED, Outcome.CARD_BLOCKED, Outcome.UNSUITABLE_SIM, Outcome.NOT_REGISTERED})
_OF_LOGIN: Final = {AuditEvent.SIGNATURE_ASKED: AuditEvent.FACTOR_ASKED, AuditEvent.SIGNATURE_ENDED: AuditEvent.FACTOR_ANSWERED}
_UNCONFIRMED: Final = {LOGIN: NoticeKind.SIGN_IN_UNCONFIRMED, APPROVAL: NoticeKind.APPROVAL_UNCONFIRMED}
_WARNS: Final = frozenset({Outcome.CANCELLED, Outcome.WRONG_PIN, Outcome.TIMED_OUT})
"""What an officer is told of who was asked to confirm something: it may be that somebody else began it."""
_UNKNOWN: Final = "It is not known whether the phone was asked."


@dataclass(frozen=True, slots=True)
class Rules:
    """How phones are asked.

    Attributes:
        timeout_seconds: How long an officer has.
        margin_seconds: How much later the service's own word about it may come.
        asker_seconds: When the worker looks after a transaction whose asker did not come to ask the service; also how long one
            look may take, so more than the time-out of a call.
        first_seconds: When the service is first asked for the answer (no sooner than 10 s, by the usual rules of services).
        again_seconds: And how long after that, each time (5 s).
        fetch_seconds: How long a signature waits for the application.
        refusals: After so many within ``pause_seconds`` an officer is left alone for that long.
        approval_pause_seconds: After each refusal of an approval no phone is asked for another one for so long: what an
            application asks by name was not begun by the officer.
    """

    timeout_seconds: int = 120
    margin_seconds: int = 30
    asker_seconds: int = 30
    first_seconds: int = 10
    again_seconds: int = 5
    fetch_seconds: int = 300
    refusals: int = 3
    pause_seconds: int = 900
    approval_pause_seconds: int = 300


class _AwayError(Exception):
    """A service does not answer; the transaction waits."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__()
        self.transaction = transaction


class Following:
    """Takes transactions on.

    Args:
        store: Where they rest.
        sims: Whose SIM it is.
        standings: How certificates stand.
        services: The carriers' services, by name.
        clock: Source of the time.
        rules: How phones are asked.
    """

    def __init__(self, store: TransactionStore, sims: Sims, standings: Standings, services: Mapping[str, MobileSignatureService],
                 clock: Clock, rules: Rules) -> None:
        self._store, self._sims, self._standings, self._services = store, sims, standings, services
        self._clock, self._rules = clock, rules

    def go_on(self, caller: Caller, *, most: int) -> int:
        """Look at whatever is due: what was never sent, answers, and signatures that are late.

        Returns:
            How many were looked at. What is due at a service that does not answer waits for the next time.

        Raises:
            UnavailableError: the database does not answer.
        """
        looked, failed = list[int](), list[BaseException]()

        def one(carrier: str) -> None:
            try:
                looked.append(self._all_of(carrier, caller, most))
            except BaseException as err:
                failed.append(err)

        threads = [threading.Thread(target=one, args=(carrier,), name=f"signing-{carrier}")
                   for carrier in self._store.carriers_due(self._clock.now())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return sum(looked)

    def _all_of(self, carrier: str, caller: Caller, most: int) -> int:
        done = 0
        try:
            for one in self._store.due(carrier, self._clock.now(), limit=most):
                done += 1
                self._look(one, caller)
        except _AwayError:
            pass
        return done

    def look(self, one: Transaction, caller: Caller) -> Transaction:
        """Ask the service about one transaction that is due, and give it as it is then; of two who look one asks.

        Nobody asks a service more often by looking more often. Only one that still occupies its card when its time is over is
        looked at before it is due.
        """
        now = self._clock.now()
        if one.next_try_at is not None and one.next_try_at > now and not (one.occupies and now > one.deadline_at):
            return one
        try:
            return self._look(one, caller)
        except _AwayError as away:
            return away.transaction

    def _look(self, one: Transaction, caller: Caller) -> Transaction:
        if one.next_try_at is None:
            return one
        claimed = self._store.claim(one, self._clock.now() + self._rules.asker_seconds)
        if claimed is None:
            return self._store.find(one.transaction_id) or one
        if claimed.state is State.READY:
            return self._end(claimed, State.FAILED, NOT_FETCHED, caller)
        return self._send(claimed, caller) if claimed.state is State.CREATED else self._poll(claimed, caller)

    def send(self, one: Transaction, caller: Caller) -> Transaction:
        """Ask the phone; under the same name as before where the service may have heard it."""
        try:
            return self._send(one, caller)
        except _AwayError as away:
            return away.transaction

    def _send(self, one: Transaction, caller: Caller) -> Transaction:
        service = self._services.get(one.carrier)
        if service is None or (one.proves and not service.authenticates):
            return self._end(one, State.FAILED, Outcome.SERVICE_DOWN, caller, note="There is no such service.")
        if self._clock.now() > one.deadline_at:
            return self._given_up(one, caller)
        try:
            answer = service.sign(SignatureRequest(one.transaction_id, one.msisdn, one.digest, one.digest_name, one.text,
                                                   one.timeout_seconds, "authentication" if one.proves else "signing"))
        except UnavailableError:
            raise _AwayError(self._wait(one)) from None
        if answer.outcome.may_be_sent_again:
            raise _AwayError(self._write(changed(
                one, one.state, self._clock.moment(), code=answer.code, finer=answer.finer, note=answer.message,
                proofs=_exchange(answer), next_try_at=self._clock.now() + self._rules.again_seconds), None))
        if not answer.outcome.is_open and not answer.outcome.has_signed:
            return self._end(one, State.FAILED, answer.outcome, caller, answer)
        change = changed(one, State.SENT, self._clock.moment(), code=answer.code, note=answer.message, proofs=_exchange(answer),
                         service_transaction=answer.service_transaction, deadline_at=self._until(one),
                         next_try_at=self._clock.now() + self._rules.first_seconds)
        if not self._store.change(change, None):
            return self._learned(change.after, answer)
        return self._signed(change.after, answer, caller) if answer.outcome.has_signed else change.after

    def _until(self, one: Transaction) -> int:
        """Say until when a phone may show what it is asked now; a question that was sent again began no later."""
        return self._clock.now() + one.timeout_seconds + self._rules.margin_seconds

    def _given_up(self, one: Transaction, caller: Caller) -> Transaction:
        """End a question whose service never answered. The last try may have reached the phone: its card waits that long."""
        until = self._until(one)
        change = changed(one, State.TIMED_OUT, self._clock.moment(), note=_UNKNOWN, outcome=Outcome.TIMED_OUT.value,
                         ended_at=self._clock.now(), deadline_at=until, next_try_at=until + 1)
        return self._write(change, self._record(AuditEvent.SIGNATURE_ENDED, change.after, caller))

    def _learned(self, one: Transaction, answer: Answer) -> Transaction:
        """Keep the service's name of a transaction that somebody has ended while it was being sent: the phone was asked."""
        found = self._store.find(one.transaction_id)
        if found is None or found.service_transaction or found.state not in (State.FAILED, State.TIMED_OUT):
            return found or one
        return self._write(changed(found, found.state, self._clock.moment(), code=answer.code, proofs=_exchange(answer),
                                   service_transaction=answer.service_transaction,
                                   next_try_at=self._clock.now() + self._rules.again_seconds), None)

    def _poll(self, one: Transaction, caller: Caller) -> Transaction:
        """Ask what became of it."""
        now = self._clock.now()
        if one.signed_at is not None and one.state is State.SENT:
            return self._vouched(one, caller)
        waited_for, over = one.state is State.SENT, now > one.deadline_at
        if not waited_for and (now > one.deadline_at + _LATE_SECONDS or (over and not one.service_transaction)):
            return self._write(changed(one, one.state, self._clock.moment(), next_try_at=None, occupies=False), None)
        if not one.service_transaction:
            return self._wait(one, one.deadline_at + 1 - now)
        service = self._services.get(one.carrier)
        try:
            if service is None:
                raise UnavailableError("There is no such service.", dependency="mobile_signature", debug=one.carrier)
            answer = service.status(f"q{secrets.token_hex(16)}", one.service_transaction, one.msisdn)
        except UnavailableError:
            raise _AwayError(self._open(one, None, caller)) from None
        if answer.outcome.is_open or answer.outcome.may_be_sent_again:
            return self._open(one, answer, caller)
        if answer.outcome.has_signed:
            return self._signed(one, answer, caller)
        if waited_for:
            return self._end(one, State.FAILED, answer.outcome, caller, answer)
        return self._write(changed(one, one.state, self._clock.moment(), code=answer.code, finer=answer.finer,
                                   proofs=_exchange(answer), next_try_at=None, occupies=False), None)

    def _open(self, one: Transaction, answer: Answer | None, caller: Caller) -> Transaction:
        """Wait on, as long as anybody does."""
        over = self._clock.now() > one.deadline_at
        if over and one.state is State.SENT:
            return self._end(one, State.TIMED_OUT, Outcome.TIMED_OUT, caller, answer)
        if over and one.occupies:
            return self._write(changed(one, one.state, self._clock.moment(), occupies=False,
                                       next_try_at=self._clock.now() + self._rules.again_seconds), None)
        return self._wait(one)

    def _signed(self, one: Transaction, answer: Answer, caller: Caller) -> Transaction:
        """Verify what came, and keep it where it belongs: to be released, or as evidence alone."""
        assert answer.signature is not None
        proofs = {**_exchange(answer), "signature": answer.signature}
        if one.state is not State.SENT or self._clock.now() > one.deadline_at:
            before = one
            if one.state is State.SENT:
                before = self._end(one, State.TIMED_OUT, Outcome.TIMED_OUT, caller)
                if before.state not in (State.TIMED_OUT, State.FAILED):
                    return before
            change = changed(before, State.LATE, self._clock.moment(), code=answer.code, proofs=proofs, next_try_at=None)
            return self._write(change, self._record(AuditEvent.SIGNATURE_ENDED, change.after, caller))
        return self._verified(one, answer.signature, answer.code, proofs, caller)

    def _vouched(self, one: Transaction, caller: Caller) -> Transaction:
        """Ask again how the certificate of a signature stands that has come already."""
        kept = next(event.proofs["signature"] for event in reversed(self._store.events(one.transaction_id))
                    if "signature" in event.proofs)
        signature = self._store.blob(kept)
        assert signature is not None
        return self._verified(one, signature, 0, {}, caller)

    def _verified(self, one: Transaction, signature: bytes, code: int, proofs: Mapping[str, bytes],
                  caller: Caller) -> Transaction:
        der = self._store.blob(one.certificate.hex())
        assert der is not None, "kept when the transaction began"
        try:
            found = verified(x509.load_der_x509_certificate(der), one.digest_name, one.digest, signature)
        except (*UNREADABLE, SignatureError) as err:
            return self._end(one, State.FAILED, Outcome.INVALID, caller, proofs=proofs, code=code, note=str(err))
        if self.still_signs(one) is None:
            return self._end(one, State.FAILED, SIM_BLOCKED, caller, proofs=proofs, code=code)
        now = self._clock.now()
        try:
            standing = self._standings.of(der)
        except UnavailableError as err:
            if one.signed_at is None:
                return self._write(changed(one, one.state, self._clock.moment(), code=code, proofs=proofs, note=err.debug,
                                           signed_at=now, next_try_at=now + self._rules.again_seconds), None)
            if now <= one.signed_at + _LATE_SECONDS:
                return self._wait(one)
            return self._end(one, State.FAILED, STANDING_UNKNOWN, caller)
        proofs = {**proofs, "standing": standing.proof}
        if standing.status != "good":
            return self._end(one, State.FAILED, Outcome.REVOKED, caller, proofs=proofs, code=code)
        change = changed(one, State.READY, self._clock.moment(), code=code, proofs=proofs, note=found.scheme,
                         signature=found.octets, outcome=Outcome.VALID.value, ended_at=now,
                         next_try_at=now + self._rules.fetch_seconds + 1)
        return self._write(change, self._record(AuditEvent.SIGNATURE_ENDED, change.after, caller))

    def still_signs(self, one: Transaction) -> BoundSim | None:
        """Give the SIM that was asked if it is still the officer's, neither lost nor blocked, with that key; else None."""
        try:
            sim = self._sims.authenticating(one.sub) if one.proves else (
                self._sims.signing(one.sub, testing=one.client_id == TEST, iccid=one.iccid))
        except RefusedError:
            return None
        return sim if sim.iccid == one.iccid and hashlib.sha256(sim.certificate).digest() == one.certificate else None

    def _end(self, one: Transaction, state: State, outcome: str, caller: Caller, answer: Answer | None = None, *, code: int = 0,
             proofs: Mapping[str, bytes] | None = None, note: str = "") -> Transaction:
        now = self._clock.now()
        # A phone that was asked may still sign.
        watched = now + self._rules.again_seconds if state is State.TIMED_OUT and one.service_transaction else None
        change = changed(one, state, self._clock.moment(), code=answer.code if answer else code,
                         finer=answer.finer if answer else None, note=note or (answer.message if answer else ""),
                         proofs=proofs or (_exchange(answer) if answer else None), outcome=str(outcome), ended_at=now,
                         next_try_at=watched, occupies=False)
        ended = self._write(change, self._record(AuditEvent.SIGNATURE_ENDED, change.after, caller), self._warning(change.after))
        if outcome in _OF_THE_CARD:
            self._sims.told(one.sub, one.iccid, Outcome(outcome))
        return ended

    def end(self, one: Transaction, outcome: str, caller: Caller) -> Transaction:
        """End a signature that is ready and may not be given out."""
        return self._end(one, State.FAILED, outcome, caller)

    def _wait(self, one: Transaction, seconds: int | None = None) -> Transaction:
        """Look again a little later; nothing has happened that its history would tell."""
        after = max(1, self._rules.again_seconds if seconds is None else seconds)
        return self._store.claim(one, self._clock.now() + after) or self._store.find(one.transaction_id) or one

    def _warning(self, one: Transaction) -> Notice | None:
        """Make what an officer is told whose phone was asked who they are and did not say so: by whom, from where, and how."""
        if not one.proves or one.outcome not in _WARNS or not one.service_transaction:
            return None
        return Notice(_UNCONFIRMED[one.purpose], one.sub, self._clock.now(), one.source,
                      {"application": one.subject, "outcome": one.outcome})

    def _write(self, change: Change, record: AuditRecord | None, warning: Notice | None = None) -> Transaction:
        """Write a step; where somebody was first, give what they have made of it."""
        if self._store.change(change, record) if warning is None or record is None else self._store.warn(change, record, warning):
            return change.after
        return self._store.find(change.after.transaction_id) or change.after

    def _record(self, event: AuditEvent, one: Transaction, caller: Caller) -> AuditRecord:
        return record_of(event, one, caller, self._clock.now())


def record_of(event: AuditEvent, one: Transaction, caller: Caller, now: int) -> AuditRecord:
    """Give the record of a step; what is asked for signing in is told of as such, and never as a signature."""
    if one.proves:
        of_approval = one.purpose == APPROVAL
        return AuditRecord(_OF_LOGIN[event], now, sub=one.sub, client_id=one.client_id if of_approval else "",
                           source=caller.source, request_id=caller.request_id, detail={
            "factor": "sim", "transaction": one.transaction_id, "state": one.state.value, "outcome": one.outcome,
            **({"for": one.purpose} if of_approval else {})})
    return AuditRecord(event, now, sub=one.sub, client_id=one.client_id, sid=one.sid, source=caller.source,
                       request_id=caller.request_id, detail={
                           "transaction": one.transaction_id, "state": one.state.value, "outcome": one.outcome,
                           "document": one.document})


def _exchange(answer: Answer) -> dict[str, bytes]:
    return {"sent": answer.exchange.sent, "received": answer.exchange.received}
