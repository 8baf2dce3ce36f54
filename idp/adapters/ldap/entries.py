"""Entries of the directory as officers and units.

Spec: RFC 2798 (inetOrgPerson), RFC 4519, RFC 4517 §3.3.28 (postal addresses), RFC 4530 (entryUUID). Text is UTF-8 and comes out
in NFC, whatever form an import left in the directory. Posts come from ``vnPost`` (``rank$unit code$title``, of an acting post
``rank$unit code$title$last day``); where a directory has none, from ``departmentNumber`` and ``title``. A guest is told by
``employeeType``, the sponsor by ``manager``, the account's last day by ``vnValidTo``. An address is that of an office:
``homePostalAddress`` is not read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import ldap
import ldap.dn

from ...directory.officer import NOWHERE, Address, Officer, Post
from ...directory.term import ENDED, end_of
from ...directory.unit import Unit, UnitTree
from .dialect import Attributes

PERMANENT_LOCK: Final = "000001010000Z"
"""Value of pwdAccountLockedTime that disables an account until somebody takes it away."""
ADDRESS_ATTRIBUTES: Final = ("street", "l", "st", "postalCode", "postalAddress")
OFFICER_ATTRIBUTES: Final = (
    "entryUUID", "uid", "cn", "displayName", "sn", "givenName", "mail", "telephoneNumber", "mobile", "employeeNumber",
    "departmentNumber", "ou", "title", "vnPost", "memberOf", "pwdAccountLockedTime", "employeeType", "manager", "vnValidTo",
    *ADDRESS_ATTRIBUTES)
GUESTS: Final = frozenset({"contractor", "vendor", "intern"})
"""Values of employeeType, in lower case, that make somebody a guest."""
UNIT_ATTRIBUTES: Final = (
    "entryUUID", "vnUnitCode", "vnUnitCode2016", "vnUnitName", "vnUnitKind", "vnValidFrom", "vnValidTo", *ADDRESS_ATTRIBUTES)

_MAX_BYTES, _MAX_VALUES = 8192, 2000


def bounded(attributes: Attributes) -> Attributes:
    """Leave out what no such entry needs: values of more than eight kilobytes, and more than two thousand of one attribute.

    A group may hold everybody.
    """
    return {name: [value for value in (values if name == "member" else values[:_MAX_VALUES]) if len(value) <= _MAX_BYTES]
            for name, values in attributes.items()}


def officer_of(dn: str, attributes: Attributes, tree: UnitTree, guests: Collection[str] = GUESTS) -> Officer | None:
    """Give the officer of an entry; None for an entry without entryUUID or uid, which is no account."""
    entry_uuid, uid = _first(attributes, "entryUUID").lower(), _first(attributes, "uid").lower()
    if not entry_uuid or not uid:
        return None
    mail, number = _first(attributes, "mail"), _first(attributes, "employeeNumber")
    posts, address = _posts(attributes, tree), _address(attributes)
    if address == NOWHERE and posts:
        address = tree.address(posts[0].unit_code)
    guest = next((kind for kind in map(str.casefold, texts_of(attributes, "employeeType")) if kind in guests), "")
    return Officer(
        entry_uuid=entry_uuid, dn=dn, uid=uid, name=_first(attributes, "displayName") or _first(attributes, "cn"),
        given_name=_first(attributes, "givenName"), family_name=_first(attributes, "sn"), mail=mail,
        phone=_phone(_first(attributes, "telephoneNumber") or _first(attributes, "mobile")), posts=posts,
        groups=groups_of(attributes),
        attributes={name: value for name, value in (("uid", uid), ("mail", mail), ("employeeNumber", number)) if value},
        disabled=_first(attributes, "pwdAccountLockedTime") == PERMANENT_LOCK, address=address,
        guest=guest, sponsor=_first(attributes, "manager") if guest else "",
        ends_at=_end(_first(attributes, "vnValidTo")) or (ENDED if guest else 0))


def groups_of(attributes: Attributes) -> tuple[str, ...]:
    """Give the sorted names of the groups of an entry."""
    return tuple(sorted({group_name(dn) for dn in texts_of(attributes, "memberOf")}))


def entry_uuid_of(attributes: Attributes) -> str:
    """Give the entry's identifier (RFC 4530); "" where the server did not say."""
    return _first(attributes, "entryUUID").lower()


def texts_of(attributes: Attributes, name: str) -> list[str]:
    """Give all values of an attribute as text."""
    return [_text(value) for value in attributes.get(name, ())]


def unit_of(attributes: Attributes) -> Unit | None:
    """Give the unit of an entry; None without a code."""
    code = _first(attributes, "vnUnitCode")
    if not code:
        return None
    return Unit(code, _first(attributes, "vnUnitCode2016"), _first(attributes, "vnUnitName"), _first(attributes, "vnUnitKind"),
                _day(_first(attributes, "vnValidFrom")), _day(_first(attributes, "vnValidTo")), _address(attributes))


@lru_cache(maxsize=4096)
def group_name(dn: str) -> str:
    """Give the value of the first component of a group's DN, for example ``lanhdao``; the DN itself when it is malformed."""
    with suppress(ldap.DECODING_ERROR, IndexError):
        return unicodedata.normalize("NFC", str(ldap.dn.str2dn(dn)[0][0][1]))
    return dn


def _posts(attributes: Attributes, tree: UnitTree) -> tuple[Post, ...]:
    ranked: list[tuple[int, str, str, int]] = []
    for raw in attributes.get("vnPost", ()):
        rank, _, rest = _text(raw).partition("$")
        code, separator, rest = rest.partition("$")
        title, _, last_day = rest.partition("$")
        if separator and rank.isascii() and rank.isdigit():
            ranked.append((int(rank[:9]), code.strip(), title.strip(), _end(last_day.strip())))
    name = _first(attributes, "ou")
    if ranked:
        return tuple(tree.post(code, title, fallback_name=name if place == 0 else "", ends_at=ends_at)
                     for place, (_, code, title, ends_at) in enumerate(sorted(ranked)))
    code, title = _first(attributes, "departmentNumber"), _first(attributes, "title")
    return (tree.post(code, title, fallback_name=name),) if code or title else ()


def _address(attributes: Attributes) -> Address:
    """Read an office address; the lines of postalAddress are separated by dollar signs."""
    street, locality, region, code, whole = (_first(attributes, name).strip() for name in ADDRESS_ATTRIBUTES)
    lines = (line.replace("\\24", "$").replace("\\5C", "\\").strip() for line in whole.split("$"))
    return Address(street, locality, region, code, "\n".join(filter(None, lines)))


def _phone(text: str) -> str:
    """Give a number as E.164 or, without a country code, as its digits (RFC 4517 §3.3.31 allows spaces and hyphens)."""
    kept = "".join(c for c in text if c in "+0123456789")
    return "+84" + kept[1:] if kept.startswith("0") else kept


def _end(last_day: str) -> int:
    """Give the end of what a last day limits; of a day that nobody can read, one that has passed; 0 for none."""
    day = _day(last_day)
    return (end_of(day) if day is not None else ENDED) if last_day else 0


def _day(text: str) -> date | None:
    with suppress(ValueError):
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 (a day, not a moment)
    return None


def _first(attributes: Attributes, name: str) -> str:
    values = attributes.get(name)
    return _text(values[0]) if values else ""


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return text if text.isascii() else unicodedata.normalize("NFC", text)
