"""Renewals for many certificates at once: what can be renewed now and why the rest cannot, and the asking itself, row by row.

Source: Decree 68/2024 (renewal, Mẫu 04); security checklist 38 and 51: for each row ``Desk.ask`` decides, as for a single
renewal, so that a list has no way past a guard, and nothing is asked for twice however often it is sent: of those who ask for the
same one is first. Who asks for them all approves none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ...audit import Caller
from ...errors import RefusedError
from ...pki.enrollment.desk import Wish
from ...pki.enrollment.moves import Actor
from ...pki.enrollment.record import Enrollment, Kind, Purpose
from ...pki.expiry.forecast import ForecastStore
from ...roles import Administrator, ForbiddenError, Right
from ..audit.actors import Actors
from .expiry import ExpiryForecast
from .requests import MOST_AT_ONCE, CertificateDesk, shown

_ON_ITS_WAY: Final = ("already_asked", "change_on_its_way")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What asking for the renewal of all that is due would do.

    Attributes:
        renewed: Certificates (as ``requests.shown``) whose renewal would be asked for.
        left_out: Those whose would not, each with ``code``: why, and ``request`` (``id``, ``state``): the one on its way because
            of which, or None.
        unnamed: How many more would not be asked for than ``left_out`` names.
        followed: How many are due besides whose renewal or change was handed in.
        more: There are more that could be renewed than one time takes.
    """

    renewed: Sequence[dict[str, Any]]
    left_out: Sequence[dict[str, Any]]
    unnamed: int
    followed: int
    more: bool


class Renewals:
    """Asks for renewals.

    Args:
        rooms: The registration desk.
        store: Reads what is due.
        due: Says what is due for whom.
        actors: Tells who is told of.
    """

    def __init__(self, rooms: CertificateDesk, store: ForecastStore, due: ExpiryForecast, actors: Actors) -> None:
        self._desk, self._moves, self._store, self._due = rooms.desk, rooms.moves, store, due
        self._actors = actors

    def planned(self, who: Administrator, *, unit: str = "") -> Plan:
        """Say what would be asked for of all that is due in an agency and below, at most ``MOST_AT_ONCE``; writes nothing.

        Those that cannot be renewed take none of those places, and at most as many of them are named.

        Raises:
            ForbiddenError: auditors, and programs.
        """
        _check(who)
        renewed: list[dict[str, Any]] = []
        left_out: list[dict[str, Any]] = []
        more, unnamed, now, told = False, 0, self._desk.now(), self._actors.told(who)
        for one, there in self._unfollowed(who, unit):
            code = self._refused(who, one, there)
            if not code and len(renewed) == MOST_AT_ONCE:
                more = True
                break
            if not code:
                renewed.append(shown(one, now, told))
            elif len(left_out) < MOST_AT_ONCE:
                left_out.append({**shown(one, now, told), "code": code, "request": {
                    "id": there[0].enrollment_id, "state": there[0].state.value} if there and code in _ON_ITS_WAY else None})
            else:
                unnamed += 1
        return Plan(renewed=renewed, left_out=left_out, unnamed=unnamed, more=more,
                    followed=self._due.counted(who, unit=unit, followed="true"))

    def ask(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Ask for the renewal of each of some certificates, each for itself, and hand the requests in.

        Args:
            who: An administrator of the agency or of the province.
            body: ``enrollments``: 1 to 200 numbers.
            caller: Who asks.

        Returns:
            ``items``: for each, in the order given, its number (``id``) and ``name``, and the number of its ``request`` with
            ``state``, or the ``code`` and ``detail`` of the refusal, with the request that is on its way where that is why.
            ``done``: how many were asked for now.

        Raises:
            RefusedError: 422 ``invalid_body``.
            ForbiddenError: auditors, and programs.
        """
        _check(who)
        numbers = body.get("enrollments")
        if body.keys() != {"enrollments"} or not isinstance(numbers, list) or not 0 < len(numbers) <= MOST_AT_ONCE or not all(
                isinstance(one, str) and len(one) <= 1000 and one.isprintable() for one in numbers) or len(
                    set(numbers)) != len(numbers):
            raise RefusedError(f"enrollments: 1 to {MOST_AT_ONCE} numbers, each once.", code="invalid_body", status=422)
        items = [self._asked(who, number, caller) for number in numbers]
        return {"items": items, "done": sum(item["code"] is None for item in items)}

    def _asked(self, who: Administrator, number: str, caller: Caller) -> dict[str, Any]:
        actor = Actor(who.sub, who)
        try:
            found = self._moves.seen(actor, number)
        except RefusedError as err:
            return _row(number, "", None, err)
        try:
            _check_row(found, self._following(number))
            return _row(number, found.name, self._desk.ask(actor, _wish(found), caller, submit=True), None)
        except RefusedError as err:
            there = self._following(number) if err.code in _ON_ITS_WAY else ()
            return _row(number, found.name, there[0] if there else None, err)

    def _unfollowed(self, who: Administrator, unit: str) -> Iterator[tuple[Enrollment, Sequence[Enrollment]]]:
        """Give what is due with what is on its way for each, page by page: no number of those left out hides the next one."""
        which, after = self._due.meant(who, unit=unit, followed="false"), None
        while found := self._store.page(which, after=after, before=None, limit=MOST_AT_ONCE):
            following = self._store.following([one.enrollment_id for one in found])
            yield from ((one, following.get(one.enrollment_id, ())) for one in found)
            if len(found) < MOST_AT_ONCE:
                return
            after = (found[-1].not_after or 0, found[-1].enrollment_id)

    def _following(self, number: str) -> Sequence[Enrollment]:
        return self._store.following([number]).get(number, ())

    def _refused(self, who: Administrator, found: Enrollment, following: Sequence[Enrollment]) -> str:
        try:
            _check_row(found, following)
            self._desk.would_ask(Actor(who.sub, who), _wish(found))
        except RefusedError as err:
            return err.code
        return ""


def _row(number: str, name: str, request: Enrollment | None, err: RefusedError | None) -> dict[str, Any]:
    return {"id": number, "name": name, "request": request.enrollment_id if request else None,
            "state": request.state.value if request else None, "code": err.code if err else None,
            "detail": err.message if err else None}


def _check(who: Administrator) -> None:
    if not who.may(Right.ASK_CERTIFICATES) or not who.sub:
        raise ForbiddenError("Requests are made by administrators.")


def _check_row(found: Enrollment, following: Sequence[Enrollment]) -> None:
    """Leave to people what a list cannot decide; all else is for the desk to refuse.

    Raises:
        RefusedError: 409 ``change_on_its_way``: another certificate with other content comes anyway; 422 ``needs_request``: the
            key is not made by the issuer, and nobody has brought a new one.
    """
    if any(one.purpose is Purpose.CHANGE for one in following):
        raise RefusedError("A change of its content is on its way; that brings a new certificate.", code="change_on_its_way",
                           status=409)
    if found.request:
        raise RefusedError("Its key was there before: ask with a request for a new key.", code="needs_request", status=422)


def _wish(found: Enrollment) -> Wish:
    """Say what is asked for: the same, as the directory says it now; of what is no person, as the certificate does."""
    wish = Wish(kind=found.kind, device_kind=found.device_kind, holder=found.holder, purpose=Purpose.RENEW,
                replaces=found.enrollment_id)
    return wish if found.kind is Kind.PERSON else replace(wish, name=found.name, unit_code=found.unit_code,
                                                          unit_name=found.unit_name, mail=found.mail)
