"""Asking an officer's phone for a signature, and giving it to the application that asked, once.

Source: ETSI TS 102 204 §6 (what is asked); security checklist 57 and 58. Stored first, asked afterwards; the hash is fixed when
the transaction begins. Two signatures are never asked of one card at the same time, an officer who has refused several times is
left alone for a while, and what an officer never asked for is over as soon as they say so. In between: ``following``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..errors import RefusedError
from ..pki.shown_certificate import UNREADABLE
from .denial import Denials
from .following import Following, Rules, record_of
from .mobile_signature import DigestName, MobileSignatureService
from .outcome import Outcome
from .ports import TEST, BoundSim, Sims, Standings, TransactionStore
from .sim_text import sim_text
from .transaction import (
    ANSWERED,
    APPROVAL,
    DENIED,
    LOGIN,
    NOT_FETCHED,
    OPEN,
    SIGNATURE,
    SIM_BLOCKED,
    Change,
    Purpose,
    State,
    Transaction,
    begun,
    changed,
    refused_too_often,
)
from .verification_code import verification_code

_MOST_RACES: Final = 8
_BEGINS: Final[Mapping[Purpose, str]] = {SIGNATURE: "s", LOGIN: "l", APPROVAL: "a"}
"""What identifiers begin with, the moment after it: lists of signatures pass over all others by the index alone."""
_SIGNS: Final = "KY "
"""What a phone shows first where a document is signed: whatever an application calls that, it reads as no sign-in."""
_LENGTHS: Final[Mapping[DigestName, int]] = {"sha256": 32, "sha384": 48, "sha512": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an application wants signed; fields as in ``Transaction``.

    ``timeout_seconds``: where the officer has less time than usual.
    """

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
    purpose: Purpose = SIGNATURE
    binding: str = ""
    timeout_seconds: int = 0
    iccid: str = ""
    """The card that is asked; empty for the one by which the officer signs as themself."""


class Signing:
    """Signatures by SIM; arguments as of ``Following``, and who is told what officers deny."""

    def __init__(self, store: TransactionStore, sims: Sims, standings: Standings, services: Mapping[str, MobileSignatureService],
                 clock: Clock, rules: Rules | None = None, denials: Denials | None = None) -> None:
        self._store, self._sims, self._standings, self._clock, self._denials = store, sims, standings, clock, denials
        self._rules = rules or Rules()
        self._following = Following(store, sims, standings, services, clock, self._rules)

    @property
    def fetch_seconds(self) -> int:
        """How long a signature waits for the application."""
        return self._rules.fetch_seconds

    def ask(self, order: Order, caller: Caller, *, later: bool = False) -> Transaction:
        """Store a transaction and ask the phone; ``later``: the worker does, within a second, and no network is waited for.

        Asked again with the same key by the same application it is the same transaction, and the phone is not asked again.

        Returns:
            The transaction: ``sent`` where the service has taken it, ``created`` where it does not answer yet (the worker goes
            on), ``failed`` where it refused.

        Raises:
            RefusedError: 404 ``no_sim``; 409 ``sim_blocked``, ``sim_in_doubt``, ``sim_busy``, ``certificate_unfit``, ``key_used``
                (the key stands for another document); 422 ``invalid_hash``; 429 ``refused_too_often``.
            UnavailableError: the database, or whoever knows the certificate's standing, does not answer; nothing was asked.
        """
        if len(order.digest) != _LENGTHS[order.digest_name]:
            raise RefusedError("The hash has not the length of its algorithm.", code="invalid_hash", status=422)
        known = self._known(order)
        if known is not None:
            return _same(known, order)
        now = self._clock.now()
        pause = self._pause(order, now)
        if pause:
            raise RefusedError("The officer has refused and is left alone for a while.", code="refused_too_often",
                               status=429, retry_after_seconds=pause)
        sim = (self._sims.signing(order.sub, testing=order.client_id == TEST, iccid=order.iccid) if order.purpose == SIGNATURE
               else self._sims.authenticating(order.sub))
        if not self._is_free(sim, caller):
            return self._same_or_busy(order)  # it may be this very question, asked twice at once
        change = self._begin(order, sim, caller, self._fit(sim.certificate, order.purpose), later=later)
        record = record_of(AuditEvent.SIGNATURE_ASKED, change.after, caller, now)
        if order.purpose == SIGNATURE:
            record = dataclasses.replace(record, detail={
                "transaction": change.after.transaction_id, "document": order.document,
                order.digest_name: order.digest.hex(), "code": change.after.code})
        if not self._store.add(change, record):
            return self._same_or_busy(order)
        return change.after if later else self._following.send(change.after, caller)

    def go_on(self, caller: Caller, *, most: int) -> int:
        """Look at whatever is due; for the worker. See ``Following.go_on``."""
        return self._following.go_on(caller, most=most)

    def look(self, one: Transaction, caller: Caller) -> Transaction:
        """Look at one transaction. See ``Following.look``."""
        return self._following.look(one, caller)

    def find(self, client_id: str, transaction_id: str) -> Transaction:
        """Give a client's own signature. Raises RefusedError 404 for any other, and for what is none."""
        found = self._store.find(transaction_id)
        if found is None or found.client_id != client_id or found.purpose != SIGNATURE:
            raise RefusedError("There is no such signature.", code="not_found", status=404)
        return found

    def known(self, client_id: str, idempotency_key: str) -> Transaction | None:
        """Give the one that a client calls so; None where it never asked."""
        return self._store.by_key(client_id, idempotency_key)

    def release(self, client_id: str, transaction_id: str, digest: bytes, caller: Caller) -> bytes:
        """Give a signature to the application that asked for it, over the hash that it asked for, once.

        Raises:
            RefusedError: 404; 409 ``not_signed``, ``already_released``, ``another_hash``, ``too_late``; ``sim_blocked`` and
                ``certificate_unfit`` where it may not be given out any more.
            UnavailableError: the database, or whoever knows the certificate's standing, does not answer; it waits.
        """
        return self.release_all(client_id, [(transaction_id, digest)], caller)[0]

    def release_all(self, client_id: str, wanted: Sequence[tuple[str, bytes]], caller: Caller, *,
                    unused: bool = False) -> list[bytes]:
        """Give several signatures, in order, each as ``release``; none before all of them may be given.

        ``unused``: what was released reached nobody, and it is for whoever asks to see that one gets it (an act that dies
        between the first of several and the last must not cost the officer another signature).
        """
        return [self._give(*one, caller) for one in [self._releasable(client_id, *one, caller, unused=unused) for one in wanted]]

    def _releasable(self, client_id: str, transaction_id: str, digest: bytes, caller: Caller, *,
                    unused: bool) -> tuple[Transaction, BoundSim]:
        one = self.find(client_id, transaction_id)
        if one.digest != digest:
            raise RefusedError("The signature is over another hash.", code="another_hash", status=409)
        now = self._clock.now()
        there = one.state is State.READY or (unused and one.state is State.RELEASED and one.denied_at is None)
        if not there or now > (one.ended_at or 0) + self._rules.fetch_seconds or one.signature is None:
            raise _nothing(one)
        return one, self._still_good(one, caller)

    def _give(self, one: Transaction, sim: BoundSim, caller: Caller) -> bytes:
        """Give it out if the SIM is as it was looked at; where it has changed since, look again."""
        for _ in range(_MOST_RACES):
            if one.signature is None or one.state not in (State.READY, State.RELEASED):
                break
            if one.state is State.RELEASED:
                return one.signature
            change = changed(one, State.RELEASED, self._clock.moment(), next_try_at=None)
            record = record_of(AuditEvent.SIGNATURE_RELEASED, change.after, caller, self._clock.now())
            if self._store.release(change, record, sim):
                return one.signature
            one = self.find(one.client_id, one.transaction_id)
            if one.state is not State.READY:
                break
            sim = self._still_good(one, caller)
        raise _nothing(one)

    def deny(self, sub: str, transaction_id: str, caller: Caller) -> Transaction:
        """Note that an officer never asked for it: it is over, whatever the phone still says.

        What was given out already cannot be taken back; that it was denied stands in its history and in the audit, once.

        Whoever changes it at the same moment (the worker, who only looks) does not stop it.

        Raises:
            RefusedError: 404: not theirs; 409 ``changed``.
        """
        for _ in range(_MOST_RACES):
            one = self._store.find(transaction_id)
            if one is None or one.sub != sub or one.purpose != SIGNATURE:
                raise RefusedError("There is no such signature.", code="not_found", status=404)
            if one.denied_at is not None:
                return one
            denied = self._denied(one, caller)
            if denied is not None:
                return denied
        raise RefusedError("It has just changed. Please look again.", code="changed", status=409)

    def _denied(self, one: Transaction, caller: Caller) -> Transaction | None:
        """Write that it was denied; None where somebody was quicker."""
        now, at = self._clock.now(), self._clock.moment()
        if one.state in OPEN:
            change = self._stopped(one, DENIED, denied_at=now)
        elif one.state is State.READY:
            change = changed(one, State.FAILED, at, note=DENIED, outcome=DENIED, ended_at=now, denied_at=now, next_try_at=None)
        else:
            change = changed(one, one.state, at, note=DENIED, denied_at=now)
        told = self._denials.of(one, caller, now) if self._denials is not None else ()
        record = record_of(AuditEvent.SIGNATURE_DENIED, change.after, caller, now)
        return change.after if self._store.change(change, record, told) else None

    def _stopped(self, one: Transaction, outcome: str, **values: Any) -> Change:
        """Give the step by which something is over that the phone may still show.

        The card is free when the phone does not show it any more: the service's last word, or its time. One whose service has not
        answered may be asked at this very moment.
        """
        now = self._clock.now()
        until = one.deadline_at if one.service_transaction else now + one.timeout_seconds + self._rules.margin_seconds
        watched = now + self._rules.again_seconds if one.service_transaction else until + 1
        return changed(one, State.FAILED, self._clock.moment(), note=outcome, outcome=outcome, ended_at=now, deadline_at=until,
                       next_try_at=watched, **values)

    def withdraw(self, one: Transaction, caller: Caller) -> bool:
        """Note that a request was answered elsewhere, so that nobody waits for the phone; False where there is nothing to end.

        Raises:
            UnavailableError: the database does not answer.
        """
        if one.purpose != APPROVAL or one.state not in OPEN:
            return False
        change = self._stopped(one, ANSWERED)
        return self._store.change(change, record_of(AuditEvent.SIGNATURE_ENDED, change.after, caller, self._clock.now()))

    def bound(self, binding: str, caller: Caller) -> Transaction | None:
        """Give what a phone was last asked for a sign-in, as it is then."""
        one = self._store.bound(binding, LOGIN)
        return self._following.look(one, caller) if one is not None and one.state in OPEN else one

    def asked_about(self, binding: str) -> Transaction | None:
        """Give what a phone was asked for an approval, as it is stored; the worker takes it on."""
        return self._store.bound(binding, APPROVAL)

    def approving(self, one: Transaction, caller: Caller) -> tuple[Change, BoundSim] | None:
        """Give the step by which what a phone has confirmed is used up for an approval; None where there is nothing to use.

        Whoever writes it does so once, with all that the approval gives, and only while the SIM is as it is given here.

        Raises:
            RefusedError: as ``opened``.
            UnavailableError: as ``opened``.
        """
        if one.purpose != APPROVAL or not self._fresh(one):
            return None
        sim = self._still_good(one, caller)
        return changed(one, State.RELEASED, self._clock.moment(), next_try_at=None, signature=None), sim

    def opened(self, one: Transaction, entry_uuid: str, record: AuditRecord, caller: Caller) -> bool:
        """Take what a phone has confirmed for a sign-in, once, with the record of it; False where there is nothing to take.

        Raises:
            RefusedError: 409: the SIM was lost, or its certificate withdrawn, since it signed.
            UnavailableError: the database, or whoever knows the certificate's standing, does not answer; it waits.
        """
        if one.purpose != LOGIN or not self._fresh(one):
            return False
        sim = self._still_good(one, caller)
        return self._store.take(changed(one, State.RELEASED, self._clock.moment(), next_try_at=None, signature=None), record,
                                entry_uuid, sim)

    def _fresh(self, one: Transaction) -> bool:
        return one.state is State.READY and self._clock.now() <= (one.ended_at or 0) + self._rules.fetch_seconds

    def _pause(self, order: Order, now: int) -> int:
        """Say for how many seconds the officer is left alone with what is asked; what is refused is counted for each purpose."""
        rules = self._rules
        earlier = self._store.refusals(order.sub, order.purpose, now - rules.pause_seconds, most=rules.refusals)
        pause = refused_too_often(earlier, now, most=rules.refusals, pause_seconds=rules.pause_seconds)
        if order.purpose != APPROVAL:
            return pause
        return max(pause, refused_too_often(earlier, now, most=1, pause_seconds=rules.approval_pause_seconds))

    def _begin(self, order: Order, sim: BoundSim, caller: Caller, proof: bytes, *, later: bool) -> Change:
        now, at = self._clock.now(), self._clock.moment()
        code = verification_code(order.digest)
        timeout = min(self._rules.timeout_seconds, order.timeout_seconds or self._rules.timeout_seconds)
        transaction = Transaction(
            transaction_id=f"{_BEGINS[order.purpose]}{round(at.timestamp() * 1_000_000):014x}{secrets.token_hex(10)}",
            client_id=order.client_id, idempotency_key=order.idempotency_key, sub=order.sub, unit_code=order.unit_code,
            title=order.title, msisdn=sim.msisdn,
            iccid=sim.iccid, carrier=sim.carrier, certificate=hashlib.sha256(sim.certificate).digest(),
            digest_name=order.digest_name, digest=order.digest, document=order.document, subject=order.subject,
            text=sim_text(f"{_SIGNS if order.purpose == SIGNATURE and order.client_id != TEST else ''}{order.document}", code),
            code=code, timeout_seconds=timeout,
            state=State.CREATED, created_at=now, deadline_at=now + timeout + self._rules.margin_seconds,
            next_try_at=now + (0 if later else self._rules.asker_seconds), sid=order.sid, acr=order.acr, amr=order.amr,
            auth_time=order.auth_time, purpose=order.purpose, binding=order.binding,
            source=caller.source, user_agent=caller.user_agent)
        return begun(transaction, at, {"certificate": sim.certificate, "standing": proof})

    def _is_free(self, sim: BoundSim, caller: Caller) -> bool:
        """Tell whether a card shows nothing; one whose time is over is looked at, should the worker not have come to it."""
        other = self._store.occupying(sim.iccid)
        if other is not None and self._clock.now() > other.deadline_at:
            self._following.look(other, caller)
            other = self._store.occupying(sim.iccid)
        return other is None

    def _known(self, order: Order) -> Transaction | None:
        """Give what was asked before under this name; a sign-in has none, and goes by its binding."""
        return self._store.by_key(order.client_id, order.idempotency_key) if order.purpose == SIGNATURE else None

    def _same_or_busy(self, order: Order) -> Transaction:
        known = self._known(order)
        if known is not None:
            return _same(known, order)
        raise RefusedError("This SIM is asked for another signature just now.", code="sim_busy", status=409,
                           retry_after_seconds=max(1, self._rules.again_seconds))

    def _fit(self, der: bytes, purpose: Purpose) -> bytes:
        """See that a certificate is for what is asked, and for nothing else that is asked here (RFC 3739 §3.2.3), and stands now.

        Gives who said so.
        """
        try:
            certificate = x509.load_der_x509_certificate(der)
            usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
            at = datetime.fromtimestamp(self._clock.now(), UTC)
            meant = usage.content_commitment if purpose == SIGNATURE else (
                usage.digital_signature and not usage.content_commitment)
            fit = meant and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
        except (*UNREADABLE, x509.ExtensionNotFound):
            fit = False
        standing = self._standings.of(der) if fit else None
        if standing is None or standing.status != "good":
            raise _unfit()
        return standing.proof

    def _still_good(self, one: Transaction, caller: Caller) -> BoundSim:
        """See at the last moment that the card was not lost and its certificate not revoked since it signed; gives the SIM."""
        waits, sim = one.state is State.READY, self._following.still_signs(one)
        if sim is None:
            if waits:
                self._following.end(one, SIM_BLOCKED, caller)
            raise RefusedError("The SIM was reported lost, or is blocked.", code="sim_blocked", status=409)
        certificate = self._store.blob(one.certificate.hex())
        if certificate is None or self._standings.of(certificate).status != "good":
            if waits:
                self._following.end(one, Outcome.REVOKED, caller)
            raise _unfit()
        return sim


def _unfit() -> RefusedError:
    return RefusedError("The certificate of this SIM is not good for this now.", code="certificate_unfit", status=409)


def _nothing(one: Transaction) -> RefusedError:
    """Say why there is no signature to give out."""
    if one.state is State.RELEASED:
        return RefusedError("The signature was given out already.", code="already_released", status=409)
    code = "too_late" if one.state is State.READY or one.outcome == NOT_FETCHED else "not_signed"
    return RefusedError("There is no signature to give out.", code=code, status=409)


def _same(known: Transaction, order: Order) -> Transaction:
    """See that a key stands for the same question."""
    if (known.digest, known.digest_name, known.sub) != (order.digest, order.digest_name, order.sub):
        raise RefusedError("This key stands for another signature.", code="key_used", status=409)
    return known
