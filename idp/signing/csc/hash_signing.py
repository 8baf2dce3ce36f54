"""From a wish to signatures: the phone is asked about each hash, the leave is given when all is signed, and used once.

Spec: CSC API 1.0.4.0 §11.6 (authorize), §11.7 (extendTransaction), §11.9 (signHash); security checklist 18 and 57-59. The SIM's
PIN *is* the authorization, so the signatures are there before there is any activation data, and ``signHash`` only gives them out.
A card shows one question at a time: of several hashes the next is asked when the one before is signed. Whoever asks for the same
again, because an answer was lost, goes on where it was, and no phone is asked twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from cryptography import x509

from ...audit import Caller
from ...clock import Clock
from ...errors import RefusedError, UnavailableError
from ..outcome import Outcome
from ..ports import IN_DOUBT
from ..signature import SignatureError, Verified, verified
from ..signing import Order, Signing
from ..transaction import DENIED, OPEN, State, Transaction
from . import algorithms
from .authorization import ActivationData, Authorization, Authorizations, Requester, Wish, sad_digest, same_set
from .credential import Credential, Credentials
from .waiting import Waiting

HOLD_SECONDS: Final = 280
"""How long one call waits: less than clients (300 s) and the proxy do; who asks again goes on."""
_ASKED_SECONDS: Final = 300
"""How long an authorization stands that nobody looks after any more, for each of its hashes."""
_BUSY: Final = "sim_busy"
_MESSAGES: Final = {
    Outcome.CANCELLED.value: "The officer refused on the phone", Outcome.POSTPONED.value: "The officer put it off on the phone",
    Outcome.TIMED_OUT.value: "The officer did not answer in time", Outcome.UNREACHABLE.value: "The phone cannot be reached",
    Outcome.PIN_BLOCKED.value: "PIN locked", Outcome.CARD_BLOCKED.value: "PIN locked",
    DENIED: "The officer says that they did not ask for it", "not_fetched": "The signature was not fetched in time"}


class NotSignedError(RefusedError):
    """Nothing was signed.

    Attributes:
        outcome: Why: a word of ``Outcome``, or of the transaction's own.
    """

    def __init__(self, outcome: str) -> None:
        wrong = outcome == Outcome.WRONG_PIN
        super().__init__("The PIN is invalid" if wrong else _MESSAGES.get(outcome, "The phone did not sign"),
                         code="invalid_pin" if wrong else "access_denied")
        self.outcome = outcome


class HashSigning:
    """Signs hashes.

    Args:
        signing: Asks phones.
        credentials: Finds what officers sign with.
        store: Where authorizations rest.
        activation: Makes activation data.
        waiting: The places of those who wait.
        clock: Source of the time.
        multisign: Signatures that one authorization covers at most.
    """

    def __init__(self, signing: Signing, credentials: Credentials, store: Authorizations, activation: ActivationData,
                 waiting: Waiting, clock: Clock, *, multisign: int) -> None:
        self._signing, self.credentials, self._store, self._activation = signing, credentials, store, activation
        self._waiting, self._clock, self.multisign = waiting, clock, multisign

    def authorize(self, requester: Requester, wish: Wish, caller: Caller) -> Authorization:
        """Ask the officer, and wait until all is signed; as ``begin``.

        Raises:
            UnavailableError: too many wait already, and nobody was asked; or the officer has not answered yet: the same request
                again goes on.
        """
        with self._waiting.place() as pause:
            return self._wait(self.begin(requester, wish, caller), caller, pause)

    def begin(self, requester: Requester, wish: Wish, caller: Caller) -> Authorization:
        """Ask the officer, and do not wait.

        Raises:
            RefusedError: 400 ``invalid_request``: the credential is not theirs or does not sign, too many signatures; 429
                ``temporarily_unavailable``: the card is asked by somebody else just now, or the officer is left alone.
            NotSignedError: 400 ``access_denied``, ``invalid_pin``.
            UnavailableError: the database, or whoever knows the certificate's standing, does not answer.
        """
        self._check(requester, wish)
        return self._begin(self._new(requester, wish), caller)

    def extend(self, requester: Requester, sad: str, wish: Wish, caller: Caller) -> Authorization:
        """Ask for further hashes of an authorization whose count is not used up, and wait; as ``authorize``.

        Args:
            requester: Who asks.
            sad: Of the authorization before; good for one extension.
            wish: Its ``total`` does not count.
            caller: Who asks.
        """
        with self._waiting.place() as pause:
            before = self._usable(requester, sad, wish.credential_id, used=True)
            earlier = before.earlier + len(before.wish.digests)
            if earlier + len(wish.digests) > before.wish.total:
                raise _invalid("Numbers of signatures is too high")
            wish = replace(wish, total=before.wish.total)
            self._check(requester, wish)
            new = self._new(requester, wish, before.authorization_id, earlier)
            if not self._store.extend(before.authorization_id, new.fingerprint):
                raise _invalid("Invalid parameter SAD")
            return self._wait(self._begin(new, caller), caller, pause)

    def find(self, requester: Requester, authorization_id: str, caller: Caller) -> Authorization:
        """Give an authorization as it is now, taken a step further.

        Raises:
            RefusedError: 400 ``invalid_request``: it is not this application's and this officer's.
            NotSignedError: it came to nothing.
        """
        return self.go_on_with(requester.client_id, requester.sub, authorization_id, caller)

    def sad(self, one: Authorization) -> tuple[str, int]:
        """Give the activation data of an authorization that is ready, and for how many seconds it is good."""
        return self._activation.of(one.authorization_id), max(0, one.open_until - self._clock.now())

    def transaction(self, one: Authorization) -> tuple[int, Transaction | None]:
        """Give the number of the hash that the phone shows, or showed last, 0 for the first, and its transaction."""
        found: tuple[int, Transaction | None] = 0, None
        for number in range(len(one.wish.digests)):
            known = self._signing.known(one.requester.client_id, one.key(number))
            if known is None:
                break
            found = number, known
        return found

    def sign(self, requester: Requester, sad: str | Authorization, credential_id: str, digests: Sequence[bytes],
             wanted: algorithms.Wanted, caller: Caller) -> list[bytes]:
        """Give the signatures of an authorization, once.

        Args:
            requester: Who asks.
            sad: As received; or the authorization that an access token stands for.
            credential_id: As received.
            digests: All hashes of the authorization, in any order; the signatures come in the same.
            wanted: Which signatures; others are refused, and nothing is used up by it.
            caller: Who asks.

        Raises:
            RefusedError: 400 ``invalid_request``.
            UnavailableError: nothing was given out; it can be asked for again.
        """
        one = self._usable(requester, sad, credential_id)
        if not same_set(digests, one.wish.digests):
            raise _invalid("Hash is not authorized by the SAD")
        if wanted.digest_name != one.wish.digest_name:
            raise _invalid("Invalid digest value length")
        credential = self.credentials.find(requester.sub, credential_id)
        if not credential.enabled:
            raise _unfit(credential)
        signed = [self._signed(one, number) for number in range(len(one.wish.digests))]
        for transaction in signed:
            algorithms.check(wanted, self._made(transaction, credential.certificate))
        try:
            given = self._signing.release_all(
                requester.client_id, [(each.transaction_id, each.digest) for each in signed], caller, unused=True)
        except RefusedError as refused:
            raise _refusal(refused) from refused
        # This is what happens once: whatever was released before it reached nobody.
        if not self._store.use(one.authorization_id, self._clock.now()):
            raise _invalid("Invalid parameter SAD")
        by_digest = dict(zip(one.wish.digests, given, strict=True))
        return [by_digest[digest] for digest in digests]

    def of_token(self, requester: Requester, authorization_id: str) -> Authorization:
        """Give the authorization that an access token of the scope ``credential`` stands for. Raises RefusedError (400)."""
        one = self._own(requester.client_id, requester.sub, authorization_id)
        if one is None:
            raise _invalid("Invalid parameter SAD")
        return one

    def of_officer(self, client_id: str, sub: str, authorization_id: str) -> Authorization:
        """Give an authorization to its officer's own page, as it stands: looking asks nobody and changes nothing; as ``find``."""
        one = self._known(client_id, sub, authorization_id)
        _, transaction = self.transaction(one)
        if transaction is not None and transaction.state not in (*OPEN, State.READY, State.RELEASED):
            raise NotSignedError(one.outcome or transaction.outcome)
        if one.outcome:
            raise NotSignedError(one.outcome)
        return one

    def go_on_with(self, client_id: str, sub: str, authorization_id: str, caller: Caller) -> Authorization:
        """Take an authorization of an officer a step further; as ``find``."""
        return self._progress(self._known(client_id, sub, authorization_id), caller)

    def go_on(self, caller: Caller, *, most: int) -> int:
        """Ask phones for what comes next of what officers have agreed to, and note what is all signed; for the worker.

        Gives how many were looked at. What cannot go on now (a service or whoever knows certificates is silent) waits.

        Raises:
            UnavailableError: the database does not answer.
        """
        found = self._store.under_way(self._clock.now(), limit=most)
        for one in found:
            try:
                self._progress(one, caller)
            except NotSignedError:
                continue
            except UnavailableError as err:
                if err.dependency == "database":
                    raise
            except RefusedError:  # it has come to nothing, or the card is asked by somebody else just now
                continue
        return len(found)

    def stands(self, client_id: str, sub: str, authorization_id: str) -> bool:
        """Tell whether all is signed that an officer allowed an application, and it may still be given out."""
        one = self._own(client_id, sub, authorization_id) if authorization_id else None
        return one is not None and one.ready_at is not None and one.used_at is None and self._clock.now() <= one.open_until

    def deny(self, sub: str, authorization_id: str, caller: Caller) -> None:
        """Note that the officer never asked for what the phone shows now, or showed last."""
        one = self._store.find(authorization_id)
        if one is None or one.requester.sub != sub:
            return
        _, transaction = self.transaction(one)
        if transaction is not None:
            self._signing.deny(sub, transaction.transaction_id, caller)
        self._store.fail(authorization_id, DENIED)

    def _known(self, client_id: str, sub: str, authorization_id: str) -> Authorization:
        one = self._own(client_id, sub, authorization_id)
        if one is None:
            raise _invalid("Invalid parameter handle")
        return one

    def _own(self, client_id: str, sub: str, authorization_id: str) -> Authorization | None:
        one = self._store.find(authorization_id)
        return one if one is not None and (one.requester.client_id, one.requester.sub) == (client_id, sub) else None

    def _check(self, requester: Requester, wish: Wish) -> None:
        if wish.total > self.multisign or len(wish.digests) > wish.total:
            raise _invalid("Numbers of signatures is too high")
        if len(set(wish.digests)) != len(wish.digests):
            raise _invalid("A hash is named twice")
        credential = self.credentials.find(requester.sub, wish.credential_id)
        if not credential.enabled:
            raise _unfit(credential)

    def _new(self, requester: Requester, wish: Wish, before: str = "", earlier: int = 0) -> Authorization:
        now = self._clock.now()
        return Authorization(authorization_id=secrets.token_urlsafe(24), requester=requester, wish=wish, before=before,
                             earlier=earlier, created_at=now, open_until=now + _ASKED_SECONDS * len(wish.digests))

    def _begin(self, new: Authorization, caller: Caller) -> Authorization:
        return self._progress(self._store.add(new, self._activation.digest_of(new.authorization_id)), caller)

    def _wait(self, one: Authorization, caller: Caller, pause: Callable[[], None]) -> Authorization:
        until = self._clock.now() + HOLD_SECONDS
        while one.is_open:
            if self._clock.now() >= until:
                raise UnavailableError("The officer has not answered yet; ask again for the same.", dependency="mobile_signature",
                                       retry_after_seconds=1)
            pause()
            one = self._progress(one, caller)
        return one

    def _progress(self, one: Authorization, caller: Caller) -> Authorization:
        """Take it a step further. Raises as ``begin``."""
        if one.outcome:
            raise NotSignedError(one.outcome)
        if one.ready_at is not None:
            return one
        ended = []
        for number in range(len(one.wish.digests)):
            transaction = self._asked(one, number, caller)
            if transaction is None or transaction.state in OPEN:
                return one
            if transaction.state not in (State.READY, State.RELEASED):
                self._store.fail(one.authorization_id, transaction.outcome)
                raise NotSignedError(transaction.outcome)
            ended.append(transaction.ended_at or 0)
        now = self._clock.now()
        self._store.ready(one.authorization_id, now, min(ended) + self._signing.fetch_seconds)
        return self._store.find(one.authorization_id) or one

    def _asked(self, one: Authorization, number: int, caller: Caller) -> Transaction | None:
        """Ask about one hash, or look how it stands; None where the card is still occupied by another."""
        known = self._signing.known(one.requester.client_id, one.key(number))
        if known is None:
            try:
                card = self.credentials.card(one.requester.sub, one.wish.credential_id)
                if not card:
                    doubted = self.credentials.in_doubt(one.requester.sub)
                    raise RefusedError("This credential signs no more.", code=IN_DOUBT if doubted else "sim_blocked", status=409)
                return self._signing.ask(_order(one, number, card), caller)
            except RefusedError as refused:
                if refused.code == _BUSY and number:
                    return None
                self._store.fail(one.authorization_id, refused.code)
                raise _refusal(refused) from refused
        due = known.next_try_at is not None and known.next_try_at <= self._clock.now()
        return self._signing.look(known, caller) if due and known.state in OPEN else known

    def _usable(self, requester: Requester, sad: str | Authorization, credential_id: str, *, used: bool = False) -> Authorization:
        """Find the authorization of a SAD that may still be used for this: of this application, officer and credential."""
        one = self._store.of_sad(sad_digest(sad)) if isinstance(sad, str) else sad
        if one is None or not _belongs(one, requester) or one.ready_at is None:
            raise _invalid("Invalid parameter SAD")
        if one.wish.credential_id != credential_id:
            raise _invalid("Invalid parameter credentialID")
        if one.used_at is not None and not used:
            raise _invalid("Invalid parameter SAD")
        if self._clock.now() > one.open_until:
            raise _invalid("SAD expired")
        return one

    def _signed(self, one: Authorization, number: int) -> Transaction:
        found = self._signing.known(one.requester.client_id, one.key(number))
        if found is None or found.signature is None or found.state not in (State.READY, State.RELEASED):
            raise _invalid("Invalid parameter SAD")
        return found

    def _made(self, transaction: Transaction, certificate: x509.Certificate) -> Verified:
        assert transaction.signature is not None
        try:
            return verified(certificate, transaction.digest_name, transaction.digest, transaction.signature)
        except SignatureError as err:
            raise _invalid("Invalid parameter SAD") from err


def _belongs(one: Authorization, requester: Requester) -> bool:
    return (one.requester.client_id, one.requester.sub) == (requester.client_id, requester.sub)


def _order(one: Authorization, number: int, card: str) -> Order:
    who, document = one.requester, one.wish.documents[number]
    return Order(client_id=who.client_id, idempotency_key=one.key(number), sub=who.sub, unit_code=who.unit_code, title=who.title,
                 digest_name=one.wish.digest_name, digest=one.wish.digests[number], document=document.name,
                 subject=document.subject, sid=who.sid, acr=who.acr, amr=who.amr, auth_time=who.auth_time, iccid=card)


def _refusal(refused: RefusedError) -> RefusedError:
    """Say in the words of this API why a signature was not asked for, or is not given."""
    if refused.status == 429 or refused.code == _BUSY:
        return RefusedError(refused.message.rstrip("."), code="temporarily_unavailable", status=429,
                            retry_after_seconds=refused.retry_after_seconds or 5)
    disabled = "The credential identified by credentialID is disabled"
    told = {"no_sim": "Invalid parameter credentialID", "sim_blocked": disabled, IN_DOUBT: disabled,
            "certificate_unfit": "Signing certificate is expired or revoked", "invalid_hash": "Invalid digest value length",
            "too_late": "SAD expired"}
    return _invalid(told.get(refused.code, "Invalid parameter SAD"))


def _unfit(credential: Credential) -> RefusedError:
    return _invalid(f"Signing certificate is {'not known here' if credential.status == 'unknown' else credential.status}")


def _invalid(message: str) -> RefusedError:
    return RefusedError(message, code="invalid_request")
