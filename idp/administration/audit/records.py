"""Records for administrators and auditors: who sees which, and what of one an agency does not learn.

Source: security checklist 38. The province and its auditors see all. An agency's administrator sees the records about officers
who are of the agency, or of one below it, as the directory has them now; never those about somebody with a role for the whole
province. Who from outside the agency acted upon such an officer (``actors``) is not told by name, address or request, nor
found by address.
Nothing here changes anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ...audit import AuditEvent
from ...audit.archive.archives import Archives
from ...audit.inspection import Inspection, Standing, Stretch
from ...audit.seal import StoredRecord
from ...audit.search import AuditSearch, Place, Wanted
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...errors import RefusedError
from ...roles import Administrator, ForbiddenError, Right
from ..pages import InvalidParameterError, Page, cursor_of, place_of
from .actors import OUTSIDE, SUBJECT, Actors, Told, facts

_ACTORS: Final = ("by_officer", "by")


class AuditRecords:
    """Shows records.

    Args:
        search: Looks through the trail.
        inspection: Checks the chain in parts.
        mirror: Officers.
        actors: Tells who is told of.
        archives: Tells which months are not in the database.
    """

    def __init__(self, search: AuditSearch, inspection: Inspection, mirror: OfficerMirror, actors: Actors,
                 archives: Archives) -> None:
        self._search, self._inspection, self._mirror, self._actors = search, inspection, mirror, actors
        self._archives = archives

    def absent(self, who: Administrator, *, since: int = 0, before: int = 2**53) -> list[str]:
        """Give the months (YYYY-MM) between two moments that stand in archives only: what is looked for may be there.

        Raises ForbiddenError: their role reads no records.
        """
        who.demand(Right.ADMINISTER)
        return self._archives.absent(since, before)

    def archived(self, who: Administrator) -> list[tuple[str, str]]:
        """Give the archived months, each with its state (``audit.archive.month``). Raises as ``absent``."""
        who.demand(Right.ADMINISTER)
        return [(one.month.month, one.state) for one in self._archives.months()]

    def listed(self, who: Administrator, *, sub: str = "", uid: str = "", client_id: str = "", source: str = "", event: str = "",
               unit: str = "", since: int = 0, before: int = 2**53, cursor: str = "", limit: int) -> Page:
        """Give records, the newest first.

        Args:
            who: The administrator.
            sub: An officer, by subject.
            uid: An officer, by login name; nobody of that name has no records.
            client_id: An application.
            source: Address of the caller, exactly.
            event: One of the catalogue.
            unit: An agency with those below it.
            since: First second.
            before: The second before which it ends.
            cursor: Of the page before.
            limit: How many.

        Returns:
            A page. It may be short, or empty, and yet name a next one: a page looks through so many records and no more.

        Raises:
            InvalidParameterError: the cursor is none, the time runs backwards, or there is no such event.
            ForbiddenError: their role reads no records.
        """
        who.demand(Right.ADMINISTER)
        if event and event not in set(AuditEvent):
            raise InvalidParameterError("event: none of the catalogue.")
        if not 0 <= since < before:
            raise InvalidParameterError("before: not after since.")
        place = place_of(cursor, int, int)
        if uid:
            officer = self._mirror.by_uid(uid)
            if officer is None or sub not in ("", officer.sub):
                return Page([])
            sub = officer.sub
        wanted = Wanted(sub=sub, client_id=client_id, source=source, event=event, unit=who.narrowed(unit), start=since,
                        end=before)
        found, following = self._search.page(wanted, before=Place(*place) if place else None, limit=limit)
        known, told = dict[str, MirroredOfficer | None](), self._actors.told(who)
        items = [self._shown(who, record, known, told) for record in found if self._is_for(who, record, known)]
        # Where somebody outside acted from is not found out by asking for the address.
        items = [one for one in items if source in ("", one["source"])]
        return Page(items, cursor_of(*following) if following else "")

    def one(self, who: Administrator, record_id: int) -> tuple[dict[str, Any], Standing]:
        """Give a record, and how it stands in the chain: its seal is checked with all that it covers.

        Raises:
            RefusedError: there is no such record, or it is not theirs to see (404).
            ForbiddenError: their role reads no records.
        """
        who.demand(Right.ADMINISTER)
        record, known = self._search.find(record_id), dict[str, MirroredOfficer | None]()
        if record is None or not self._is_for(who, record, known):
            raise RefusedError("There is no such record.", code="unknown_record", status=404)
        shown = self._shown(who, record, known, self._actors.told(who))
        shown["people"] = {sub: officer.officer.name for sub in _subjects(shown["detail"])
                           if (officer := self._officer(sub, known)) is not None}
        return shown, self._inspection.record(record)

    def stretch(self, who: Administrator, upto: int | None = None) -> Stretch:
        """Check a part of the chain, backwards. Raises ForbiddenError for an agency: seals cover everybody's records."""
        who.demand(Right.ADMINISTER)
        if not who.of_the_province:
            raise ForbiddenError("The chain is the province's to check.")
        return self._inspection.stretch(upto)

    def _officer(self, sub: str, known: dict[str, MirroredOfficer | None]) -> MirroredOfficer | None:
        if sub not in known:
            known[sub] = self._mirror.by_sub(sub) if sub else None
        return known[sub]

    def _is_for(self, who: Administrator, record: StoredRecord, known: dict[str, MirroredOfficer | None]) -> bool:
        return who.of_the_province or self._sees(who, self._officer(record.sub, known))

    def _sees(self, who: Administrator, officer: MirroredOfficer | None) -> bool:
        return officer is not None and self._actors.sees(who, officer)

    def _shown(self, who: Administrator, record: StoredRecord, known: dict[str, MirroredOfficer | None],
               told: Told) -> dict[str, Any]:
        officer = self._officer(record.sub, known)
        post = officer.officer.main_post if officer else None
        detail = facts(json.loads(record.detail), told)
        shown = {
            "id": record.position.id, "at": record.at, "event": record.event, "sub": record.sub,
            "uid": officer.officer.uid if officer else "", "name": officer.officer.name if officer else "",
            "unit_code": post.unit_code if post else "", "client_id": record.client_id, "sid": record.sid,
            "source": record.source, "request_id": record.request_id, "detail": detail}
        outside = OUTSIDE in [detail.get(name) for name in _ACTORS]
        return shown | {"source": OUTSIDE, "request_id": ""} if outside else shown


def _subjects(detail: Mapping[str, Any]) -> list[str]:
    """Give what may be subjects of officers in a record's detail."""
    return [value for value in detail.values() if isinstance(value, str) and len(value) == SUBJECT]
