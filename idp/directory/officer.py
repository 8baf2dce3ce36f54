"""An officer as the directory tells it, and the port to whatever server holds officers.

Spec: RFC 2798 (inetOrgPerson), RFC 4519 (names and addresses), RFC 4530 (entryUUID).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Post:
    """A post an officer holds in an agency.

    Attributes:
        unit_code: The agency's code in the form of 2020, for example ``H30.2.14``.
        unit_code_2016: The same agency in the form of 2016, for example ``000.14.02.H30``.
        unit_name: The agency's full name, NFC.
        title: Title of the post, NFC; may be empty.
        ends_at: Of an acting post, when it ends (``term``), seconds since the epoch; 0 for one that goes on.
    """

    unit_code: str
    unit_code_2016: str
    unit_name: str
    title: str
    ends_at: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody works. All text is NFC; missing parts are empty strings.

    Attributes:
        street: House and street; may have several lines.
        locality: Ward or commune, and district or town.
        region: Province.
        postal_code: As the post writes it.
        text: The whole address in lines, where the directory holds it so (postalAddress).
    """

    street: str = ""
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    text: str = ""


NOWHERE = Address()
"""An address of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Facts about one officer at one moment. All text is NFC; missing facts are empty strings.

    Attributes:
        entry_uuid: The directory's stable identifier (RFC 4530), lower case.
        dn: Where the entry stands now; changes with transfers.
        uid: Login name, lower case.
        posts: Every current post, the main one first; may be empty.
        groups: Names (cn) of the groups that hold the officer, sorted.
        attributes: Attributes an application may take as login name: uid, mail, employeeNumber.
        disabled: The directory says that this officer may not sign in.
        address: Of the office: the officer's own where the entry has one, else that of the main post's agency.
        guest: What kind of guest this is (contractor, vendor, intern); empty for the province's own people.
        sponsor: DN of who answers for a guest.
        ends_at: When the account ends (``term``), seconds since the epoch; 0 where it goes on.
    """

    entry_uuid: str
    dn: str
    uid: str
    name: str
    given_name: str = ""
    family_name: str = ""
    mail: str = ""
    phone: str = ""
    posts: tuple[Post, ...] = ()
    groups: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    disabled: bool = False
    address: Address = NOWHERE
    guest: str = ""
    sponsor: str = ""
    ends_at: int = 0

    @property
    def main_post(self) -> Post:
        """The first post, or an empty one."""
        return self.posts[0] if self.posts else Post("", "", "", "")

    @property
    def units(self) -> tuple[str, ...]:
        """The codes of the units of every current post."""
        return tuple(post.unit_code for post in self.posts)


def phone_text(number: str) -> str:
    """Give a number in E.164 as people here say it: ``0293 000 0001``; numbers of other countries as they are."""
    if not number.startswith("+84"):
        return number
    national = "0" + number[3:]
    head, middle, tail = national[:-7], national[-7:-4], national[-4:]
    return f"{head} {middle} {tail}".strip()


@dataclass(frozen=True, slots=True)
class Contact:
    """Who helps an officer: the administrator of the officer's agency.

    Attributes:
        name: Full name, NFC.
        phone: E.164, for example ``+842930000001``; empty when the directory holds none.
    """

    name: str
    phone: str

    @property
    def phone_text(self) -> str:
        """The number as people here say it."""
        return phone_text(self.phone)


class BindResult(StrEnum):
    """What a directory says to a name and a password (draft-behera-ldap-password-policy; AD sub-codes)."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    LOCKED = "locked"
    DISABLED = "disabled"
    EXPIRED = "expired"
    MUST_CHANGE = "must_change"


@dataclass(frozen=True, slots=True)
class BindOutcome:
    """Answer to one user bind.

    Attributes:
        result: MUST_CHANGE means that the password was right and may be used for changing it only.
        grace_left: Sign-ins left with an expired password; None when the server did not say.
        expires_in_seconds: Until the password expires; None when the server did not say.
    """

    result: BindResult
    grace_left: int | None = None
    expires_in_seconds: int | None = None


class ChangeResult(StrEnum):
    """Answer to a password change, made as the officer or for them (RFC 3062 and the policy control)."""

    CHANGED = "changed"
    WRONG_OLD = "wrong_old"
    TOO_SHORT = "too_short"
    TOO_SIMPLE = "too_simple"
    IN_HISTORY = "in_history"
    TOO_YOUNG = "too_young"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of what an operator reads about the directory.

    Attributes:
        name: What was looked at, for example ``server ldaps://ldap1.example``.
        ok: Whether it is as it should be.
        detail: What was found.
        remedy: What to do; empty when ok.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


class Directory(Protocol):
    """The officers' directory.

    Every verb but ``contact``, ``health`` and ``check`` may raise UnavailableError(dependency="directory"), within the time-outs
    and at once while the directory is known to be down.
    """

    def find_by_login(self, login_name: str) -> Officer | None:
        """Find the one officer whose uid or official mail this is (already normalised); None when none or several."""
        ...

    def find(self, entry_uuid: str) -> Officer | None:
        """Find an officer by stable identifier."""
        ...

    def check_password(self, officer: Officer | None, password: str) -> BindOutcome:
        """Bind as the officer on a fresh connection; for None bind against the decoy, taking the same time, and say WRONG.

        ``password`` is never empty and holds no control character; the room has refused those.
        """
        ...

    def change_password(self, officer: Officer, old: str, new: str) -> ChangeResult:
        """Change the password as the officer, so that history and quality rules hold."""
        ...

    @property
    def resets_passwords(self) -> bool:
        """Whether ``reset_password`` can do anything here: there is an account for it."""
        ...

    def reset_password(self, officer: Officer, new: str) -> ChangeResult:
        """Set the password of an officer who does not know it, so that it may be used for changing it only.

        Looks at the entry first and does nothing for one that is disabled or gone (NOT_ALLOWED): a new password never opens a
        closed account. NOT_ALLOWED also without an account for it. Rules for passwords may not be checked here, so ``new`` is
        one that they would take. Second factors are not the directory's and stay.
        """
        ...

    def everyone(self) -> Iterator[Officer]:
        """Give every officer, page by page, in no order; a failure in the middle raises, it never looks like the end."""
        ...

    def contact(self, officer: Officer) -> Contact | None:
        """Name the administrator of the officer's agency, or of the nearest one above; None when unknown. Never raises."""
        ...

    def health(self) -> dict[str, object]:
        """Tell the state without waiting long.

        Returns:
            ``{"state": "up" | "down", "servers": [{"uri", "state", "for_seconds", "detail"}]}``; one server up is enough.
        """
        ...

    def check(self) -> tuple[CheckLine, ...]:
        """Look at everything a sign-in needs (servers, certificates, service account, decoy, control support)."""
        ...
