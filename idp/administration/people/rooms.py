"""The rooms about officers and agencies in the administration, together: what is wired once and handed to pages and API."""

from __future__ import annotations

from dataclasses import dataclass

from .agencies import AgencyAdministration
from .deputies import DeputyAdministration
from .file import OfficerFile
from .holders import RoleHolders
from .many import ManyOfficers
from .officers import OfficerDirectory
from .stops import AccessStops
from .temporary_access import TemporaryAccess
from .two_persons import FactorResets


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerRooms:
    """The rooms.

    Attributes:
        file: Gives the list of officers away.
        holders: Shows who has which role.
        many: Acts upon many officers at once.
        resets: Takes factors away, by two persons.
        passes: Gives temporary passes, by two persons.
        stops: Stops accounts without the directory.
    """

    directory: OfficerDirectory
    file: OfficerFile
    many: ManyOfficers
    agencies: AgencyAdministration
    resets: FactorResets
    passes: TemporaryAccess
    deputies: DeputyAdministration
    holders: RoleHolders
    stops: AccessStops
