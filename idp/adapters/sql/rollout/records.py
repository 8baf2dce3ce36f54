"""What happened to those in a list (port: ``rollout.coverage.Records``), and officers and applications as they are now.

Certificates have a history of their own (``enrollment_entry``), signing SIMs another (``sim_entry``), and so has a first sign-in,
which is written once. Of mailboxes, second factors and applications only what stands now is kept elsewhere; their lines are those
of ``rollout_fact`` (``facts``).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final

import orjson
from sqlalchemy import case, literal_column, select

from ....clock import Clock
from ....directory.term import is_over, status_as_of
from ....oauth.client import Client
from ....pki.enrollment.record import DeviceKind, Kind
from ....pki.enrollment.states import State
from ....rollout.campaign import Candidate, Goal
from ....rollout.crowd import Change
from ....signing.sims.sim import State as SimState
from ..database import Database, parameter
from ..streaming import Stream
from ..tables import (
    CampaignMemberRow,
    EnrollmentEntryRow,
    EnrollmentRow,
    OfficerRow,
    RolloutFactRow,
    SimEntryRow,
    SimRow,
)

MEMBER: Any = CampaignMemberRow.__table__
ENROLLMENT: Any = EnrollmentRow.__table__
ENTRY: Any = EnrollmentEntryRow.__table__
OFFICER: Any = OfficerRow.__table__
FACT: Any = RolloutFactRow.__table__
SIM: Any = SimRow.__table__
SIM_ENTRY: Any = SimEntryRow.__table__
_PAGE: Final = 5000
_DEVICES: Final = {Goal.CERTIFICATE: (DeviceKind.TOKEN, DeviceKind.SIM, DeviceKind.HSM), Goal.SIM: (DeviceKind.SIM,)}
"""A pilot certificate in software is none that the campaign is about."""
_SIM_STAGES: Final = {
    SimState.REQUESTED: State.DRAFT, SimState.NUMBER_VERIFIED: State.SUBMITTED, SimState.AGENCY_APPROVED: State.AGENCY_APPROVED,
    SimState.APPROVED: State.PROVINCE_APPROVED, SimState.CARD_GIVEN: State.ISSUED, SimState.BOUND: State.HANDED_OVER,
    SimState.ACTIVE: State.ACTIVE, SimState.PIN_BLOCKED: State.LOCKED, SimState.REFUSED: State.CANCELLED,
    SimState.LOST: State.REVOKED, SimState.SWAPPED: State.REVOKED, SimState.REPLACED: State.SUPERSEDED,
    SimState.DEACTIVATED: State.REVOKED}
"""What a SIM's state is in the words of a certificate, whose next step and owner are the same."""


class SqlRecords:
    """Reads. Raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        listed = select(MEMBER.c.subject).where(MEMBER.c.campaign_id == parameter(MEMBER.c.campaign_id))
        before = parameter(ENTRY.c.at, "before")
        self._certificates: dict[Goal, Stream] = {goal: Stream(
            database, select(ENROLLMENT.c.holder.label("subject"), ENTRY.c.at, ENTRY.c.enrollment_id.label("item"),
                             ENTRY.c.after.label("stage"))
            .select_from(ENTRY.join(ENROLLMENT, ENROLLMENT.c.enrollment_id == ENTRY.c.enrollment_id))
            .where(ENROLLMENT.c.kind == literal_column(f"'{Kind.PERSON}'"),
                   ENROLLMENT.c.device_kind.in_([literal_column(f"'{device}'") for device in devices]),
                   ENROLLMENT.c.holder.in_(listed), ENTRY.c.at < before).order_by(ENTRY.c.at, ENTRY.c.id))
            for goal, devices in _DEVICES.items()}
        # A card that is entered at the desk and not as a signing SIM has its lines there; nobody has both for one card.
        stage = case(*((SIM_ENTRY.c.state == literal_column(f"'{sim}'"), literal_column(f"'{state}'"))
                       for sim, state in _SIM_STAGES.items()))
        self._sims = Stream(
            database, select(SIM.c.sub.label("subject"), SIM_ENTRY.c.at, SIM_ENTRY.c.sim_id.label("item"), stage.label("stage"))
            .select_from(SIM_ENTRY.join(SIM, SIM.c.sim_id == SIM_ENTRY.c.sim_id))
            .where(~SIM.c.seal, SIM.c.sub.in_(listed), SIM_ENTRY.c.at < before).order_by(SIM_ENTRY.c.at, SIM_ENTRY.c.id))
        self._facts = Stream(
            database, select(FACT.c.subject, FACT.c.at, literal_column("''").label("item"), FACT.c.value.label("stage"))
            .where(FACT.c.kind == parameter(FACT.c.kind), FACT.c.subject.in_(listed), FACT.c.at < before)
            .order_by(FACT.c.at, FACT.c.id))
        self._signed_in = Stream(
            database, select(OFFICER.c.sub.label("subject"), OFFICER.c.first_sign_in_at.label("at"),
                             literal_column("''").label("item"), literal_column("'1'").label("stage"))
            .where(OFFICER.c.first_sign_in_at < before, OFFICER.c.sub.in_(listed))
            .order_by(OFFICER.c.first_sign_in_at, OFFICER.c.sub))

    def changes(self, campaign_id: str, goal: Goal, *, before: int) -> Iterator[Change]:
        """Give what happened, in order."""
        stages: dict[str, str] = {}
        asked: dict[str, Any] = {"campaign_id": campaign_id, "before": before}
        if goal in self._certificates:
            # Signing SIMs are few beside certificates, and one connection is lent at a time.
            sims = [_change(row, stages) for row in self._sims.rows(**asked)]
            yield from heapq.merge((_change(row, stages) for row in self._certificates[goal].rows(**asked)), sims, key=_at)
        elif goal is Goal.SIGNED_IN:
            yield from (_change(row, stages) for row in self._signed_in.rows(**asked))
        else:
            yield from (_change(row, stages) for row in self._facts.rows(kind=goal.value, **asked))


_at: Final = attrgetter("at")


def _change(row: Sequence[Any], stages: dict[str, str]) -> Change:
    subject, at, item, stage = row
    return Change(subject, at, item, stages.setdefault(stage, stage))


class SqlCandidates:
    """Officers as mirrored, and applications as registered (port: ``rollout.campaign.Candidates``).

    Args:
        database: The database.
        clients: Gives every registered application.
        clock: Officers count as of now (``directory.term``).
    """

    def __init__(self, database: Database, clients: Callable[[], Sequence[Client]], clock: Clock) -> None:
        self._clients, self._clock = clients, clock
        c = OFFICER.c
        self._page = database.read(
            select(c.entry_uuid, c.sub, c.name, c.posts, c.groups, c.status, c.guest, c.ends_at)
            .where(c.entry_uuid > parameter(c.entry_uuid, "after")).order_by(c.entry_uuid).limit(literal_column(str(_PAGE))))

    def officers(self) -> Iterator[Candidate]:
        """Give every officer, page by page."""
        now, after = self._clock.now(), ""
        while rows := self._page.all(after=after):
            for row in rows:
                post = next((post for post in orjson.loads(row.posts) if not is_over(post.get("ends_at", 0), now)), _NO_POST)
                yield Candidate(row.sub, row.name, post["unit_code"], post["unit_name"], post["title"],
                                tuple(orjson.loads(row.groups)), status_as_of(row.status, row.ends_at, now), bool(row.guest))
            after = rows[-1].entry_uuid

    def applications(self) -> Iterator[Candidate]:
        """Give every application; who answers for it is its agency."""
        for client in self._clients():
            yield Candidate(client.client_id, client.client_name or client.client_id, client.owner_unit, client.owner,
                            status="disabled" if client.disabled else "active")


_NO_POST: Final = {"unit_code": "", "unit_name": "", "title": ""}
