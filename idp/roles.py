"""Administrator roles: who administers, how much of the province, and whether reading is all.

Sources: fixed interface §5 (who there is), security checklist 38 (role and object are both checked; deny by default). Roles
come from groups of the directory, so that giving and taking them is the directory's business, and an agency is told by its
code, never by its name: two district units are called Long Mỹ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .directory.mirror import MirroredOfficer
from .directory.unit import is_unit_code, is_within


class Role(StrEnum):
    """What somebody is to the administration."""

    PROVINCE = "province_administrator"
    AGENCY = "agency_administrator"
    AUDITOR = "auditor"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """Somebody who administers, for the length of one request.

    Attributes:
        sub: The officer; "" for a machine.
        client_id: The application through which they act, or the machine itself.
        unit: Code of the agency that an agency administrator looks after; "" for everybody else.
        read_only: Their token reads and nothing else; auditors read only whatever their token says.
    """

    role: Role
    client_id: str
    sub: str = ""
    unit: str = ""
    read_only: bool = False

    @property
    def of_the_province(self) -> bool:
        """Whether nothing of the province is out of their sight."""
        return self.role is not Role.AGENCY

    @property
    def may_change(self) -> bool:
        """Whether they may change anything at all."""
        return not self.read_only and self.role is not Role.AUDITOR

    def oversees(self, unit_code: str) -> bool:
        """Tell whether what belongs to an agency (its code; "" for the province itself) is theirs to see."""
        return self.of_the_province or is_within(unit_code, self.unit)

    def narrowed(self, unit_code: str) -> str:
        """Give the agency to look through when one is asked for ("": any): theirs where that one is not theirs; "" for all."""
        return unit_code if unit_code and self.oversees(unit_code) else self.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGroups:
    """Names (cn) of the directory's groups whose members administer."""

    province: str = "quantri-tinh"
    agency: str = "quantri-coquan"
    auditors: str = "kiemtoan"

    @property
    def names(self) -> frozenset[str]:
        """Give them all: whoever administers proves a second factor at every sign-in, whatever else policy says."""
        return frozenset({self.province, self.agency, self.auditors})

    def above(self, officer: MirroredOfficer) -> bool:
        """Tell whether an officer has a role for the whole province; no agency administrator acts upon them."""
        return not {self.province, self.auditors}.isdisjoint(officer.officer.groups)

    def administrator(self, officer: MirroredOfficer | None, *, client_id: str, read_only: bool) -> Administrator | None:
        """Give what an officer is to the administration; None for most.

        The widest role counts. An agency administrator looks after the agency of the main post and all below it; one whose post
        is in no agency, or in the province as a whole, looks after nothing, because the whole is not an agency's to give.
        A guest is no administrator, whatever group somebody put them into.
        """
        if officer is None or officer.status != "active" or officer.officer.guest:
            return None
        groups = officer.officer.groups
        unit = officer.officer.main_post.unit_code
        if self.province in groups:
            return Administrator(role=Role.PROVINCE, client_id=client_id, sub=officer.sub, read_only=read_only)
        if self.agency in groups and is_unit_code(unit) and "." in unit:
            return Administrator(role=Role.AGENCY, client_id=client_id, sub=officer.sub, unit=unit, read_only=read_only)
        if self.auditors in groups:
            return Administrator(role=Role.AUDITOR, client_id=client_id, sub=officer.sub, read_only=True)
        return None
