"""What an operator should know about the officers in the directory before they try to sign in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .officer import CheckLine, Officer

_SHOWN = 5


def examine(officers: Iterable[Officer]) -> tuple[CheckLine, ...]:
    """Look at everybody once.

    Returns:
        One line per question; not ok where somebody could not sign in or would be taken for somebody else.
    """
    uids: Counter[str] = Counter()
    mails: Counter[str] = Counter()
    total = disabled = 0
    no_post: list[str] = []
    unknown_unit: list[str] = []
    no_mail: list[str] = []
    answering: set[str] = set()
    guests: list[Officer] = []
    for officer in officers:
        total += 1
        disabled += officer.disabled
        if officer.guest and not officer.disabled:
            guests.append(officer)
        elif not officer.guest and not officer.disabled:
            answering.add(officer.dn.lower())
        uids[officer.uid] += 1
        if officer.mail:
            mails[officer.mail.lower()] += 1
        else:
            no_mail.append(officer.uid)
        if not officer.posts:
            no_post.append(officer.uid)
        elif any(not post.unit_name for post in officer.posts):
            unknown_unit.append(officer.uid)
    same_uid, same_mail = _repeated(uids), _repeated(mails)
    alone = [guest.uid for guest in guests if guest.sponsor.lower() not in answering]
    return (
        CheckLine("officers", total > 0, f"{total}, of them {disabled} disabled",
                  "" if total else "Check IDP_LDAP_BASE_DN and IDP_LDAP_PEOPLE_FILTER."),
        CheckLine("uids", not same_uid, _names("held by several officers, who cannot sign in with it", same_uid),
                  "Give each officer a uid of their own." if same_uid else ""),
        CheckLine("mail addresses", not same_mail, _names("held by several officers, who cannot sign in with it", same_mail),
                  "Give each officer an address of their own." if same_mail else ""),
        CheckLine("mailboxes", True, _names("without one, so they sign in with their uid", no_mail)),
        CheckLine("posts", True, _names("without any", no_post)),
        CheckLine("agencies", not unknown_unit, _names("with a post in an agency that the tree does not name", unknown_unit),
                  "Correct vnPost or departmentNumber, or add the agency." if unknown_unit else ""),
        CheckLine("guests", not alone, _names("whose sponsor has left or is not named", alone),
                  "Name an officer who answers for them (manager), or let them end (vnValidTo)." if alone else ""),
    )


def _repeated(counted: Counter[str]) -> list[str]:
    return sorted(value for value, count in counted.items() if count > 1)


def _names(what: str, values: list[str]) -> str:
    if not values:
        return f"none {what}"
    shown = ", ".join(values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")
    return f"{len(values)} {what}: {shown}"
