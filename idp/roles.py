"""Administrator roles: who administers, how much of the province, what each role may do, and who stands in for whom.

Sources: fixed interface §5 (who there is), security checklist 38 (role and object are both checked; deny by default; a delegate
never grants more than they hold). Roles come from groups of the directory, so that giving and taking them is the directory's
business, and an agency is told by its code, never by its name: two district units are called Long Mỹ. A deputy has the role of
somebody else until a day, by a record of this service. ``RIGHTS`` is the one table of what a role may do: what is not in it
nobody may. Which objects a right reaches is told by ``Administrator.oversees`` and by the rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Final, Protocol, TypeGuard

from .directory.mirror import MirroredOfficer
from .directory.unit import is_unit_code, is_within
from .errors import RefusedError


class ForbiddenError(RefusedError):
    """Whoever asks is known, and may not do this."""

    code = "forbidden"
    status = 403


class Role(StrEnum):
    """What somebody is to the administration."""

    PROVINCE = "province_administrator"
    AGENCY = "agency_administrator"
    REGISTRATION = "registration_officer"
    CLERK = "records_clerk"
    AUDITOR = "auditor"
    HELP_DESK = "help_desk"
    MACHINE = "machine"


class Right(StrEnum):
    """What a role may do; the name says to what."""

    ADMINISTER = "administer"
    """Read what has no right of its own: applications, keys, settings, tasks, the whole desk."""
    CHANGE = "change"
    """Change what has no right of its own. Rooms say which role, where it is not for all."""
    SEE_OFFICERS = "officers.see"
    SEE_AGENCIES = "agencies.see"
    END_ACCESS = "access.end"
    """End sessions and everything given in them."""
    STOP_ACCESS = "access.stop"
    """Stop an account without the directory, and let go on what somebody else stopped."""
    ASK_FACTOR_RESET = "factors.ask_reset"
    """Propose that an officer's factors are taken away."""
    ASK_TEMPORARY_PASS = "factors.ask_pass"
    """Propose that an officer signs in with a temporary pass, and withdraw one."""
    ACT_ON_FACTORS = "factors.act"
    """Take factors away, approve that they are, release them, give codes for first ones; give temporary passes."""
    RESET_PASSWORD = "password.reset"
    ASK_CERTIFICATES = "certificates.ask"
    """Draft and send in requests for others, one or a list."""
    SEE_CERTIFICATES = "certificates.see"
    SEE_DEVICES = "devices.see"
    REPORT_LOSS = "devices.report_loss"
    """Have the certificates in a lost device blocked."""
    SEE_SIMS = "sims.see"
    REPORT_SIM_LOSS = "sims.report_loss"
    """Have a lost SIM blocked, day and night."""
    LEND = "role.lend"
    """Name a deputy for oneself."""
    LEND_FOR_OTHERS = "role.lend_for_others"
    """Name a deputy for somebody else, and end what others named."""


_READS: Final = frozenset({Right.ADMINISTER, Right.SEE_OFFICERS, Right.SEE_AGENCIES, Right.SEE_CERTIFICATES, Right.SEE_DEVICES,
                                Right.SEE_SIMS})
_OF_AN_AGENCY: Final = _READS | {Right.CHANGE, Right.END_ACCESS, Right.ASK_FACTOR_RESET, Right.ASK_TEMPORARY_PASS,
                                 Right.ACT_ON_FACTORS, Right.RESET_PASSWORD, Right.ASK_CERTIFICATES, Right.REPORT_LOSS,
                                 Right.REPORT_SIM_LOSS, Right.STOP_ACCESS, Right.LEND}
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.PROVINCE: _OF_AN_AGENCY | {Right.LEND_FOR_OTHERS},
    Role.AGENCY: _OF_AN_AGENCY,
    Role.REGISTRATION: frozenset({Right.SEE_OFFICERS, Right.SEE_CERTIFICATES, Right.ASK_CERTIFICATES, Right.SEE_SIMS,
                                  Right.LEND}),
    Role.CLERK: frozenset({Right.SEE_CERTIFICATES, Right.SEE_DEVICES, Right.REPORT_LOSS, Right.SEE_SIMS, Right.REPORT_SIM_LOSS,
                           Right.LEND}),
    Role.AUDITOR: _READS,
    Role.HELP_DESK: frozenset({Right.SEE_OFFICERS, Right.END_ACCESS, Right.ASK_FACTOR_RESET, Right.SEE_SIMS,
                               Right.ASK_TEMPORARY_PASS, Right.REPORT_SIM_LOSS, Right.LEND}),
    Role.MACHINE: _READS | {Right.CHANGE, Right.END_ACCESS}}
"""Who may do what. A deputy has the rights of the role that was lent, without those of ``_NOT_LENT``."""
_NOT_LENT: Final = frozenset({Right.LEND, Right.LEND_FOR_OTHERS})
_ORDER: Final = (Role.PROVINCE, Role.AGENCY, Role.REGISTRATION, Role.CLERK, Role.HELP_DESK, Role.AUDITOR)
"""Roles of people; of several the first counts."""
_WIDE: Final = frozenset({Role.PROVINCE, Role.AUDITOR, Role.MACHINE})
"""Roles for the whole province; the others are of one agency and those below it."""


def _lent_nothing(_subjects: frozenset[str]) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """Somebody who administers, for the length of one request.

    Attributes:
        sub: The officer; "" for a machine.
        client_id: The application through which they act, or the machine itself.
        unit: Code of the agency that a role of an agency looks after; "" for roles of the whole province.
        read_only: Their token reads and nothing else; auditors read only whatever their token says.
        deputy_for: Subject of the officer for whom they stand in; "" for whoever has the role themselves.
        named_by: Subject of whoever named them deputy: the giver, or the province.
        lent: Gives the deputies of some subjects (``Deputies.lent_by``).
    """

    role: Role
    client_id: str
    sub: str = ""
    unit: str = ""
    read_only: bool = False
    deputy_for: str = ""
    named_by: str = ""
    lent: Callable[[frozenset[str]], frozenset[str]] = field(default=_lent_nothing, compare=False, repr=False)

    @property
    def of_the_province(self) -> bool:
        """Whether nothing of the province is out of their sight."""
        return self.role in _WIDE

    @property
    def may_change(self) -> bool:
        """Whether they may change what has no right of its own."""
        return self.may(Right.CHANGE)

    @property
    def persons(self) -> frozenset[str]:
        """Who stands behind them: in an act of two persons nobody of one side is on the other.

        Whoever named a deputy is one of them, since they could have chosen a person whose password they can set.
        """
        return frozenset({self.sub, self.deputy_for, self.named_by} - {""})

    def is_behind(self, *subjects: str) -> bool:
        """Tell whether what one of these did counts as done by them: the one rule of all acts that need two persons.

        Theirs is what was done by those who stand behind them (``persons``), and by whoever is or lately was a deputy of those:
        a giver decides nothing that their deputy asked for, nor one deputy what another of the same giver did. May raise
        UnavailableError(dependency="database").

        Args:
            subjects: Who did it, for whom they stood in; "" for nobody.
        """
        acted = frozenset(subjects) - {""}
        return bool(acted) and not (acted.isdisjoint(self.persons) and acted.isdisjoint(self.lent(self.persons)))

    def may(self, right: Right) -> bool:
        """Tell whether the role has a right; read-only tokens have those that read."""
        return (right in RIGHTS[self.role] and (right in _READS or not self.read_only)
                and (right not in _NOT_LENT or not self.deputy_for))

    def demand(self, *rights: Right) -> None:
        """Refuse whoever has none of these rights. Raises ForbiddenError."""
        if not any(map(self.may, rights)):
            raise ForbiddenError("Auditors read; they change nothing." if self.role is Role.AUDITOR
                                 else f"This role has no right to it ({', '.join(rights)}).")

    def oversees(self, unit_code: str) -> bool:
        """Tell whether what belongs to an agency (its code; "" for the province itself) is theirs to see."""
        return self.of_the_province or is_within(unit_code, self.unit)

    def narrowed(self, unit_code: str) -> str:
        """Give the agency to look through when one is asked for ("": any): theirs where that one is not theirs; "" for all."""
        return unit_code if unit_code and self.oversees(unit_code) else self.unit


def check_another_person(who: Administrator, *first: str, now: Administrator | None = None) -> None:
    """Refuse whoever is behind the first part of an act of two persons (``Administrator.is_behind``).

    Args:
        who: Who is to be the second person.
        first: Subjects of the first: who did it, and for whom they stood in; "" for nobody.
        now: What the first is to the administration at this moment, since a deputy may have been named in between.

    Raises:
        RefusedError: 403 ``same_person``.
    """
    if who.is_behind(*first, *(now.persons if now is not None else ())):
        raise RefusedError("Another person does this than who did the first part, or stands in for them.", code="same_person",
                           status=403)


@dataclass(frozen=True, slots=True)
class Lent:
    """A role that somebody lent to a deputy, at this moment.

    Attributes:
        giver: Who lent it, as they are now.
        unit: The agency that it was lent for; "" for all that the giver has.
        named_by: Subject of whoever named the deputy.
    """

    giver: MirroredOfficer
    unit: str = ""
    named_by: str = ""


class Deputies(Protocol):
    """Where it stands who is whose deputy. May raise UnavailableError(dependency="database")."""

    def lent_to(self, sub: str) -> Sequence[Lent]:
        """Give what was lent to an officer and has begun and not ended, the oldest first."""
        ...

    def lent_by(self, subjects: frozenset[str]) -> frozenset[str]:
        """Give the deputies of three subjects at most, and those whom they named for others; those of lately too.

        Who asked for something as a deputy did so for the giver, also when the deputyship has ended before it is decided.
        """
        ...


class NoDeputies:
    """Nobody stands in for anybody."""

    def lent_to(self, sub: str) -> Sequence[Lent]:
        """Give nothing."""
        return ()

    def lent_by(self, subjects: frozenset[str]) -> frozenset[str]:
        """Give nobody."""
        return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGroups:
    """Names (cn) of the directory's groups whose members administer; and who stands in for them.

    Attributes:
        deputies: Asked for officers that are in none of the groups.
    """

    province: str = "quantri-tinh"
    agency: str = "quantri-coquan"
    auditors: str = "kiemtoan"
    registration: str = "dangky-chungthu"
    clerks: str = "vanthu-thietbi"
    help_desk: str = "hotro-nguoidung"
    deputies: Deputies = field(default_factory=NoDeputies, compare=False)

    @property
    def names(self) -> frozenset[str]:
        """Give them all: whoever administers proves a second factor at every sign-in, whatever else policy says."""
        return frozenset(self._of_role().values())

    def name_of(self, role: Role) -> str:
        """Give the group of a role; raises KeyError for the one that programs have."""
        return self._of_role()[role]

    def above(self, officer: MirroredOfficer) -> bool:
        """Tell whether an officer has a role for the whole province; no agency administrator acts upon them."""
        who = self.administrator(officer, client_id="", read_only=False)
        return (who is not None and who.of_the_province) or not {self.province, self.auditors}.isdisjoint(officer.officer.groups)

    def beyond(self, who: Administrator, officer: MirroredOfficer) -> bool:
        """Tell whether an officer has, by group or as a deputy, a role that reaches further than an administrator's does.

        Whoever could sign in as such an officer would gain that role, so nobody below acts on how they prove who they are.
        """
        if who.of_the_province:
            return False
        other = self.administrator(officer, client_id="", read_only=False)
        return self.above(officer) or (other is not None and not who.oversees(other.unit))

    def administrator(self, officer: MirroredOfficer | None, *, client_id: str, read_only: bool) -> Administrator | None:
        """Give what an officer is to the administration; None for most.

        The widest role counts. A role of an agency is for the agency of the main post and all below it; for one whose post is in
        no agency, or in the province as a whole, it is for nothing, because the whole is not an agency's to give. A guest is no
        administrator, whatever group somebody put them into. Whoever has no role of their own may have one as a deputy: that of a
        giver who has it now, for no more than the giver has.
        """
        if not _is_fit(officer):
            return None
        own, lent_by = self._by_groups(officer, client_id=client_id, read_only=read_only), cache(self.deputies.lent_by)
        if own is not None:
            return replace(own, lent=lent_by)
        for lent in self.deputies.lent_to(officer.sub):
            giver = self._by_groups(lent.giver, client_id=client_id, read_only=read_only) if _is_fit(lent.giver) else None
            if giver is None or lent.giver.sub == officer.sub or (lent.unit and not giver.oversees(lent.unit)):
                continue
            unit = "" if giver.of_the_province else lent.unit or giver.unit
            return replace(giver, sub=officer.sub, unit=unit, deputy_for=lent.giver.sub, named_by=lent.named_by,
                           lent=lent_by)
        return None

    def in_directory(self, officer: MirroredOfficer) -> Administrator | None:
        """Give the role that the directory has for somebody, whether or not they may sign in; guests have none."""
        return None if officer.officer.guest else self._by_groups(officer, client_id="", read_only=False)

    def _of_role(self) -> Mapping[Role, str]:
        return {Role.PROVINCE: self.province, Role.AGENCY: self.agency, Role.REGISTRATION: self.registration,
                Role.CLERK: self.clerks, Role.HELP_DESK: self.help_desk, Role.AUDITOR: self.auditors}

    def _by_groups(self, officer: MirroredOfficer, *, client_id: str, read_only: bool) -> Administrator | None:
        groups, unit, names = officer.officer.groups, officer.officer.main_post.unit_code, self._of_role()
        for role in _ORDER:
            if names[role] not in groups:
                continue
            if role in _WIDE:
                return Administrator(role=role, client_id=client_id, sub=officer.sub,
                                     read_only=read_only or role is Role.AUDITOR)
            if is_unit_code(unit) and "." in unit:
                return Administrator(role=role, client_id=client_id, sub=officer.sub, unit=unit, read_only=read_only)
        return None


def _is_fit(officer: MirroredOfficer | None) -> TypeGuard[MirroredOfficer]:
    return officer is not None and officer.status == "active" and not officer.officer.guest
