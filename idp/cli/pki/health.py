"""What ``doctor`` says of the province's own authority: its lists, its signer, and the lists of weak keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ...services import Services

DAY = 86400
Finding = tuple[str, str, str]
"""``ok``, ``warning`` or ``failed``; what was found; what to do."""
_WORKER = "See that the worker runs, and that keys/ca holds the key."


def look(house: Services) -> Iterator[Finding]:
    """Look at every authority; nothing is said where there is none."""
    authorities, now = house.certification.authorities(), house.clock.now()
    for authority in authorities:
        found = house.revocation_lists.find(authority.name, 0)
        root = authority.kind == "root"
        remedy = "Fetch the root's key: flask --app wsgi ca crl --root-key FILE" if root else _WORKER
        if found is None or found.next_update <= now:
            yield "failed", f"the list of {authority.name} is out of date; its certificates cannot be verified.", remedy
        elif found.next_update - now < (60 * DAY if root else DAY // 4):
            yield "warning", f"the list of {authority.name} is good until {_day(found.next_update)} only.", remedy
        else:
            yield "ok", f"the list of {authority.name} is good until {_day(found.next_update)}.", ""
        if not root:
            end = house.ocsp.signer_ends(authority.name)
            if end is None or end <= now:
                yield "failed", f"nobody signs OCSP answers for {authority.name}.", _WORKER
            elif end - now < 3 * DAY:
                yield "warning", f"who signs OCSP answers for {authority.name} ends on {_day(end)}.", _WORKER
    if authorities:
        lists = house.certification.listed_files()
        yield (("ok", f"lists of weak keys: {', '.join(lists)}.", "") if lists else (
            "ok", "no lists of Debian's weak keys; the other checks of keys hold.",
            "To have them too: install openssl-blacklist and set IDP_CA_WEAK_KEYS_DIR."))


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
