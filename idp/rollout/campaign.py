"""A campaign: what is to be reached, by whom, by when; and who counts, with the reason for everybody who does not.

Sources: Decree 30/2020 (the reports that leaders sign), Decree 68/2024 (who is to have a certificate). Who counts is a question
to the mirror of the directory that is answered when the campaign begins; from then on the list is kept as lines that are only
added: who joined, left or moved, and whom an administrator took out and why. So the list of any past day is those lines up to
its end, and a report that is made again says the same (``coverage``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from ..audit import AuditRecord
from ..directory.mirror import search_key
from ..directory.unit import is_within
from ..pki.enrollment.states import SIGNS

_YES: Final = frozenset({"1"})


class Goal(StrEnum):
    """What everybody, or every application, of a campaign is to have reached."""

    CERTIFICATE = "certificate"
    """A certificate for signing in use, on a token, in a SIM or in a security module."""
    SIM = "sim"
    """The same, in a SIM."""
    MAILBOX = "mailbox"
    SECOND_FACTOR = "second_factor"
    SIGNED_IN = "signed_in"
    CONNECTED = "connected"
    """An application in which somebody has signed in through us."""
    LOGOUT = "logout"
    """An application that has taken a logout token."""

    @property
    def of_applications(self) -> bool:
        """Whether applications are counted and not officers."""
        return self in (Goal.CONNECTED, Goal.LOGOUT)

    @property
    def reached(self) -> frozenset[str]:
        """What stands of somebody who has reached it (``coverage.Change``): any of these, of whatever item."""
        return frozenset(SIGNS) if self in (Goal.CERTIFICATE, Goal.SIM) else _YES


class MemberAct(StrEnum):
    """What happened to somebody's place in the list."""

    INCLUDED = "included"
    """When the list was made; so the next one."""
    LEFT_OUT = "left_out"
    """The question finds them, and they do not count: disabled, or a guest."""
    JOINED = "joined"
    LEFT = "left"
    MOVED = "moved"
    EXCLUDED = "excluded"
    """By an administrator; whatever else happens to them, it stands until ``RESTORED``."""
    RESTORED = "restored"


class Reason(StrEnum):
    """Why somebody does not count."""

    DISABLED = "disabled"
    GUEST = "guest"
    GONE = "gone"
    """No longer in the directory, or no longer registered."""
    ELSEWHERE = "elsewhere"
    """The question no longer finds them: another agency, group or post."""
    LONG_LEAVE = "long_leave"
    SECONDED = "seconded"
    RETIRING = "retiring"
    SHARED_ACCOUNT = "shared_account"
    NOT_NEEDED = "not_needed"
    OTHER = "other"


BY_HAND: Final = (Reason.LONG_LEAVE, Reason.SECONDED, Reason.RETIRING, Reason.SHARED_ACCOUNT, Reason.NOT_NEEDED, Reason.OTHER)
"""Reasons that an administrator may give."""


@dataclass(frozen=True, slots=True)
class Population:
    """The question that is put to the mirror.

    Attributes:
        unit: Officers whose main post is in this agency or below; "" for the whole province.
        groups: Members of any of these; empty for everybody.
        titles: Whose main post's title has any of these words, without accents; empty for all.
    """

    unit: str = ""
    groups: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    def finds(self, one: Candidate) -> bool:
        """Tell whether somebody is meant."""
        return ((not self.unit or is_within(one.unit_code, self.unit))
                and (not self.groups or not set(self.groups).isdisjoint(one.groups))
                and (not self.titles or any(f" {word} " in f" {search_key(one.title)} " for word in self.titles)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody, or some application, as mirrored now.

    Attributes:
        subject: Of an officer the subject, of an application its identifier.
        unit_code: Of the main post, or of the agency that answers for the application.
        status: ``active``, ``disabled`` or ``gone``.
    """

    subject: str
    name: str
    unit_code: str
    unit_name: str
    title: str = ""
    groups: tuple[str, ...] = ()
    status: str = "active"
    guest: bool = False

    @property
    def barred(self) -> Reason | None:
        """Why they do not count although the question finds them."""
        return Reason.DISABLED if self.status == "disabled" else Reason.GUEST if self.guest else None


class MemberEntry(NamedTuple):
    """One line of a list; lines are only added. A tuple, because a list has 100,000 of them.

    Attributes:
        reason: A ``Reason``; "" where none is needed.
        note: An administrator's own words.
        actor: Subject of the administrator; "" where the directory did it.
    """

    subject: str
    at: int
    act: MemberAct
    name: str
    title: str
    unit_code: str
    unit_name: str
    agency_code: str
    agency_name: str
    reason: str = ""
    note: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class CampaignEntry:
    """One line of a campaign's own history.

    Attributes:
        act: ``created``, ``deadline`` or ``closed``.
        deadline: As it is from then on; the last day that is in time, of offices here.
        reason: Why it was changed or closed.
    """

    at: int
    act: str
    actor: str
    deadline: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign.

    Attributes:
        campaign_id: ``CD-2026-0001``.
        owner: Code of the agency that answers for it, and whose name stands on the report; "" for the province.
        created_at: When the list was made, seconds since the epoch.
        history: Its entries, the first of which made it.
    """

    campaign_id: str
    name: str
    goal: Goal
    population: Population
    owner: str
    created_at: int
    created_by: str
    history: tuple[CampaignEntry, ...]

    @property
    def deadline(self) -> date:
        """The last day that is in time."""
        return self.history[-1].deadline

    @property
    def closed_at(self) -> int | None:
        """When it was closed."""
        return next((entry.at for entry in self.history if entry.act == "closed"), None)

    def as_of(self, moment: int) -> Campaign:
        """Give it as it was known before a moment; what comes later is left out, but for its beginning."""
        return replace(self, history=tuple(entry for n, entry in enumerate(self.history) if not n or entry.at < moment))


class Standing(NamedTuple):
    """Where somebody stands in a list; a tuple as its lines are.

    Attributes:
        entry: The newest line that says who and where they are; of those who left, where they were.
        present: The question finds them, and nothing bars them.
        excluded: An administrator's reason; "" for none.
        reason: Why they are not present.
        note: The administrator's own words.
    """

    entry: MemberEntry
    present: bool
    excluded: str = ""
    reason: str = ""
    note: str = ""

    @property
    def counts(self) -> bool:
        """Whether they are in the number by which everything is divided."""
        return self.present and not self.excluded


_PLACES: Final = frozenset({MemberAct.INCLUDED, MemberAct.LEFT_OUT, MemberAct.JOINED, MemberAct.MOVED})
"""Lines that say where somebody is. Who leaves stays where they were, and what an administrator does moves nobody."""


def standing(before: Standing | None, entry: MemberEntry) -> Standing:
    """Give where somebody stands after one more line."""
    excluded, reason, note = (before.excluded, before.reason, before.note) if before else ("", "", "")
    present = before is not None and before.present
    match entry.act:
        case MemberAct.INCLUDED | MemberAct.JOINED:
            present, reason = True, ""
        case MemberAct.LEFT_OUT | MemberAct.LEFT:
            present, reason = False, entry.reason
        case MemberAct.EXCLUDED:
            excluded, note = entry.reason, entry.note
        case MemberAct.RESTORED:
            excluded = note = ""
        case MemberAct.MOVED:
            pass
    return Standing(entry if before is None or entry.act in _PLACES else before.entry, present, excluded, reason, note)


def standings(entries: Iterable[MemberEntry]) -> dict[str, Standing]:
    """Give where everybody stands, by subject, after all lines in their order."""
    found: dict[str, Standing] = {}
    for entry in entries:
        found[entry.subject] = standing(found.get(entry.subject), entry)
    return found


def row_of(code: str, population: Population) -> str:
    """Give the agency under which a unit is reported: the level right below what the campaign is for."""
    depth = len(population.unit.split(".")) if population.unit else 1
    return ".".join(code.split(".")[:depth + 1])


class CampaignStore(Protocol):
    """Where campaigns are kept. Every verb may raise UnavailableError(dependency="database"); every write is one act."""

    def add(self, campaign: Campaign, members: Sequence[MemberEntry], record: AuditRecord) -> bool:
        """Keep a new one with its list; False where one that is not closed has the same name, or the number is taken."""
        ...

    def find(self, campaign_id: str) -> Campaign | None:
        """Find by number."""
        ...

    def all(self) -> Sequence[Campaign]:
        """Give all of them, the newest first."""
        ...

    def note(self, campaign: Campaign, entry: CampaignEntry, record: AuditRecord) -> bool:
        """Add a line to the history of one that is as it was read; False where somebody else was quicker."""
        ...

    def note_member(self, campaign_id: str, entry: MemberEntry, record: AuditRecord) -> bool:
        """Take somebody out or let them in again, with the record.

        False, and nothing is written, where the campaign is closed or it has been done: of several at once one does it.
        """
        ...

    def follow(self, campaign_id: str, entries: Sequence[MemberEntry]) -> bool:
        """Add lines that the directory brought about; each has its own record where the mirror was written.

        False, and nothing is written, where the campaign is closed. A line that somebody else wrote meanwhile (of one who is in
        the list already, or is not any more) is left out.
        """
        ...

    def lines_of(self, campaign_id: str, subject: str) -> Sequence[MemberEntry]:
        """Give the lines about one, in order."""
        ...

    def members(self, campaign_id: str, *, before: int, of: Sequence[str] | None = None) -> Sequence[MemberEntry]:
        """Give the lines of a list that were written before a moment, in order; ``of``: only those about these."""
        ...

    def within(self, campaign_id: str, unit: str) -> Sequence[str]:
        """Give who was ever listed in an agency or below it."""
        ...

    def agencies(self, campaign_id: str, *, before: int) -> Mapping[str, str]:
        """Give what the agencies of a list were called, by code, as last written down before a moment."""
        ...

    def changed(self, campaign_id: str, *, since: int, before: int) -> Sequence[str]:
        """Give about whom there are lines from a moment on and before another."""
        ...

    def has_many(self, campaign_id: str, many: int) -> bool:
        """Tell whether a list has so many lines."""
        ...


class Candidates(Protocol):
    """Officers and applications as they are now."""

    def officers(self) -> Iterator[Candidate]:
        """Give every officer, those too who are gone or disabled. May raise UnavailableError(dependency="database")."""
        ...

    def applications(self) -> Iterator[Candidate]:
        """Give every registered application."""
        ...
