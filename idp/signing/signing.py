"""Asking an officer's phone for a signature, and giving it to the application that asked, once.

Source: ETSI TS 102 204 §6 (what is asked); security checklist 57 and 58, fault F-22. Stored first, asked afterwards: whatever
dies between two steps, the worker finds the transaction and goes on under the same name, which the service knows. The hash is
fixed when the transaction begins; what comes back is verified here, with the card's certificate and its standing at that moment,
before anybody gets it. Two signatures are never asked of one card at the same time, an officer who has refused several times is
left alone for a while, and what comes too late is kept and never released.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..errors import RefusedError, UnavailableError
from ..pki.shown_certificate import UNREADABLE
from .mobile_signature import Answer, DigestName, MobileSignatureService, SignatureRequest
from .outcome import Outcome
from .ports import BoundSim, Sims, Standings, TransactionStore
from .signature import SignatureError, verified
from .sim_text import sim_text
from .transaction import (
    DENIED,
    NOT_FETCHED,
    OPEN,
    REFUSALS,
    Change,
    State,
    Transaction,
    begun,
    changed,
    refused_too_often,
)
from .verification_code import verification_code

_LENGTHS: Final[Mapping[DigestName, int]] = {"sha256": 32, "sha384": 48, "sha512": 64}
_AGAIN_SECONDS: Final = 5
_LATE_SECONDS: Final = 300
"""How long a service is asked for a signature that nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How phones are asked.

    Attributes:
        timeout_seconds: How long an officer has.
        margin_seconds: How much later the service's own word about it may come.
        asker_seconds: When the worker looks after a transaction whose asker did not come to ask the service.
        first_seconds: When the service is first asked for the answer (no sooner than 10 s, by the usual rules of services).
        again_seconds: And how long after that, each time (5 s).
        fetch_seconds: How long a signature waits for the application.
        refusals: After so many within ``pause_seconds`` an officer is left alone for that long.
    """

    timeout_seconds: int = 120
    margin_seconds: int = 10
    asker_seconds: int = 30
    first_seconds: int = 10
    again_seconds: int = 5
    fetch_seconds: int = 300
    refusals: int = 3
    pause_seconds: int = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an application wants signed; fields as in ``Transaction``."""

    client_id: str
    idempotency_key: str
    sub: str
    unit_code: str
    title: str
    digest_name: DigestName
    digest: bytes
    document: str
    subject: str
    sid: str = ""
    acr: str = ""
    amr: str = ""
    auth_time: int = 0


class Signing:
    """Signatures by SIM.

    Args:
        store: Where transactions rest.
        sims: Whose SIM it is.
        standings: How certificates stand.
        services: The carriers' services, by name.
        clock: Source of the time.
        rules: How phones are asked.
    """

    def __init__(self, store: TransactionStore, sims: Sims, standings: Standings, services: Mapping[str, MobileSignatureService],
                 clock: Clock, rules: Rules = Rules()) -> None:
        self._store, self._sims, self._standings, self._services = store, sims, standings, services
        self._clock, self._rules = clock, rules

    def ask(self, order: Order, caller: Caller) -> Transaction:
        """Store a transaction and ask the phone.

        Asked again with the same key by the same application it is the same transaction, and the phone is not asked again.

        Returns:
            The transaction: ``sent`` where the service has taken it, ``created`` where it does not answer yet (the worker goes
            on), ``failed`` where it refused.

        Raises:
            RefusedError: 404 ``no_sim``; 409 ``sim_blocked``, ``sim_busy``, ``certificate_unfit``, ``key_used`` (the key stands
                for another document); 422 ``invalid_hash``; 429 ``refused_too_often``.
            UnavailableError: the database, or whoever knows the certificate's standing, does not answer; nothing was asked.
        """
        if len(order.digest) != _LENGTHS[order.digest_name]:
            raise RefusedError("The hash has not the length of its algorithm.", code="invalid_hash", status=422)
        known = self._store.by_key(order.client_id, order.idempotency_key)
        if known is not None:
            return _same(known, order)
        now = self._clock.now()
        pause = refused_too_often(self._store.refusals(order.sub, REFUSALS, now - self._rules.pause_seconds), now,
                                  most=self._rules.refusals, pause_seconds=self._rules.pause_seconds)
        if pause:
            raise RefusedError("The officer has refused several times and is left alone for a while.", code="refused_too_often",
                               status=429, retry_after_seconds=pause)
        sim = self._sims.signing(order.sub)
        proof = self._fit(sim)
        change = self._begin(order, sim, caller, proof)
        record = AuditRecord(AuditEvent.SIGNATURE_ASKED, now, sub=order.sub, client_id=order.client_id, sid=order.sid,
                             source=caller.source, request_id=caller.request_id, detail={
                                 "transaction": change.after.transaction_id, "document": order.document,
                                 order.digest_name: order.digest.hex(), "code": change.after.code})
        if not self._store.add(change, record):
            known = self._store.by_key(order.client_id, order.idempotency_key)
            if known is not None:
                return _same(known, order)
            raise RefusedError("This SIM is asked for another signature just now.", code="sim_busy", status=409,
                               retry_after_seconds=_AGAIN_SECONDS)
        return self._send(change.after, caller)

    def go_on(self, caller: Caller, *, most: int) -> int:
        """Ask services for whatever is due: what was never sent, answers, and signatures that are late.

        Returns:
            How many transactions have moved. One whose service does not answer waits for the next time, and holds up no other.
        """
        moved = 0
        for one in self._store.due(self._clock.now(), limit=most):
            before = one.revision
            moved += self.look(one, caller).revision != before
        return moved

    def look(self, one: Transaction, caller: Caller) -> Transaction:
        """Ask the service about one transaction, and give it as it is then."""
        if one.next_try_at is None:
            return one
        claimed = self._store.claim(one, self._clock.now() + self._rules.again_seconds)
        if claimed is None:
            return self._store.find(one.transaction_id) or one
        one = claimed
        if one.state is State.READY:
            return self._abandon(one, caller)
        return self._send(one, caller) if one.state is State.CREATED else self._poll(one, caller)

    def find(self, client_id: str, transaction_id: str) -> Transaction:
        """Give a client's own transaction. Raises RefusedError 404 for any other."""
        found = self._store.find(transaction_id)
        if found is None or found.client_id != client_id:
            raise RefusedError("There is no such signature.", code="not_found", status=404)
        return found

    def release(self, client_id: str, transaction_id: str, digest: bytes, caller: Caller) -> bytes:
        """Give a signature to the application that asked for it, over the hash that it asked for, once.

        Raises:
            RefusedError: 404; 409 ``not_signed``, ``already_released``, ``another_hash``, ``too_late``.
        """
        one = self.find(client_id, transaction_id)
        if one.digest != digest:
            raise RefusedError("The signature is over another hash.", code="another_hash", status=409)
        now = self._clock.now()
        if one.state is State.READY and now <= (one.ended_at or 0) + self._rules.fetch_seconds and one.signature is not None:
            change = changed(one, State.RELEASED, self._clock.moment(), next_try_at=None)
            if self._store.change(change, self._record(AuditEvent.SIGNATURE_RELEASED, change.after, caller)):
                return one.signature
            one = self.find(client_id, transaction_id)
        if one.state is State.RELEASED:
            raise RefusedError("The signature was given out already.", code="already_released", status=409)
        code = "too_late" if one.state is State.READY or one.outcome == NOT_FETCHED else "not_signed"
        raise RefusedError("There is no signature to give out.", code=code, status=409)

    def deny(self, sub: str, transaction_id: str, caller: Caller) -> Transaction:
        """Note that an officer never asked for it: it is over, whatever the phone still says.

        What was given out already cannot be taken back; that it was denied stands in its history and in the audit.

        Raises:
            RefusedError: 404: not theirs; 409 ``changed``.
        """
        one = self._store.find(transaction_id)
        if one is None or one.sub != sub:
            raise RefusedError("There is no such signature.", code="not_found", status=404)
        if one.outcome == DENIED:
            return one
        now, at = self._clock.now(), self._clock.moment()
        if one.state in OPEN or one.state is State.READY:
            watched = now + self._rules.again_seconds if one.service_transaction else None
            change = changed(one, State.FAILED, at, note=DENIED, outcome=DENIED, ended_at=now, next_try_at=watched)
        elif one.state is State.LATE:
            return one
        else:
            change = changed(one, one.state, at, note=DENIED)
        if not self._store.change(change, self._record(AuditEvent.SIGNATURE_DENIED, change.after, caller)):
            raise RefusedError("It has just changed. Please look again.", code="changed", status=409)
        return change.after

    def _begin(self, order: Order, sim: BoundSim, caller: Caller, proof: bytes) -> Change:
        now, at = self._clock.now(), self._clock.moment()
        code = verification_code(order.digest)
        transaction = Transaction(
            transaction_id=f"s{round(at.timestamp() * 1_000_000):014x}{secrets.token_hex(10)}", client_id=order.client_id,
            idempotency_key=order.idempotency_key, sub=order.sub, unit_code=order.unit_code, title=order.title, msisdn=sim.msisdn,
            iccid=sim.iccid, carrier=sim.carrier, certificate=hashlib.sha256(sim.certificate).digest(),
            digest_name=order.digest_name, digest=order.digest, document=order.document, subject=order.subject,
            text=sim_text(order.document, code), code=code, timeout_seconds=self._rules.timeout_seconds,
            state=State.CREATED, created_at=now,
            deadline_at=now + self._rules.timeout_seconds + self._rules.margin_seconds,
            next_try_at=now + self._rules.asker_seconds, sid=order.sid, acr=order.acr, amr=order.amr, auth_time=order.auth_time,
            source=caller.source, user_agent=caller.user_agent)
        return begun(transaction, at, {"certificate": sim.certificate, "standing": proof})

    def _fit(self, sim: BoundSim) -> bytes:
        """See that a SIM's certificate may sign documents now; gives who said so."""
        try:
            certificate = x509.load_der_x509_certificate(sim.certificate)
            usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
            at = datetime.fromtimestamp(self._clock.now(), UTC)
            fit = usage.content_commitment and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
        except (*UNREADABLE, x509.ExtensionNotFound):
            fit = False
        standing = self._standings.of(sim.certificate) if fit else None
        if standing is None or standing.status != "good":
            raise RefusedError("The certificate of this SIM does not sign documents now.", code="certificate_unfit", status=409)
        return standing.proof

    def _send(self, one: Transaction, caller: Caller) -> Transaction:
        """Ask the phone; under the same name as before where that is not known."""
        service = self._services.get(one.carrier)
        if self._clock.now() > one.deadline_at or service is None:
            return self._end(one, State.TIMED_OUT if service else State.FAILED, Outcome.TIMED_OUT if service else
                             Outcome.SERVICE_DOWN, caller)
        try:
            answer = service.sign(SignatureRequest(one.transaction_id, one.msisdn, one.digest, one.digest_name, one.text,
                                                   one.timeout_seconds))
        except UnavailableError as err:
            return self._wait(one, err.debug)
        if answer.outcome.may_be_sent_again:
            return self._wait(one, answer.message, answer)
        if not answer.outcome.is_open:
            return self._end(one, State.FAILED, answer.outcome, caller, answer)
        return self._write(changed(
            one, State.SENT, self._clock.moment(), code=answer.code, note=answer.message, proofs=_exchange(answer),
            service_transaction=answer.service_transaction, next_try_at=self._clock.now() + self._rules.first_seconds), None)

    def _poll(self, one: Transaction, caller: Caller) -> Transaction:
        """Ask what became of it."""
        now = self._clock.now()
        waited_for = one.state is State.SENT
        if not waited_for and now > one.deadline_at + _LATE_SECONDS:
            return self._write(changed(one, one.state, self._clock.moment(), next_try_at=None), None)
        service = self._services.get(one.carrier)
        try:
            if service is None:
                raise UnavailableError("There is no such service.", dependency="mobile_signature", debug=one.carrier)
            answer = service.status(f"q{secrets.token_hex(16)}", one.service_transaction, one.msisdn)
        except UnavailableError as err:
            over = waited_for and now > one.deadline_at
            return self._end(one, State.TIMED_OUT, Outcome.TIMED_OUT, caller) if over else self._wait(one, err.debug)
        if answer.outcome.is_open or answer.outcome.may_be_sent_again:
            over = waited_for and now > one.deadline_at
            return self._end(one, State.TIMED_OUT, Outcome.TIMED_OUT, caller, answer) if over else one
        if not answer.outcome.has_signed:
            if waited_for:
                return self._end(one, State.FAILED, answer.outcome, caller, answer)
            return self._write(changed(one, one.state, self._clock.moment(), code=answer.code, finer=answer.finer,
                                       proofs=_exchange(answer), next_try_at=None), None)
        return self._signed(one, answer, caller)

    def _signed(self, one: Transaction, answer: Answer, caller: Caller) -> Transaction:
        """Verify what came, and keep it where it belongs: to be released, or as evidence alone."""
        assert answer.signature is not None
        proofs = {**_exchange(answer), "signature": answer.signature}
        if one.state is not State.SENT or self._clock.now() > one.deadline_at:
            before = one
            if one.state is State.SENT:
                before = self._end(one, State.TIMED_OUT, Outcome.TIMED_OUT, caller)
                if before.state is not State.TIMED_OUT:
                    return before
            return self._write(changed(before, State.LATE, self._clock.moment(), code=answer.code, proofs=proofs,
                                       next_try_at=None), self._record(AuditEvent.SIGNATURE_ENDED, before, caller, late=True))
        der = self._certificate(one)
        try:
            found = verified(x509.load_der_x509_certificate(der), one.digest_name, one.digest, answer.signature)
        except (*UNREADABLE, SignatureError) as err:
            return self._end(one, State.FAILED, Outcome.INVALID, caller, answer, proofs=proofs, note=str(err))
        try:
            standing = self._standings.of(der)
        except UnavailableError as err:
            return self._wait(one, err.debug)
        proofs["standing"] = standing.proof
        if standing.status != "good":
            return self._end(one, State.FAILED, Outcome.REVOKED, caller, answer, proofs=proofs)
        now = self._clock.now()
        change = changed(one, State.READY, self._clock.moment(), code=answer.code, proofs=proofs, note=found.scheme,
                         signature=found.octets, outcome=Outcome.VALID.value, ended_at=now,
                         next_try_at=now + self._rules.fetch_seconds + 1)
        return self._write(change, self._record(AuditEvent.SIGNATURE_ENDED, change.after, caller))

    def _abandon(self, one: Transaction, caller: Caller) -> Transaction:
        """End a signature that the application did not take."""
        return self._end(one, State.FAILED, NOT_FETCHED, caller)

    def _certificate(self, one: Transaction) -> bytes:
        der = self._store.blob(one.certificate.hex())
        assert der is not None, "kept when the transaction began"
        return der

    def _end(self, one: Transaction, state: State, outcome: str, caller: Caller, answer: Answer | None = None, *,
             proofs: Mapping[str, bytes] | None = None, note: str = "") -> Transaction:
        now = self._clock.now()
        # A phone that was asked may still sign.
        watched = now + self._rules.again_seconds if state is State.TIMED_OUT and one.service_transaction else None
        change = changed(one, state, self._clock.moment(), code=answer.code if answer else 0,
                         finer=answer.finer if answer else None, note=note or (answer.message if answer else ""),
                         proofs=proofs or (_exchange(answer) if answer else None), outcome=str(outcome), ended_at=now,
                         next_try_at=watched)
        return self._write(change, self._record(AuditEvent.SIGNATURE_ENDED, change.after, caller))

    def _wait(self, one: Transaction, note: str, answer: Answer | None = None) -> Transaction:
        """Try again a little later, under the same name."""
        return self._write(changed(one, one.state, self._clock.moment(), note=note, code=answer.code if answer else 0,
                                   proofs=_exchange(answer) if answer else None,
                                   next_try_at=self._clock.now() + _AGAIN_SECONDS), None)

    def _write(self, change: Change, record: AuditRecord | None) -> Transaction:
        """Write a step; where somebody was first, give what they have made of it."""
        if self._store.change(change, record):
            return change.after
        return self._store.find(change.after.transaction_id) or change.after

    def _record(self, event: AuditEvent, one: Transaction, caller: Caller, *, late: bool = False) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), sub=one.sub, client_id=one.client_id, sid=one.sid, source=caller.source,
                           request_id=caller.request_id, detail={
                               "transaction": one.transaction_id, "state": State.LATE.value if late else one.state.value,
                               "outcome": one.outcome, "document": one.document})


def _same(known: Transaction, order: Order) -> Transaction:
    """See that a key stands for the same question."""
    if (known.digest, known.digest_name, known.sub) != (order.digest, order.digest_name, order.sub):
        raise RefusedError("This key stands for another signature.", code="key_used", status=409)
    return known


def _exchange(answer: Answer) -> dict[str, bytes]:
    return {"sent": answer.exchange.sent, "received": answer.exchange.received}
