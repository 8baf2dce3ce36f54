"""Officers for administrators: a list by any part of what is known of them, one of them whole, and what happened around one.

Source: security checklist 38: an agency's roles see the officers of the agency and below it, and of each what the role has a
right to see. Telephone numbers are hidden: who administers as a whole reads one for a purpose, or finds its officer by the whole
of it, and both are recorded (Law 91/2025). Identity numbers stand with the certificate requests that they were given for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import Found, MirroredOfficer, OfficerMirror, OfficerSearch, national_number, search_words
from ...directory.unit import is_within
from ...oauth.client import ClientRegistry
from ...roles import Administrator, ForbiddenError, Right, Role, RoleGroups
from ...sessions.devices import Devices
from ...sessions.single_sign_on import Sessions
from ..audit.actors import Actors, facts
from ..enrollment.devices import DeviceAdministration
from ..enrollment.requests import EnrollmentAdministration
from ..factors import FactorAdministration
from ..grants import GrantAdministration
from ..pages import InvalidParameterError, Page, cursor_of, known_sort, place_of
from ..reach import unknown_officer
from ..tasks import TaskAdministration
from . import masked
from .ports import FACTORS, SORTS, STATES, Accesses, Narrowed, People, Standing
from .reason import purpose_of

_SERIAL: Final = re.compile(r"[0-9A-Fa-f][0-9A-Fa-f: ]{5,60}|[A-Za-z0-9][A-Za-z0-9./_-]{3,39}")
_READS: Final = 20
"""How often one page may read on where few of those who are read are wanted; the next page goes on."""
_MOST: Final = 50
"""Things of a kind that an officer's page shows at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else is known of officers: the rooms, each with its own rules."""

    factors: FactorAdministration
    places: Devices
    sessions: Sessions
    grants: GrantAdministration
    enrollments: EnrollmentAdministration
    devices: DeviceAdministration
    tasks: TaskAdministration
    registry: ClientRegistry
    consents: Accesses


class OfficerDirectory:
    """Shows officers.

    Args:
        people: What is looked up of them.
        search: Where they are looked for by words.
        mirror: Officers by subject.
        groups: Tells who administers.
        actors: Tells who is told of.
        around: What else is known of them.
        audit: Where readings are recorded.
        clock: Source of the time.
    """

    def __init__(self, people: People, search: OfficerSearch, mirror: OfficerMirror, groups: RoleGroups, actors: Actors,
                 around: Around, audit: AuditTrail, clock: Clock) -> None:
        self._people, self._search, self._mirror, self._groups, self._around = people, search, mirror, groups, around
        self._actors, self._audit, self._clock = actors, audit, clock

    def listed(self, who: Administrator, caller: Caller, *, q: str = "", unit: str = "", state: str = "", factor: str = "",
               sort: str = "name", cursor: str = "", limit: int) -> Page:
        """Give officers, page by page.

        Args:
            who: Whoever asks sees their own agency and those below.
            caller: Who asks, for the record of a telephone number that was looked for.
            q: Words of name, login name, mail, agency or title, without accents; or the number of a certificate, a token or a
                SIM; or a whole telephone number, by those who may read one. Found by words they stand by name, whatever
                ``sort`` says.
            unit: Only this agency and those below.
            state: One of ``STATES``; "" for all who are not gone.
            factor: One of ``FACTORS``; "" for all.
            sort: One of ``SORTS``.
            cursor: As the page before gave it.
            limit: How many at most.

        Raises:
            InvalidParameterError: a parameter is none of these, or the cursor none of this list.
            ForbiddenError: a role that has nothing to do with officers.
        """
        who.demand(Right.SEE_OFFICERS)
        if state not in ("", *STATES) or factor not in ("", *FACTORS):
            raise InvalidParameterError("state, factor: not one that this list knows.")
        which = Narrowed(unit=who.narrowed(unit), state=state, factor=factor, sort=known_sort(sort, SORTS))
        words = search_words(q)
        place = self._place(cursor, "name" if words else sort)
        if words and (named := self._by_number(who, q)):
            return Page(self._shown_all(who, [Found(officer, ("", "")) for officer in named][:limit]))
        if (number := national_number(q)) and who.may(Right.ADMINISTER):
            named = self._by_phone(who, number, caller, limit)
            return Page(self._shown_all(who, [Found(officer, ("", "")) for officer in named]))
        found, last = self._read_on(which, words, place, limit)
        return Page(self._shown_all(who, found), cursor_of(last) if last else "")

    def count(self, who: Administrator, *, q: str = "", unit: str = "", state: str = "", factor: str = "") -> int | None:
        """Tell how many officers ``listed`` gives; None where words or numbers are looked for, which nobody counts."""
        who.demand(Right.SEE_OFFICERS)
        return None if q else self._people.count(Narrowed(unit=who.narrowed(unit), state=state, factor=factor))

    def one(self, who: Administrator, sub: str) -> dict[str, Any]:
        """Give an officer whole: what the directory says, and what each right shows beside it.

        Returns:
            Facts, ``posts``, ``role``, ``factors``, ``sessions``; ``applications`` to whoever sees grants; ``certificates``,
            ``devices`` and ``tasks`` to whoever sees those, None to others.

        Raises:
            RefusedError: there is no such officer, or none of theirs (404).
        """
        officer = self._seen(who, sub)
        person, around = officer.officer, self._around
        role = self._groups.administrator(officer, client_id="", read_only=False)
        whole = who.may(Right.ADMINISTER)
        return {
            **self._shown(who, officer, self._people.standing([person.entry_uuid]).get(person.entry_uuid)),
            "posts": [{"unit_code": post.unit_code, "unit_name": post.unit_name, "title": post.title,
                       "ends_at": post.ends_at or None} for post in person.posts],
            "guest": person.guest or None, "ends_at": person.ends_at or None,
            "role": None if role is None else {"role": role.role.value, "unit": role.unit or None,
                                               "deputy_for": role.deputy_for or None},
            "factors": around.factors.of(who, sub)["items"],
            "sessions": [{"sid": place.sid, "since": place.since, "last_seen_at": place.last_seen_at, "source": place.source,
                          "user_agent": place.user_agent} for place in around.places.places(sub)
                         if around.sessions.goes_on(place.last_seen_at, place.expires_at)] if self._near(who, officer) else [],
            "applications": self._applications(who, sub) if whole else None,
            "certificates": list(around.enrollments.listed(who, holder=sub, limit=_MOST).items)
            if who.may(Right.SEE_CERTIFICATES) else None,
            "devices": list(around.devices.listed(who, holder=sub, limit=_MOST).items) if who.may(Right.SEE_DEVICES) else None,
            "tasks": [around.tasks.one(who, task) for task in self._people.open_tasks(sub)[:_MOST]] if whole else None}

    def timeline(self, who: Administrator, sub: str, *, cursor: str = "", limit: int) -> Page:
        """Give what happened around an officer, the newest first: sign-ins, factors, certificates, devices, applications, acts.

        As in the audit trail an agency learns nothing of those who have a role for the province, not who from outside acted
        (``audit.actors``), and not from where others act; what a record holds is for roles that administer as a whole.

        Raises:
            RefusedError: as ``one``.
            InvalidParameterError: the cursor is none.
        """
        officer, whole = self._seen(who, sub), who.may(Right.ADMINISTER)
        place = place_of(cursor, int, int)
        if not self._near(who, officer):
            return Page([])
        found = self._people.trail(officer.sub, before=(place[0], place[1]) if place else None, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        items, told = [], self._actors.told(who)
        for _, record in found[:limit]:
            by = record.detail.get("by_officer") or record.detail.get("by") or None
            held = {name: value for name, value in record.detail.items() if not name.startswith("by")} if whole else {}
            items.append({"at": record.at, "event": record.event.value, "client_id": record.client_id or None,
                          "by": told(str(by)) if by else None, "detail": facts(held, told),
                          "source": (record.source or None) if who.of_the_province or by in (None, sub) else None})
        return Page(items, cursor_of(last[1].at, last[0]) if last else "")

    def phone(self, who: Administrator, sub: str, body: Mapping[str, Any], caller: Caller) -> dict[str, str]:
        """Give an officer's telephone number whole; the reading is recorded before, with what it is for, which the officer reads.

        Args:
            who: A person who administers as a whole, or audits.
            sub: The officer.
            body: ``purpose``, a line.
            caller: Who asks.

        Raises:
            ForbiddenError: another role, or a machine, which has no purpose of its own.
            RefusedError: as ``one``; 422 ``bad_purpose``.
        """
        who.demand(Right.ADMINISTER)
        if who.role is Role.MACHINE:
            raise ForbiddenError("A person reads a telephone number, for a purpose; a machine does not.")
        officer, purpose = self._seen(who, sub), purpose_of(body)
        self._read(officer.sub, who, caller, why="phone", purpose=purpose)
        return {"phone": officer.officer.phone}

    def _by_phone(self, who: Administrator, number: str, caller: Caller, limit: int) -> list[MirroredOfficer]:
        """Give those of theirs who have a telephone number: each reads that they were looked for by it."""
        found = [one for one in self._search.by_phone(number, limit=_MOST)
                 if who.oversees(one.officer.main_post.unit_code)][:limit]
        for officer in found:
            self._read(officer.sub, who, caller, why="phone_search")
        if not found:
            self._read("", who, caller, why="phone_search")
        return found

    def _read(self, sub: str, who: Administrator, caller: Caller, **detail: str) -> None:
        self._audit.record(AuditRecord(
            AuditEvent.PERSONAL_DATA_READ, self._clock.now(), sub=sub, source=caller.source, request_id=caller.request_id,
            detail={**detail, "by": who.sub, **caller.by}))

    def _by_number(self, who: Administrator, q: str) -> list[MirroredOfficer]:
        """Give those who have a certificate or device with a number, where it is one."""
        number = q.strip()
        if _SERIAL.fullmatch(number) is None:
            return []
        if re.fullmatch(r"[0-9A-Fa-f: ]+", number):
            number = re.sub(r"[: ]", "", number).lstrip("0").lower()
        found = (self._mirror.by_sub(sub) for sub in self._people.holders(number))
        return [officer for officer in found if officer is not None and who.oversees(officer.officer.main_post.unit_code)]

    def _place(self, cursor: str, sort: str) -> tuple[str, str] | None:
        """Give the place of a cursor: it names an officer only, since what officers are found by is not for every role."""
        named = place_of(cursor, str)
        if named is None:
            return None
        place = self._people.place(str(named[0]), sort)
        if place is None:
            raise InvalidParameterError("cursor: not one that this list gave.")
        return place

    def _read_on(self, which: Narrowed, words: Sequence[str], place: tuple[str, str] | None,
                 limit: int) -> tuple[list[Found], str]:
        """Read on until a page is full, or everything was read, or it was read often enough.

        Returns:
            Officers, and the entryUUID behind which it goes on; "" where everything was read.
        """
        found: list[Found] = []
        for _ in range(_READS):
            read = (self._search.search(words, unit=which.unit, after=place, limit=limit + 1) if words
                    else self._people.page(which, after=place, limit=limit + 1))
            wanted = self._wanted(which, read) if words else [
                one for one in read if not which.unit or is_within(one.officer.officer.main_post.unit_code, which.unit)]
            found += wanted
            if len(found) > limit:
                return found[:limit], found[limit - 1].place[1]
            if len(read) <= limit:
                return found, ""
            place = read[-1].place
        return found, place[1] if place else ""

    def _wanted(self, which: Narrowed, read: Sequence[Found]) -> list[Found]:
        found = [one for one in read if _is_of(which.state, one.officer)]
        if not which.factor or not found:
            return found
        standing = self._people.standing([one.officer.officer.entry_uuid for one in found])
        return [one for one in found
                if (had := standing.get(one.officer.officer.entry_uuid)) and had.has_factor == (which.factor == "with")]

    def _applications(self, who: Administrator, sub: str) -> list[dict[str, Any]]:
        names = {client.client_id: client.client_name for client in self._around.registry.all()}
        used = self._around.sessions.last_used(sub)
        has = {access.client_id: access for access in self._around.consents.accesses(sub)}
        granted: dict[str, list[str]] = {}
        for grant in self._around.grants.listed(who, sub=sub, limit=200).items:
            granted.setdefault(grant["client_id"], []).append(grant["grant_id"])
        return [{"client_id": client, "name": names.get(client) or client, "grants": granted.get(client, []),
                 "scope": " ".join(sorted(has[client].scope)) if client in has else None,
                 "consent_at": has[client].agreed_at if client in has else None, "last_used_at": used.get(client)}
                for client in sorted({*used, *has, *granted}, key=lambda one: -used.get(one, 0))]

    def _seen(self, who: Administrator, sub: str) -> MirroredOfficer:
        who.demand(Right.SEE_OFFICERS)
        officer = self._mirror.by_sub(sub)
        if officer is None or not who.oversees(officer.officer.main_post.unit_code):
            raise unknown_officer()
        return officer

    def _near(self, who: Administrator, officer: MirroredOfficer) -> bool:
        return who.of_the_province or not self._groups.above(officer)

    def _shown_all(self, who: Administrator, found: Sequence[Found]) -> list[dict[str, Any]]:
        standing = self._people.standing([one.officer.officer.entry_uuid for one in found])
        return [self._shown(who, one.officer, standing.get(one.officer.officer.entry_uuid)) for one in found]

    def _shown(self, who: Administrator, officer: MirroredOfficer, standing: Standing | None) -> dict[str, Any]:
        person, post = officer.officer, officer.officer.main_post
        return {"sub": officer.sub, "uid": person.uid, "name": person.name, "mail": person.mail,
                "phone": masked.phone(person.phone),
                "unit_code": post.unit_code, "unit_name": post.unit_name, "title": post.title, "status": officer.status,
                "last_sign_in_at": standing.last_sign_in_at if standing else None,
                "has_factor": standing is not None and standing.has_factor,
                "certificates": standing.certificates if standing else 0}


def _is_of(state: str, officer: MirroredOfficer) -> bool:
    return bool(officer.officer.guest) if state == "guest" else state in {"", officer.status}
