"""What the pages and the JSON door show and do: phones, what is on them, and what is disturbed."""

from __future__ import annotations

import base64
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import disturbances
from .cards import try_puk
from .hands import ACTS
from .refusals import RefusedError
from .signings import NotNowError, Signings, verification_code
from .store import Store
from .subscribers import CARD, Subscribers

PHONE_ACTS = ("accept", "cancel", "postpone", "ignore", "unblock", "block_pin", "swap", "revoke", "restore", "unreachable",
              "reachable", "automatic", "by_hand", "forget")
"""What may be done with a phone. The first four answer what it shows."""
PUK_SAID = {"wrong": "wrong PUK", "blocked": "the card is blocked", "bad_pin": "a PIN has 4 to 8 digits"}


class Phones:
    """All phones.

    Args:
        store: Where they are kept.
        signings: Transactions.
        now: Gives the time, in seconds since 1970.
    """

    def __init__(self, store: Store, signings: Signings, now: Callable[[], float] = time.time) -> None:
        self._store, self._signings, self.now = store, signings, now
        self._subscribers = Subscribers(store)

    def every(self) -> list[dict[str, Any]]:
        """List them by number."""
        return [self._phone(row) for row in self._store.rows("SELECT * FROM phone ORDER BY msisdn")]

    def one(self, msisdn: str) -> dict[str, Any] | None:
        """Give one with what it shows, its SIMs, its last transactions and receipts, or None."""
        row = self._store.row("SELECT * FROM phone WHERE msisdn = ?", msisdn)
        if row is None:
            return None
        return self._phone(row) | {
            "cards": [{"iccid": one["iccid"], "key": one["kind"], "login_key": one["login"] or ""} for one in self._store.rows(
                "SELECT card.*, login_key.kind AS login FROM card LEFT JOIN login_key USING (iccid) WHERE msisdn = ? "
                "ORDER BY place", msisdn)],
            "transactions": [self.transaction(one) for one in self._store.rows(
                "SELECT * FROM signing WHERE msisdn = ? ORDER BY created DESC, id LIMIT 10", msisdn)],
            "receipts": [{"text": one["text"], "received": one["received"]} for one in self._store.rows(
                "SELECT * FROM receipt WHERE msisdn = ? ORDER BY received DESC LIMIT 5", msisdn)],
            "messages": [{"text": one["text"], "received": one["received"]} for one in self._store.rows(
                "SELECT * FROM message WHERE msisdn = ? ORDER BY id DESC LIMIT 5", msisdn)],
            "disturbances": [one for one in disturbances.switched_on(self._store) if one["msisdn"] in {msisdn, ""}]}

    def transactions(self, after: float = 0.0, most: int = 1000) -> list[dict[str, Any]]:
        """List transactions of all phones in the order in which they were asked."""
        return [self.transaction(one) for one in self._store.rows(
            "SELECT * FROM signing WHERE created > ? ORDER BY created, id LIMIT ?", after, most)]

    def transaction(self, row: sqlite3.Row) -> dict[str, Any]:
        """Describe one."""
        over = row["state"] == "waiting" and row["deadline"] <= self.now()
        return {
            "id": row["id"], "name": row["name"], "msisdn": row["msisdn"], "iccid": row["iccid"], "text": row["text"],
            "code": verification_code(row["digest"]), "hash": row["hash_name"], "digest": row["digest"].hex(),
            "profile": row["profile"], "state": "expired" if over else row["state"], "result": row["code"], "finer": row["finer"],
            "created": row["created"], "deadline": row["deadline"], "signed": row["signed"],
            "signature": base64.b64encode(row["signature"]).decode() if row["signature"] else None}

    def message(self, msisdn: str, text: str) -> None:
        """Take a short message. Raises KeyError (there is no such phone), ValueError (no text, or too long a one)."""
        if not 0 < len(text) <= 160 or not text.isprintable():
            raise ValueError("text: 1 to 160 characters")
        with self._store.writing() as database:
            if not database.execute("SELECT 1 FROM phone WHERE msisdn = ?", (msisdn,)).fetchone():
                raise KeyError(msisdn)
            database.execute("INSERT INTO message (msisdn, text, received) VALUES (?, ?, ?)", (msisdn, text, self.now()))

    def act(self, msisdn: str, act: str, values: Mapping[str, Any]) -> str:
        """Do something with a phone, and give one word for what came of it.

        Args:
            msisdn: Which.
            act: One of PHONE_ACTS.
            values: ``pin`` (accept, unblock: the new one), ``puk``, ``iccid`` and ``key`` (swap), ``how`` and ``after``
                (automatic).

        Raises:
            KeyError: there is no such phone.
            NotNowError: it cannot be done now.
            ValueError: there is no such act, or a value is wrong.
        """
        card = self._store.row(CARD, msisdn)
        if card is None:
            raise KeyError(msisdn)
        if act in {"accept", "cancel", "postpone", "ignore"}:
            return self._signings.answer(msisdn, act, str(values.get("pin", "")))
        if act == "unblock":
            with self._store.writing() as database:
                fresh = database.execute(CARD, (msisdn,)).fetchone()
                taken = try_puk(database, fresh, str(values.get("puk", "")), str(values.get("pin", "")))
            if taken != "right":
                raise NotNowError(PUK_SAID[taken])
            return "unblocked"
        if act == "swap":
            try:
                self._subscribers.swap(msisdn, str(values.get("iccid", "")), str(values.get("key", "")))
            except (RefusedError, sqlite3.IntegrityError) as err:
                raise ValueError("there is such an ICCID already") from err
            return "swapped"
        if act == "automatic":
            how, after = str(values.get("how", "accept")), float(values.get("after", 0) or 0)
            if how not in ACTS or not 0 <= after < 86400:
                raise ValueError(f"how: one of {', '.join(ACTS)}; after: seconds")
            self._change("UPDATE phone SET automatic = ?, automatic_after = ? WHERE msisdn = ?", how, after, msisdn)
            return "automatic"
        plain = {
            "block_pin": "UPDATE card SET pin_left = 0 WHERE iccid = ?",
            "revoke": "UPDATE card SET revoked = 1 WHERE iccid = ?",
            "restore": "UPDATE card SET revoked = 0 WHERE iccid = ?"}
        whole = {
            "unreachable": "UPDATE phone SET reachable = 0 WHERE msisdn = ?",
            "reachable": "UPDATE phone SET reachable = 1 WHERE msisdn = ?",
            "by_hand": "UPDATE phone SET automatic = NULL WHERE msisdn = ?",
            "forget": "UPDATE phone SET registered = NULL WHERE msisdn = ?"}
        if act in plain:
            self._change(plain[act], card["iccid"])
        elif act in whole:
            self._change(whole[act], msisdn)
        else:
            raise ValueError(f"no act {act!r}; there are {', '.join(PHONE_ACTS)}")
        return act

    def add(self, described: Mapping[str, Any]) -> None:
        """Add a phone (``subscribers.Subscribers.add``).

        Raises:
            ValueError: the description is wrong, or the number is there.
        """
        if not self._subscribers.add([described]):
            raise ValueError("this number is there already")

    def _change(self, statement: str, *values: Any) -> None:
        with self._store.writing() as database:
            database.execute(statement, values)

    def _phone(self, row: sqlite3.Row) -> dict[str, Any]:
        card = self._store.row(CARD, row["msisdn"])
        assert card is not None
        shown = self._signings.on_phone(row["msisdn"])
        registered = row["registered"]
        return {
            "msisdn": row["msisdn"], "carrier": row["carrier"], "holder": row["holder"], "iccid": card["iccid"],
            "key": card["kind"], "pin": card["pin"], "puk": card["puk"], "pin_left": card["pin_left"],
            "puk_left": card["puk_left"], "reachable": bool(row["reachable"]), "automatic": row["automatic"],
            "automatic_after": row["automatic_after"],
            "registered": "no" if registered is None else "yes" if registered == card["iccid"] else "another SIM",
            "certificate": "none" if card["certificate"] is None else "revoked" if card["revoked"] else "yes",
            "shows": self.transaction(shown) if shown is not None else None}
