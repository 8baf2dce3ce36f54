"""The course of a signature: asked, on the phone, signed or ended; every step is one transaction of the store.

Spec: ETSI TS 102 204 §6.2 (signature and status, asynchronous client-server mode). The same name with the same content is the
same transaction, whatever happens in between; a phone has one open transaction at a time (a second one is refused with 101). A
signature is made and stored in one transaction, and only a stored one is ever answered. What has ended stays as it ended: a phone
that answers after its time is refused, unless the disturbance ``late`` lets it.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime

from .cards import is_pin, sign, try_pin, verifies
from .disturbances import active
from .refusals import RefusedError
from .requests import Caller, Question
from .store import Store
from .subscribers import current_card, key_of

ACCEPTED, SIGNED, REVOKED, VALID, INVALID, PENDING = 100, 500, 501, 502, 503, 504
ENDED = {"cancel": (401, 4011), "postpone": (401, 4013)}
LATE_SECONDS = 2.0


class NotNowError(Exception):
    """A phone cannot do this at this moment; the text says why."""


class Signings:
    """All transactions.

    Args:
        store: Where they are kept.
        now: Gives the time, in seconds since 1970.
    """

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    def ask(self, caller: Caller, question: Question) -> sqlite3.Row:
        """Ask a phone, or give the transaction that was asked under this name before.

        Raises:
            RefusedError: 101, 105, 109, 720.
        """
        with self._store.writing() as database:
            now = self._now()
            known = database.execute("SELECT * FROM signing WHERE application = ? AND name = ?",
                                     (caller.application, caller.name)).fetchone()
            if known is not None:
                if known["content"] != question.content:
                    raise RefusedError(101, text="AP_TransID was used for another request")
                return known
            card = current_card(database, question.msisdn)
            key_of(database, card["iccid"], question.profile)
            if question.not_after is not None and question.not_after <= now:
                raise RefusedError(720)
            if database.execute("SELECT 1 FROM signing WHERE msisdn = ? AND state = 'waiting' AND deadline > ?",
                                (question.msisdn, now)).fetchone():
                raise RefusedError(101, text="The phone has a transaction that is not finished")
            deadline = min(now + question.seconds, question.not_after or float("inf"))
            end = _hindrance(database, card)
            name = f"m{secrets.token_hex(12)}"
            database.execute(
                "INSERT INTO signing (id, application, name, content, msisdn, iccid, hash_name, digest, text, profile, created, "
                "deadline, state, code, finer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, caller.application, caller.name, question.content, question.msisdn, card["iccid"], question.hash_name,
                 question.digest, question.text, question.profile, now, deadline, "ended" if end else "waiting",
                 *(end or (None, None))))
            return database.execute("SELECT * FROM signing WHERE id = ?", (name,)).fetchone()

    def status(self, application: str, name: str) -> tuple[sqlite3.Row, int]:
        """Give a transaction and its status code: 500 to 503 with a signature, 504 without.

        Args:
            application: Who asks: only its own are known to it.
            name: ``MSSP_TransID``.

        Raises:
            RefusedError: 101 for one that is not known, else how it ended.
        """
        with self._store.writing() as database:
            now = self._now()
            found = database.execute("SELECT * FROM signing WHERE id = ? AND application = ?", (name, application)).fetchone()
            if found is None:
                raise RefusedError(101, text="No such MSSP_TransID")
            state, code, finer = found["state"], found["code"], found["finer"]
            if state == "waiting" and found["deadline"] <= now:
                # Written down: the phone may not answer any more once somebody was told that its time is over.
                state, code, finer = "expired", 208, 2082
                database.execute("UPDATE signing SET state = ?, code = ?, finer = ? WHERE id = ?", (state, code, finer, name))
        if state == "signed":
            if found["ready"] <= now:
                return found, code
            if found["deadline"] > now:
                return found, PENDING
            raise RefusedError(208, 2082)
        if state == "waiting":
            return found, PENDING
        raise RefusedError(code, finer)

    def on_phone(self, msisdn: str) -> sqlite3.Row | None:
        """Give what a phone shows now, or None."""
        now = self._now()
        late = active(self._store, "late", msisdn) is not None
        return self._store.row(
            "SELECT * FROM signing WHERE msisdn = ? AND NOT ignored AND (state = 'waiting' AND deadline > ? "
            "OR state IN ('waiting', 'expired') AND ? AND created > ?) ORDER BY created DESC LIMIT 1",
            msisdn, now, late, now - 3600)

    def answer(self, msisdn: str, act: str, pin: str = "") -> str:
        """Do what the hand on the phone does, and give what came of it.

        Args:
            msisdn: Which phone.
            act: ``accept`` (with a PIN), ``cancel``, ``postpone`` or ``ignore``.
            pin: As typed.

        A wrong PIN ends the transaction (401/4012), the third in a row with a blocked PIN (402/4021). What is no PIN is not
        tried: no phone hands a card fewer than four digits.

        Raises:
            NotNowError: nothing is shown, its time is over, or what was typed is no PIN.
        """
        late = active(self._store, "late", msisdn)
        shown = self.on_phone(msisdn)
        if shown is None:
            raise NotNowError("nothing is shown")
        with self._store.writing() as database:
            now = self._now()
            found = database.execute("SELECT * FROM signing WHERE id = ?", (shown["id"],)).fetchone()
            if not (found["state"] == "waiting" and found["deadline"] > now) and not (
                    late is not None and found["state"] in {"waiting", "expired"}):
                raise NotNowError("its time is over")
            if act == "ignore":
                database.execute("UPDATE signing SET ignored = 1 WHERE id = ?", (found["id"],))
                return "ignored"
            if act in ENDED:
                _end(database, found, *ENDED[act])
                return {"cancel": "cancelled", "postpone": "postponed"}[act]
            if not is_pin(pin):
                raise NotNowError("no pin")
            card = database.execute("SELECT * FROM card WHERE iccid = ?", (found["iccid"],)).fetchone()
            taken = try_pin(database, card, pin)
            if taken != "right":
                _end(database, found, *((401, 4012) if taken == "wrong" else (402, 4021)))
                return f"{taken}_pin" if taken == "wrong" else "pin_blocked"
            ready = now if late is None else max(now, found["deadline"] + float(late or LATE_SECONDS))
            held = key_of(database, card["iccid"], found["profile"])
            signature = sign(held["kind"], held["key"], found["hash_name"], found["digest"])
            database.execute(
                "UPDATE signing SET state = 'signed', code = ?, finer = NULL, signature = ?, signed = ?, ready = ? WHERE id = ?",
                (_verdict(card, held, found, signature, now), signature, now, ready, found["id"]))
            return "signed"

    def receipt(self, caller: Caller, name: str, msisdn: str, text: str) -> None:
        """Keep what the application tells the phone; told twice under one name it is kept once.

        Raises:
            RefusedError: 101.
        """
        with self._store.writing() as database:
            if not database.execute("SELECT 1 FROM signing WHERE id = ? AND application = ? AND msisdn = ?",
                                    (name, caller.application, msisdn)).fetchone():
                raise RefusedError(101, text="No such MSSP_TransID of this number")
            database.execute("INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?, ?)",
                             (caller.application, caller.name, name, msisdn, text[:160], self._now()))


def verification_code(digest: bytes) -> str:
    """Give the four digits that belong to a hash: its first six bits and its last seven."""
    return f"{(digest[0] >> 2) * 128 + digest[-1] % 128:04}"


def _hindrance(database: sqlite3.Connection, card: sqlite3.Row) -> tuple[int, int] | None:
    """Say why a phone cannot be asked now, though its number may sign."""
    if card["puk_left"] <= 0:
        return 403, 4031
    if card["pin_left"] <= 0:
        return 402, 4021
    phone = database.execute("SELECT reachable FROM phone WHERE msisdn = ?", (card["msisdn"],)).fetchone()
    return None if phone["reachable"] else (209, 2093)


def _end(database: sqlite3.Connection, found: sqlite3.Row, code: int, finer: int) -> None:
    database.execute("UPDATE signing SET state = 'ended', code = ?, finer = ? WHERE id = ?", (code, finer, found["id"]))


def _verdict(card: sqlite3.Row, held: sqlite3.Row, found: sqlite3.Row, signature: bytes, now: float) -> int:
    """Say what the service thinks of a signature, by the certificate that it has."""
    if card["revoked"]:
        return REVOKED
    if held["certificate"] is None:
        return SIGNED
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(held["certificate"])
    moment = datetime.fromtimestamp(now, UTC)
    valid = certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
    good = verifies(held["kind"], certificate.public_key(), found["hash_name"], found["digest"], signature)
    return VALID if valid and good else INVALID
