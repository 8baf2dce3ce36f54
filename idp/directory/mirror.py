"""Local mirror of officers: who they were when we last looked, and the subject that each was given once.

The token path answers from here and never asks the directory. Keyed by entryUUID (RFC 4530), so that a rename, a transfer or a
reorganisation changes facts and never the ``sub`` (OpenID Connect Core §2: locally unique and never reassigned).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from .officer import Officer

Status = Literal["active", "disabled", "gone"]
WORDS: Final = 8
"""Words of a search at most: a name of four, and an agency's first ones."""
_BETWEEN: Final = re.compile(r"[,;()\[\]\"“”|]")


@dataclass(frozen=True, slots=True)
class MirroredOfficer:
    """An officer as mirrored.

    Attributes:
        sub: Stable opaque subject, 22 characters base64url; given at first sight, never changed or reused.
        officer: The facts at the last look.
        status: Anything but ``active`` stops every path.
    """

    sub: str
    officer: Officer
    status: Status


class OfficerMirror(Protocol):
    """Where officers are mirrored."""

    def learn(self, officer: Officer, *, now: int, look: Callable[[], Officer | None], source: str = "",
              request_id: str = "") -> MirroredOfficer:
        """Mirror an officer whom somebody has just met at a sign-in, and give the officer as mirrored now.

        Others write the mirror too, so where it says otherwise than ``officer`` the directory is asked once more, after the
        mirror was read, and that answer is written only if nobody wrote meanwhile: an older look never undoes a newer one. A
        change is recorded and remembered (``directory.changes``). Of parallel first calls all get the same subject.

        Args:
            officer: As looked up.
            now: Seconds since the epoch.
            look: Looks the officer up again; None when the directory has lost the entry, and then nothing is written.
            source: Of the caller, for the record.
            request_id: Of the request, for the record.
        """
        ...

    def remember(self, officer: Officer, *, now: int) -> str:
        """Mirror an officer as given and give the subject; for those whom nothing else mirrors at the same time."""
        ...

    def by_sub(self, sub: str) -> MirroredOfficer | None:
        """Find by subject."""
        ...

    def by_entry_uuid(self, entry_uuid: str) -> MirroredOfficer | None:
        """Find by the directory's identifier."""
        ...

    def by_uid(self, uid: str) -> MirroredOfficer | None:
        """Find by current login name (lower case); None when none or several have it."""
        ...

    def groups(self) -> frozenset[str]:
        """Give the groups that hold any active officer; for operators, who may wait for it."""
        ...

    def signed_in(self, sub: str, *, now: int) -> None:
        """Note a sign-in; the first one is kept too."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """An officer that a search found.

    Attributes:
        place: Where in the order; the next page begins behind it.
    """

    officer: MirroredOfficer
    place: tuple[str, str]


class OfficerSearch(Protocol):
    """Where officers are looked for."""

    def search(self, words: Sequence[str], *, unit: str, after: tuple[str, str] | None, limit: int) -> Sequence[Found]:
        """Give officers who are not gone, by name.

        Args:
            words: As ``search_words`` gives them; all must be found, in anything but the telephone number. Those of three letters
                or more anywhere, shorter ones at the beginning of a word.
            unit: Only of this agency or below; "" for all.
            after: Place of the last one seen.
            limit: How many at most.
        """
        ...

    def by_phone(self, number: str, *, limit: int) -> Sequence[MirroredOfficer]:
        """Give officers who are not gone and have a telephone number, as ``national_number`` gives it."""
        ...


def search_words(text: str) -> tuple[str, ...]:
    """Give the words of a search, as they stand in search keys, without the signs that people write between: at most ``WORDS``.

    "Nguyễn Văn A, Sở Y tế" and a pasted "Nguyễn Văn A;" mean the names alone. What has no letter and no digit is a word only
    where nothing else is asked, and then finds nobody.
    """
    asked = search_key(text)
    words = [word.strip(".:-–—") for word in _BETWEEN.sub(" ", asked).split()]
    return tuple([word for word in words if any(sign.isalnum() for sign in word)] or asked.split())[:WORDS]


def has_all(words: Sequence[str], key: str) -> bool:
    """Tell whether every word stands in a search key, in whatever order; one or two letters begin a word."""
    return all((word if len(word) > 2 else f" {word}") in f" {key}" for word in words)


def national_number(text: str) -> str:
    """Give the digits of a whole telephone number of Viet Nam without its first 0 or 84; "" for anything else.

    A part of a number is none: nobody finds out a hidden number digit by digit.
    """
    digits = "".join(sign for sign in text if sign not in " .()-\u00a0")
    found = re.fullmatch(r"(?:\+?84|0)([0-9]{9,10})", digits, re.ASCII)
    return found[1] if found else ""


def search_key(*texts: str) -> str:
    """Fold texts to what searches compare: lower case, no tone or vowel marks, đ as d, single spaces."""
    joined = unicodedata.normalize("NFD", " ".join(texts).casefold().replace("đ", "d"))
    return " ".join("".join(c for c in joined if not unicodedata.combining(c)).split())


def search_keys(texts: Sequence[str]) -> list[str]:
    """Give the search key of each of very many texts, in a sixth of the time; none of them has the sign NUL."""
    folded = unicodedata.normalize("NFD", "\0".join(texts).casefold().replace("đ", "d"))
    marks = "".join(sign for sign in set(folded) if unicodedata.combining(sign))
    if marks:
        folded = re.sub(f"[{re.escape(marks)}]+", "", folded)
    return [" ".join(key.split()) for key in folded.split("\0")] if texts else []
