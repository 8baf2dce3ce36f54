"""A directory in memory."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from idp.directory.officer import (
    BindOutcome,
    BindResult,
    ChangeResult,
    CheckLine,
    Contact,
    Officer,
    Post,
)
from idp.errors import UnavailableError

PASSWORD = "HauGiang-2026!"
SAMPLE_POST = Post("H30.1", "000.00.01.H30", "Văn phòng Ủy ban nhân dân tỉnh", "Chuyên viên")


def make_officer(uid: str, name: str = "Nguyễn Văn Mẫu", **facts: object) -> Officer:
    """Make an officer with believable facts; ``entry_uuid`` follows from the uid, so that tests can name it."""
    mail = str(facts.pop("mail", f"{uid}@haugiang.gov.vn"))
    family, _, given = name.partition(" ")
    known: dict[str, object] = {
        "entry_uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{uid}.haugiang.gov.vn")),
        "dn": f"uid={uid},ou=H30.1,ou=H30,ou=units,dc=haugiang,dc=gov,dc=vn",
        "name": name, "given_name": given, "family_name": family, "phone": "+842930000100",
        "posts": (SAMPLE_POST,), "groups": (),
        "attributes": {"uid": uid, "mail": mail, "employeeNumber": f"CB{len(uid):05d}"},
    } | facts
    return Officer(uid=uid, mail=mail, **known)  # type: ignore[arg-type]


class FakeDirectory:
    """Satisfies the Directory port.

    Args:
        officers: Everyone there is; all have ``PASSWORD`` unless ``passwords`` says otherwise.
        passwords: Password by uid.
        must_change: uids whose password may be used for changing it only.
        disabled: uids that may not sign in, besides officers that say so themselves.
        locked: uids that the server has locked for now.
        expired: uids whose password has expired, with grace sign-ins left (0: none).
        down: Every verb raises UnavailableError.
        min_length: Shorter new passwords are refused.

    Attributes:
        binds: Who was bound against, in order: a uid, or None for the decoy.
    """

    def __init__(
        self, officers: Iterable[Officer] = (), passwords: Mapping[str, str] | None = None, *,
        must_change: Iterable[str] = (), disabled: Iterable[str] = (), locked: Iterable[str] = (),
        expired: Mapping[str, int] | None = None, down: bool = False, min_length: int = 12,
    ) -> None:
        self.officers = {officer.entry_uuid: officer for officer in officers}
        self.passwords = dict(passwords or {})
        self.must_change = set(must_change)
        self.disabled = set(disabled)
        self.locked = set(locked)
        self.expired = dict(expired or {})
        self.down = down
        self.min_length = min_length
        self.history: dict[str, list[str]] = {}
        self.binds: list[str | None] = []

    def add(self, officer: Officer, password: str = PASSWORD) -> Officer:
        """Take up (or replace) an officer."""
        self.officers[officer.entry_uuid] = officer
        self.passwords[officer.uid] = password
        return officer

    def remove(self, uid: str) -> None:
        """Let an officer leave."""
        self.officers = {key: officer for key, officer in self.officers.items() if officer.uid != uid}

    def find_by_login(self, login_name: str) -> Officer | None:
        self._answer()
        what = "mail" if "@" in login_name else "uid"
        found = [o for o in self.officers.values() if getattr(o, what) and getattr(o, what).lower() == login_name.lower()]
        return self._seen(found[0]) if len(found) == 1 else None

    def find(self, entry_uuid: str) -> Officer | None:
        self._answer()
        officer = self.officers.get(entry_uuid.lower())
        return None if officer is None else self._seen(officer)

    def check_password(self, officer: Officer | None, password: str) -> BindOutcome:
        self._answer()
        self.binds.append(officer.uid if officer is not None else None)
        if officer is None:
            return BindOutcome(BindResult.WRONG)
        stored = self.officers.get(officer.entry_uuid)
        if stored is None:
            return BindOutcome(BindResult.WRONG)
        uid = stored.uid
        if officer.disabled or stored.disabled or uid in self.disabled:
            return BindOutcome(BindResult.DISABLED)
        if uid in self.locked:
            return BindOutcome(BindResult.LOCKED)
        if not self._right(uid, password):
            return BindOutcome(BindResult.WRONG)
        if uid in self.must_change:
            return BindOutcome(BindResult.MUST_CHANGE)
        if uid in self.expired:
            if self.expired[uid] <= 0:
                return BindOutcome(BindResult.EXPIRED)
            self.expired[uid] -= 1
            return BindOutcome(BindResult.ACCEPTED, grace_left=self.expired[uid])
        return BindOutcome(BindResult.ACCEPTED)

    def change_password(self, officer: Officer, old: str, new: str) -> ChangeResult:
        self._answer()
        stored = self.officers.get(officer.entry_uuid)
        if stored is None or not self._right(stored.uid, old):
            return ChangeResult.WRONG_OLD
        uid = stored.uid
        if stored.disabled or uid in self.disabled or uid in self.locked:
            return ChangeResult.NOT_ALLOWED
        if len(_nfc(new)) < self.min_length:
            return ChangeResult.TOO_SHORT
        past = self.history.setdefault(uid, [])
        if _nfc(new) in {*past, _nfc(old)}:
            return ChangeResult.IN_HISTORY
        past.append(_nfc(old))
        self.passwords[uid] = new
        self.must_change.discard(uid)
        self.expired.pop(uid, None)
        return ChangeResult.CHANGED

    def everyone(self) -> Iterator[Officer]:
        self._answer()
        yield from [self._seen(officer) for officer in self.officers.values()]

    def contact(self, officer: Officer) -> Contact | None:
        helpers = {o.main_post.unit_code: o for o in self.officers.values() if "quantri-coquan" in o.groups}
        code = officer.main_post.unit_code
        while code:
            if code in helpers:
                return Contact(helpers[code].name, helpers[code].phone)
            code = code.rpartition(".")[0]
        return None

    def health(self) -> dict[str, object]:
        state = "down" if self.down else "up"
        return {"state": state, "servers": [{"uri": "fake:", "state": state, "since": 0, "detail": ""}]}

    def check(self) -> tuple[CheckLine, ...]:
        return (CheckLine("server fake:", not self.down, "down" if self.down else "up", "start it" if self.down else ""),)

    def _answer(self) -> None:
        if self.down:
            raise UnavailableError("The directory does not answer. Please try again in a moment.", dependency="directory")

    def _right(self, uid: str, password: str) -> bool:
        return _nfc(self.passwords.get(uid, PASSWORD)) == _nfc(password)

    def _seen(self, officer: Officer) -> Officer:
        return replace(officer, disabled=officer.disabled or officer.uid in self.disabled)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
