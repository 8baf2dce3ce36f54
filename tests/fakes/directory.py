"""A directory in memory that keeps the promises of the Directory port (tests/contracts/test_directory.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from idp.directory.officer import BindOutcome, BindResult, ChangeResult, Officer, Post
from idp.errors import UnavailableError

PASSWORD = "HauGiang-2026!"


def officer(uid: str = "canbo", name: str = "Nguyễn Văn Mẫu", *, groups: tuple[str, ...] = (), disabled: bool = False, number: int = 0,
            mail: str | None = None) -> Officer:
    """Give an officer with one post; the entryUUID follows from the uid."""
    number = number or sum((place + 1) * ord(c) for place, c in enumerate(uid))
    family, _, given = name.rpartition(" ")
    address = f"{uid}@haugiang.gov.vn" if mail is None else mail
    return Officer(entry_uuid=f"00000000-0000-4000-8000-{number:012}", dn=f"uid={uid},ou=people,dc=haugiang,dc=gov,dc=vn", uid=uid,
                   name=name, given_name=given, family_name=family, mail=address, phone="+842930000001",
                   posts=(Post("H30.1", "000.00.01.H30", "Văn phòng UBND tỉnh", "Chuyên viên"),), groups=tuple(sorted(groups)),
                   attributes={"uid": uid, "mail": address}, disabled=disabled)


class FakeDirectory:
    """Officers and passwords in dictionaries; ``down`` makes every verb fail as an unreachable server does."""

    def __init__(self, officers: Iterable[Officer] = (), passwords: Mapping[str, str] | None = None, *,
                 must_change: Iterable[str] = (), disabled: Iterable[str] = (), expired: Iterable[str] = (),
                 locked: Iterable[str] = (), down: bool = False) -> None:
        self.officers = {o.uid: o for o in officers}
        self.passwords = {**dict.fromkeys(self.officers, PASSWORD), **(passwords or {})}
        self.must_change, self.disabled = set(must_change), set(disabled)
        self.expired, self.locked = set(expired), set(locked)
        self.down = down
        self.binds: list[str] = []
        """Who was bound as, in order; the decoy as an empty string."""

    def _reach(self) -> None:
        if self.down:
            raise UnavailableError("The directory does not answer. Please try again in a moment.", dependency="directory")

    def find_by_login(self, login_name: str) -> Officer | None:
        """Find by uid or mail; None when none or several."""
        self._reach()
        found = [o for o in self.officers.values() if login_name in {o.uid, o.mail.lower()}]
        return found[0] if len(found) == 1 else None

    def find(self, entry_uuid: str) -> Officer | None:
        """Find by entryUUID."""
        self._reach()
        return next((o for o in self.officers.values() if o.entry_uuid == entry_uuid), None)

    def check_password(self, officer: Officer | None, password: str) -> BindOutcome:
        """Compare, and say what a policy would say."""
        self._reach()
        if not password:
            raise AssertionError("an empty password must never reach the directory")
        self.binds.append(officer.uid if officer else "")
        if officer is None or self.passwords.get(officer.uid) != password:
            return BindOutcome(BindResult.WRONG)
        if officer.uid in self.disabled or officer.disabled:
            return BindOutcome(BindResult.DISABLED)
        if officer.uid in self.locked:
            return BindOutcome(BindResult.LOCKED)
        if officer.uid in self.expired:
            return BindOutcome(BindResult.EXPIRED)
        if officer.uid in self.must_change:
            return BindOutcome(BindResult.MUST_CHANGE)
        return BindOutcome(BindResult.ACCEPTED)

    def change_password(self, officer: Officer, old: str, new: str) -> ChangeResult:
        """Change it, with a rule for length and one for history."""
        self._reach()
        if self.passwords.get(officer.uid) != old:
            return ChangeResult.WRONG_OLD
        if len(new) < 8:
            return ChangeResult.TOO_SHORT
        if new == old:
            return ChangeResult.IN_HISTORY
        self.passwords[officer.uid] = new
        self.must_change.discard(officer.uid)
        return ChangeResult.CHANGED
