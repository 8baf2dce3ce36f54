"""When certificates end, for administrators: how many in which month and agency, and which they are.

Source: Decree 68/2024 (renewal, Mẫu 04, is asked for while the certificate stands); security checklist 38 and 41: an agency
sees its own, and no cell of a file is a formula. Every number is the length of the list behind it: both are read by the same
condition (``pki.expiry.forecast``). Agencies are those right below the province, with all that is below them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ...clock import Clock
from ...directory.ledger import UnitMirror
from ...pki.enrollment.desk import RENEWAL_DAYS
from ...pki.enrollment.record import Enrollment
from ...pki.enrollment.working_days import day_of, days_between, start_of
from ...pki.expiry.forecast import Between, Ending, ForecastStore, bounds, month_of
from ...pki.forms import Sheets
from ...roles import Administrator, Right
from ...spreadsheet import harmless
from ..audit.actors import Actors, Told
from ..pages import InvalidParameterError, Page, Place, downwards, known_sort, turned
from .requests import shown

MONTHS: Final = (12, 24)
"""How many months a forecast may be for."""
SORTS: Final = ("not_after", "-not_after")


class ExpiryForecast:
    """Counts and lists certificates that end.

    Args:
        store: Reads enrollments.
        units: What agencies are called.
        sheets: Files.
        actors: Tells who is told of.
        clock: Source of the time.
    """

    def __init__(self, store: ForecastStore, units: UnitMirror, sheets: Sheets, actors: Actors, clock: Clock) -> None:
        self._store, self._units, self._sheets, self._actors, self._clock = store, units, sheets, actors, clock

    def forecast(self, who: Administrator, *, months: int = MONTHS[0], skip: int = 0, unit: str = "") -> dict[str, Any]:
        """Count certificates that end, by agency and month.

        Args:
            who: The administrator; of an agency, only its certificates are counted.
            months: How many months.
            skip: How many months later than this one to begin.
            unit: Of this agency alone, and those below it.

        Returns:
            ``months`` (each ``month``, ``count``, ``followed``), ``agencies`` (``unit_code``, ``unit_name``, ``months`` in the
            same order, ``count``, ``followed``, ``due``: count and followed of those whose renewal is taken now), and ``count``,
            ``followed`` and ``due`` of them all.
        """
        who.demand(Right.SEE_CERTIFICATES)
        now, scope = self._clock.now(), who.narrowed(unit)
        names = [month_of(day_of(now), skip + number) for number in range(months)]
        found = self._store.by_month(Between(unit=scope, after=max(now, bounds(names[0])[0] - 1), before=bounds(names[-1])[1]))
        due = self._store.by_month(self.meant(who, unit=unit))
        called = {entry.unit.code: entry.unit.name for entry in self._units.units()}
        by_agency, due_by_agency = _of_agencies(found, scope), _of_agencies(due, scope)
        agencies = [{"unit_code": code,
                     "unit_name": called.get(code) or _recorded(code, [*by_agency[code], *due_by_agency[code]]),
                     **_counted(names, by_agency[code], due_by_agency[code])}
                    for code in sorted(by_agency.keys() | due_by_agency.keys())]
        return {"agencies": agencies, **_counted(names, found, due)}

    def listed(self, who: Administrator, *, month: str = "", unit: str = "", followed: str = "", sort: str = SORTS[0],
               cursor: str = "", back: str = "", limit: int) -> Page:
        """Give the certificates behind a number.

        Args:
            who: The administrator.
            month: ``2026-12``; "" for those whose renewal is taken now.
            unit: Of this agency and those below; a code without a dot means the province's own alone.
            followed: ``true`` or ``false``: whether what is to follow was handed in; "" for either.
            sort: One of ``SORTS``: those first that end first, or last.
            cursor: Of the page before.
            back: ``prev`` of a page; the one before it.
            limit: How many at most.

        Returns:
            Requests, each with ``days_left`` and ``following``: the requests on their way that are to follow it (``id``,
            ``purpose``, ``state``).

        Raises:
            InvalidParameterError: a month, an order or a cursor that is none.
        """
        which = self.meant(who, month=month, unit=unit, followed=followed)
        descending = known_sort(sort, SORTS).startswith("-")

        def given(after: Place | None, before: Place | None, most: int) -> Sequence[Enrollment]:
            return self._store.page(which, after=after and (after[0], after[1]), before=before and (before[0], before[1]),
                                    limit=most)

        found, further, earlier = turned(downwards(given, (2**62, "")) if descending else given, lambda one: (
            one.not_after or 0, one.enrollment_id), (int, str), cursor=cursor, back=back, limit=limit)
        following = self._store.following([one.enrollment_id for one in found])
        told = self._actors.told(who)
        return Page([self._shown(one, following.get(one.enrollment_id, ()), told) for one in found], further, earlier)

    def counted(self, who: Administrator, *, month: str = "", unit: str = "", followed: str = "") -> int:
        """Count what ``listed`` gives."""
        return self._store.count(self.meant(who, month=month, unit=unit, followed=followed))

    def meant(self, who: Administrator, *, month: str = "", unit: str = "", followed: str = "") -> Between:
        """Say which certificates are meant (as ``listed``)."""
        who.demand(Right.SEE_CERTIFICATES)
        now = self._clock.now()
        first, end = now, start_of(day_of(now) + timedelta(days=RENEWAL_DAYS + 1))
        if month:
            try:
                first, end = bounds(month)
            except (ValueError, OverflowError):
                raise InvalidParameterError("month: a year and a month, such as 2026-12.") from None
        return Between(unit=who.narrowed(unit), after=max(now, first - 1), before=end,
                       followed=None if not followed else followed == "true")

    def csv(self, who: Administrator, headings: Sequence[str]) -> bytes:
        """Write the forecast for the longest time as a CSV file: a row for each agency, two columns for each month.

        Args:
            who: The administrator.
            headings: Of the code, the agency, all together, all that something follows; and what stands behind a month for the
                latter.
        """
        told = self.forecast(who, months=MONTHS[-1])
        code, name, all_, all_followed, followed = headings
        rows = [[code, name, *(text for one in told["months"] for text in _headings(one["month"], followed)), all_, all_followed]]
        rows += [[harmless(one["unit_code"]), harmless(one["unit_name"]),
                  *(str(month[what]) for month in one["months"] for what in ("count", "followed")),
                  str(one["count"]), str(one["followed"])] for one in told["agencies"]]
        return self._sheets.csv(rows)

    def _shown(self, found: Enrollment, following: Sequence[Enrollment], told: Told) -> dict[str, Any]:
        now = self._clock.now()
        return {**shown(found, now, told), "days_left": days_between(now, found.not_after or now),
                "following": [{"id": one.enrollment_id, "purpose": one.purpose.value, "state": one.state.value}
                              for one in following]}


def _of_agencies(endings: Sequence[Ending], scope: str) -> defaultdict[str, list[Ending]]:
    """Sort by agency: the scope where there is one, else what stands right below the province."""
    found: defaultdict[str, list[Ending]] = defaultdict(list)
    for one in endings:
        found[scope or ".".join(one.unit_code.split(".")[:2])].append(one)
    return found


def _recorded(code: str, endings: Sequence[Ending]) -> str:
    """Give what certificates call an agency that the directory no longer has."""
    return next((one.unit_name for one in endings if one.unit_code == code), "") or code


def _counted(names: Sequence[str], endings: Sequence[Ending], due: Sequence[Ending]) -> Mapping[str, Any]:
    count, followed = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for one in endings:
        count[one.month] += one.count
        followed[one.month] += one.followed
    return {"months": [{"month": name, "count": count[name], "followed": followed[name]} for name in names],
            "count": sum(count.values()), "followed": sum(followed.values()),
            "due": {"count": sum(one.count for one in due), "followed": sum(one.followed for one in due)}}


def _headings(month: str, followed: str) -> tuple[str, str]:
    year, number = month.split("-")
    return f"{number}/{year}", f"{number}/{year} {followed}"
