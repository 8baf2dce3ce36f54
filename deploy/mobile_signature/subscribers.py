"""Numbers and the SIMs in them: made from a description, registered for an application, exchanged.

Spec: ETSI TS 102 204 §6.3 (registration), with ``SimCard/ICCID`` and the profile that carriers add. The registration is of a
number with the SIM that was in it: after an exchange it names a SIM that is not there any more, and nothing is signed until
the number is registered anew.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .cards import PIN_TRIES, PUK_TRIES, new_key, public_key
from .refusals import RefusedError
from .requests import LOGIN
from .store import Store

CARD = "SELECT card.* FROM card WHERE msisdn = ? ORDER BY place DESC LIMIT 1"


class Subscribers:
    """All numbers of all carriers.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, described: Iterable[Mapping[str, Any]]) -> int:
        """Add those that are not there yet, with keys of their own; what is there stays as it is. Gives how many were added.

        Raises:
            ValueError: a description is wrong.
        """
        added = 0
        for one in described:
            msisdn, cards = str(one.get("msisdn", "")), list(one.get("cards", ()))
            pin, puk = str(one.get("pin", "1234")), str(one.get("puk", "12345678"))
            if not re.fullmatch(r"[1-9][0-9]{7,14}", msisdn, re.ASCII) or not cards:
                raise ValueError(f"{msisdn!r}: a number without + and at least one SIM are needed")
            if not all(re.fullmatch(r"89[0-9]{16,18}", str(card.get("iccid", "")), re.ASCII) for card in cards):
                raise ValueError(f"{msisdn}: an ICCID has 18 to 20 digits and begins with 89")
            if not re.fullmatch(r"[0-9]{4,8}", pin, re.ASCII) or not re.fullmatch(r"[0-9]{8}", puk, re.ASCII):
                raise ValueError(f"{msisdn}: a PIN has 4 to 8 digits, a PUK 8")
            if self._store.row("SELECT 1 FROM phone WHERE msisdn = ?", msisdn):
                continue
            made = [(str(card["iccid"]), str(card.get("key", "p-256")), new_key(str(card.get("key", "p-256"))),
                     _login_key(str(card.get("login_key", "")))) for card in cards]
            try:
                with self._store.writing() as database:
                    database.execute("INSERT INTO phone (msisdn, carrier, holder) VALUES (?, ?, ?)",
                                     (msisdn, str(one.get("carrier", "")), str(one.get("holder", ""))))
                    for place, (iccid, kind, key, login) in enumerate(made, 1):
                        _insert_card(database, iccid, msisdn, place, kind, key, pin, puk, login)
            except sqlite3.IntegrityError as err:
                raise ValueError(f"{msisdn}: this number or an ICCID is there already") from err
            added += 1
        return added

    def add_file(self, path: Path) -> int:
        """Add those of a file: ``{"phones": [...]}``.

        Raises:
            ValueError: it is not such a file.
        """
        found = json.loads(path.read_text(encoding="utf-8"))
        phones = found.get("phones") if isinstance(found, dict) else None
        if not isinstance(phones, list) or not all(isinstance(phone, dict) for phone in phones):
            raise ValueError(f"{path.name}: an object with a list of phones is expected")
        return self.add(phones)

    def register(self, msisdn: str, iccid: str, certificate: bytes | None, profile: str) -> sqlite3.Row:
        """Register a number with the SIM that is in it, and give its key of a profile; again is the same.

        Raises:
            RefusedError: 109, 1052, 4071, 4073.
        """
        with self._store.writing() as database:
            card = _card(database, msisdn)
            if card["iccid"] != iccid:
                raise RefusedError(407, 4073)
            held = key_of(database, iccid, profile)
            if certificate is not None:
                if _key_in(certificate) != public_key(held["key"]):
                    raise RefusedError(407, 4071)
                if certificate != held["certificate"]:
                    database.execute("UPDATE login_key SET certificate = ? WHERE iccid = ?" if profile == LOGIN else
                                     "UPDATE card SET certificate = ?, revoked = 0 WHERE iccid = ?", (certificate, iccid))
            database.execute("UPDATE phone SET registered = ? WHERE msisdn = ?", (iccid, msisdn))
            return key_of(database, iccid, profile)

    def profile(self, msisdn: str) -> sqlite3.Row:
        """Give the SIM that is in a number that was once registered, whichever it was registered with.

        Raises:
            RefusedError: 1052, 1053.
        """
        with self._store.writing() as database:
            card = _card(database, msisdn)
            if database.execute("SELECT registered FROM phone WHERE msisdn = ?", (msisdn,)).fetchone()["registered"] is None:
                raise RefusedError(105, 1053)
            return card

    def swap(self, msisdn: str, iccid: str = "", kind: str = "") -> str:
        """Put another SIM into a number, with a key and a PIN counter of its own, and give its ICCID.

        What the phone was asked before goes with the old SIM: the new one knows nothing of it.

        Raises:
            RefusedError: 1052.
            ValueError: there is no such ICCID, or no such kind of key.
        """
        old = self._store.row(CARD, msisdn)
        if old is None:
            raise RefusedError(105, 1052)
        iccid = re.sub(r"[\s.\-]", "", iccid) or luhn(old["iccid"][:8] + f"{secrets.randbelow(10**10):010}")
        if not re.fullmatch(r"89[0-9]{16,18}", iccid, re.ASCII):
            raise ValueError("an ICCID has 18 to 20 digits and begins with 89")
        kind = kind or old["kind"]
        key, login = new_key(kind), self._store.row("SELECT kind FROM login_key WHERE iccid = ?", old["iccid"])
        new_login = _login_key("" if login is None else login["kind"])
        with self._store.writing() as database:
            now_in = _card(database, msisdn)
            _insert_card(database, iccid, msisdn, now_in["place"] + 1, kind, key, old["pin"], old["puk"], new_login)
            database.execute("UPDATE signing SET state = 'ended', code = 209, finer = 2092 WHERE msisdn = ? "
                             "AND state = 'waiting'", (msisdn,))
        return iccid


def current_card(database: sqlite3.Connection, msisdn: str) -> sqlite3.Row:
    """Give the SIM that may sign now.

    Raises:
        RefusedError: 1052, 1053, 1054.
    """
    card = _card(database, msisdn)
    registered = database.execute("SELECT registered FROM phone WHERE msisdn = ?", (msisdn,)).fetchone()["registered"]
    if registered is None:
        raise RefusedError(105, 1053)
    if registered != card["iccid"]:
        raise RefusedError(105, 1054)
    return card


def key_of(database: sqlite3.Connection, iccid: str, profile: str) -> sqlite3.Row:
    """Give ``kind``, ``key`` and ``certificate`` of the key that a profile means; no key ever answers for the other.

    Raises:
        RefusedError: 109: the SIM has no such key.
    """
    table = "login_key" if profile == LOGIN else "card"
    found = database.execute(f"SELECT kind, key, certificate FROM {table} WHERE iccid = ?", (iccid,)).fetchone()
    if found is None:
        raise RefusedError(109, text="The SIM has no key of this profile")
    return found


def luhn(digits: str) -> str:
    """Give an ICCID with its check digit (ITU-T E.118, Luhn)."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def _card(database: sqlite3.Connection, msisdn: str) -> sqlite3.Row:
    found = database.execute(CARD, (msisdn,)).fetchone()
    if found is None:
        raise RefusedError(105, 1052)
    return found


def _login_key(kind: str) -> tuple[str, bytes] | None:
    return (kind, new_key(kind)) if kind else None


def _insert_card(database: sqlite3.Connection, iccid: str, msisdn: str, place: int, kind: str, key: bytes, pin: str,
                 puk: str, login: tuple[str, bytes] | None) -> None:
    database.execute(
        "INSERT INTO card (iccid, msisdn, place, kind, key, pin, puk, pin_left, puk_left) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (iccid, msisdn, place, kind, key, pin, puk, PIN_TRIES, PUK_TRIES))
    if login is not None:
        database.execute("INSERT INTO login_key (iccid, kind, key) VALUES (?, ?, ?)", (iccid, *login))


def _key_in(certificate: bytes) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception as err:  # whatever the octets are, they are no certificate of this SIM
        raise RefusedError(407, 4071, "The certificate cannot be read") from err
