"""A directory in memory."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from idp.directory.officer import (
    BindOutcome,
    BindResult,
    ChangeResult,
    CheckLine,
    Contact,
    Officer,
    Post,
)
from idp.directory.unit import UnitEntry
from idp.errors import UnavailableError

PASSWORD = "HauGiang-2026!"


def make_officer(
    uid: str = "canbo", name: str = "Nguyễn Văn Mẫu", *, groups: tuple[str, ...] = (), disabled: bool = False, number: int = 0,
    mail: str | None = None, **facts: Any,
) -> Officer:
    """Give an officer with one post; the entryUUID follows from the uid, or from ``number``."""
    number = number or sum((place + 1) * ord(c) for place, c in enumerate(uid))
    family, _, given = name.partition(" ")
    address = f"{uid}@haugiang.gov.vn" if mail is None else mail
    known: dict[str, Any] = {
        "entry_uuid": f"00000000-0000-4000-8000-{number:012}", "dn": f"uid={uid},ou=people,dc=haugiang,dc=gov,dc=vn",
        "uid": uid, "name": name, "given_name": given, "family_name": family, "mail": address, "phone": "+842930000001",
        "posts": (Post("H30.1", "000.00.01.H30", "Văn phòng UBND tỉnh", "Chuyên viên"),), "groups": tuple(sorted(groups)),
        "attributes": {"uid": uid, "mail": address}, "disabled": disabled}
    return Officer(**{**known, **facts})


officer = make_officer


class FakeDirectory:
    """Satisfies the Directory port.

    Args:
        officers: Everyone there is; all have ``PASSWORD`` unless ``passwords`` says otherwise.
        passwords: Password by uid.
        must_change: uids whose password may be used for changing it only.
        disabled: uids that may not sign in, besides officers that say so themselves.
        expired: uids whose password has expired, with the grace sign-ins left where that is a mapping.
        locked: uids that the server has locked for now.
        down: Every verb raises UnavailableError, as an unreachable server does.
        min_length: Shorter new passwords are refused.
        resets: Whether there is an account that sets others' passwords; ``may_reset`` is whether the server lets it.

    Attributes:
        expires_in: Seconds until a password expires, by uid.
        binds: Who was bound as, in order; the decoy as an empty string.
    """

    def __init__(
        self, officers: Iterable[Officer] = (), passwords: Mapping[str, str] | None = None, *,
        must_change: Iterable[str] = (), disabled: Iterable[str] = (), expired: Iterable[str] | Mapping[str, int] = (),
        locked: Iterable[str] = (), down: bool = False, min_length: int = 8, resets: bool = True,
    ) -> None:
        self.officers = {o.uid: o for o in officers}
        self.passwords = dict(passwords or {})
        self.must_change, self.disabled, self.locked = set(must_change), set(disabled), set(locked)
        self.expired = dict(expired) if isinstance(expired, Mapping) else dict.fromkeys(expired, 0)
        self.down = down
        self.agencies: dict[str, UnitEntry] = {}
        self.min_length = min_length
        self.expires_in: dict[str, int] = {}
        self.resets = resets
        self.may_reset = True
        self.history: dict[str, list[str]] = {}
        self.binds: list[str] = []

    def add(self, officer: Officer, password: str = PASSWORD) -> Officer:
        """Take up (or replace) an officer."""
        self.officers[officer.uid] = officer
        self.passwords[officer.uid] = password
        return officer

    def remove(self, uid: str) -> None:
        """Let an officer leave."""
        self.officers.pop(uid, None)

    def find_by_login(self, login_name: str) -> Officer | None:
        self._answer()
        what = "mail" if "@" in login_name else "uid"
        found = [o for o in self.officers.values() if getattr(o, what) and getattr(o, what).lower() == login_name.lower()]
        return self._seen(found[0]) if len(found) == 1 else None

    def find(self, entry_uuid: str) -> Officer | None:
        self._answer()
        officer = self._stored(entry_uuid)
        return None if officer is None else self._seen(officer)

    def check_password(self, officer: Officer | None, password: str) -> BindOutcome:
        self._answer()
        if not password:
            raise AssertionError("an empty password must never reach the directory")
        self.binds.append(officer.uid if officer is not None else "")
        stored = None if officer is None else self._stored(officer.entry_uuid)
        if officer is None or stored is None:
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
        return BindOutcome(BindResult.ACCEPTED, expires_in_seconds=self.expires_in.get(uid))

    def change_password(self, officer: Officer, old: str, new: str) -> ChangeResult:
        self._answer()
        stored = self._stored(officer.entry_uuid)
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
        self.expires_in.pop(uid, None)
        return ChangeResult.CHANGED

    @property
    def resets_passwords(self) -> bool:
        return self.resets

    def reset_password(self, officer: Officer, new: str) -> ChangeResult:
        self._answer()
        stored = self._stored(officer.entry_uuid)
        if not self.resets or not self.may_reset or stored is None or not new or stored.disabled or stored.uid in self.disabled:
            return ChangeResult.NOT_ALLOWED
        self.history.setdefault(stored.uid, []).append(_nfc(self.passwords.get(stored.uid, PASSWORD)))
        self.passwords[stored.uid] = new
        self.must_change.add(stored.uid)
        self.expired.pop(stored.uid, None)
        self.locked.discard(stored.uid)
        return ChangeResult.CHANGED

    def everyone(self) -> Iterator[Officer]:
        self._answer()
        yield from [self._seen(officer) for officer in self.officers.values()]

    def units(self) -> tuple[UnitEntry, ...]:
        self._answer()
        return tuple(self.agencies.values())

    def memberships(self) -> Callable[[str], tuple[str, ...]]:
        self._answer()
        groups = {officer.dn: officer.groups for officer in self.officers.values()}
        return lambda dn: groups.get(dn, ())

    def contact(self, officer: Officer) -> Contact | None:
        if self.down:
            return None
        helpers = {o.main_post.unit_code: o for o in self.officers.values() if "quantri-coquan" in o.groups}
        code = officer.main_post.unit_code
        while code:
            if code in helpers:
                return Contact(helpers[code].name, helpers[code].phone)
            code = code.rpartition(".")[0]
        return None

    def health(self) -> dict[str, object]:
        state = "down" if self.down else "up"
        return {"state": state, "servers": [{"uri": "fake:", "state": state, "for_seconds": 0, "detail": ""}]}

    def check(self) -> tuple[CheckLine, ...]:
        return (CheckLine("server fake:", not self.down, "down" if self.down else "up", "start it" if self.down else ""),)

    def _answer(self) -> None:
        if self.down:
            raise UnavailableError("The directory does not answer. Please try again in a moment.", dependency="directory")

    def _stored(self, entry_uuid: str) -> Officer | None:
        return next((o for o in self.officers.values() if o.entry_uuid == entry_uuid.lower()), None)

    def _right(self, uid: str, password: str) -> bool:
        return _nfc(self.passwords.get(uid, PASSWORD)) == _nfc(password)

    def _seen(self, officer: Officer) -> Officer:
        return replace(officer, disabled=officer.disabled or officer.uid in self.disabled)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
