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
from sqlalchemy import case, exists, literal_column, select

from ....clock import Clock
from ....directory.term import is_over, status_as_of
from ....oauth.client import Client
from ....pki.enrollment.record import DeviceKind, Kind
from ....pki.enrollment.states import State
from ....rollout.campaign import Candidate, Goal
from ....rollout.crowd import Change
from ....signing.sims.sim import State as SimState
from ..database import Database, parameter
from ..directory.ledger import listed
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
        self._certificates = {goal: _Lines(
            database, ENROLLMENT.c.holder, ENTRY.c.at, ENTRY.c.id, ENTRY.c.enrollment_id, ENTRY.c.after,
            ENTRY.join(ENROLLMENT, ENROLLMENT.c.enrollment_id == ENTRY.c.enrollment_id),
            ENROLLMENT.c.kind == literal_column(f"'{Kind.PERSON}'"),
            ENROLLMENT.c.device_kind.in_([literal_column(f"'{device}'") for device in devices]))
            for goal, devices in _DEVICES.items()}
        # A card that is entered at the desk and not as a signing SIM has its lines there; nobody has both for one card.
        stage = case(*((SIM_ENTRY.c.state == literal_column(f"'{sim}'"), literal_column(f"'{state}'"))
                       for sim, state in _SIM_STAGES.items()))
        self._sims = _Lines(database, SIM.c.sub, SIM_ENTRY.c.at, SIM_ENTRY.c.id, SIM_ENTRY.c.sim_id, stage,
                            SIM_ENTRY.join(SIM, SIM.c.sim_id == SIM_ENTRY.c.sim_id), ~SIM.c.seal)
        self._facts = _Lines(database, FACT.c.subject, FACT.c.at, FACT.c.id, literal_column("''"), FACT.c.value, FACT,
                             FACT.c.kind == parameter(FACT.c.kind))
        self._signed_in = _Lines(database, OFFICER.c.sub, OFFICER.c.first_sign_in_at, OFFICER.c.sub, literal_column("''"),
                                 literal_column("'1'"), OFFICER)

    def changes(self, campaign_id: str, goal: Goal, *, before: int, of: Sequence[str] | None = None) -> Iterator[Change]:
        """Give what happened, in order."""
        asked: dict[str, Any] = {"campaign_id": campaign_id, "before": before}
        if goal in self._certificates:
            # Signing SIMs are few beside certificates, and one connection is lent at a time.
            sims = list(self._sims.changes(of, **asked))
            yield from heapq.merge(self._certificates[goal].changes(of, **asked), sims, key=_at)
        elif goal is Goal.SIGNED_IN:
            yield from self._signed_in.changes(of, **asked)
        else:
            yield from self._facts.changes(of, kind=goal.value, **asked)

    def changed(self, campaign_id: str, goal: Goal, *, since: int, before: int,
                of: Sequence[str] | None = None) -> Iterator[str]:
        """Give to whom something happened."""
        asked: dict[str, Any] = {"campaign_id": campaign_id, "since": since, "before": before}
        if goal in self._certificates:
            yield from self._sims.changed(of, **asked)
            yield from self._certificates[goal].changed(of, **asked)
        elif goal is Goal.SIGNED_IN:
            yield from self._signed_in.changed(of, **asked)
        else:
            yield from self._facts.changed(of, kind=goal.value, **asked)


_at: Final = attrgetter("at")


class _Lines:
    """Lines of one history, of everybody in a list or of some.

    Args:
        database: The database.
        subject: Column of whom a line is about; so ``at``, ``number`` (its order), ``item`` and ``stage`` (``Change``).
        at: See ``subject``.
        number: See ``subject``.
        item: See ``subject``.
        stage: See ``subject``.
        source: Where the columns are.
        conditions: Of what lines.
    """

    def __init__(self, database: Database, subject: Any, at: Any, number: Any, item: Any, stage: Any, source: Any,
                 *conditions: Any) -> None:
        members = subject.in_(select(MEMBER.c.subject).where(MEMBER.c.campaign_id == parameter(MEMBER.c.campaign_id)))
        upto = (*conditions, at < parameter(ENTRY.c.at, "before"))
        lines = select(subject.label("subject"), at.label("at"), item.label("item"), stage.label("stage")).select_from(source)
        self._all = Stream(database, lines.where(*upto, members).order_by(at, number))
        self._some = Stream(database, lines.where(*upto, subject.in_(listed(database, "of"))).order_by(at, number))
        lately = select(subject.label("subject")).select_from(source).where(
            *upto, at >= parameter(ENTRY.c.at, "since")).distinct()
        # Not "in": SQLite would go through everybody of the list, however little has happened.
        self._changed = database.read(lately.where(exists(select(literal_column("1")).where(
            MEMBER.c.campaign_id == parameter(MEMBER.c.campaign_id), MEMBER.c.subject == subject))))
        self._changed_of = database.read(lately.where(subject.in_(listed(database, "of"))))

    def changes(self, of: Sequence[str] | None, *, campaign_id: str, **asked: Any) -> Iterator[Change]:
        """Give them in order."""
        stages: dict[str, str] = {}
        rows = (self._all.rows(campaign_id=campaign_id, **asked) if of is None
                else self._some.rows(of=orjson.dumps(of).decode(), **asked))
        for subject, at, item, stage in rows:
            yield Change(subject, at, item, stages.setdefault(stage, stage))

    def changed(self, of: Sequence[str] | None, *, campaign_id: str, **asked: Any) -> Iterator[str]:
        """Give to whom something happened."""
        rows = (self._changed.all(campaign_id=campaign_id, **asked) if of is None
                else self._changed_of.all(of=orjson.dumps(of).decode(), **asked))
        return (row.subject for row in rows)


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
