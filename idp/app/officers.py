"""What administrators see of officers and agencies, and do with two persons, is wired."""

from __future__ import annotations

from ..adapters.sql.authn.temporary_pass import SqlTemporaryPasses
from ..adapters.sql.consents import SqlApplicationAccess
from ..adapters.sql.database import Database
from ..adapters.sql.directory.administrators import SqlAgencyAdministrators, SqlRoleHolders
from ..adapters.sql.directory.deputies import SqlDeputies
from ..adapters.sql.directory.people import SqlPeople
from ..adapters.sql.directory.proposals import SqlProposals
from ..adapters.sql.directory.stops import SqlStops
from ..administration.applications.access import ApplicationAccess
from ..administration.audit.actors import Actors
from ..administration.officers import OfficerAdministration
from ..administration.operation.files import ListFiles
from ..administration.people.agencies import AgencyAdministration
from ..administration.people.deputies import DeputyAdministration
from ..administration.people.file import OfficerFile
from ..administration.people.holders import RoleHolders
from ..administration.people.many import ManyOfficers
from ..administration.people.officers import Around, OfficerDirectory
from ..administration.people.rooms import OfficerRooms
from ..administration.people.stops import AccessStops
from ..administration.people.temporary_access import TemporaryAccess
from ..administration.people.two_persons import FactorResets
from ..audit import AuditTrail
from ..authn.sign_in.temporary_pass import TemporaryPasses
from ..clock import Clock
from ..directory.deprovisioning import Deprovisioning
from ..directory.ledger import Ledger, UnitMirror
from ..directory.mirror import OfficerMirror, OfficerSearch
from ..directory.officer import Directory
from ..notices import Notices
from ..oauth.client import ClientRegistry
from ..oidc.consent import Consents
from ..roles import RoleGroups
from ..settings import Settings


def accesses(database: Database, clients: ClientRegistry, mirror: OfficerMirror, groups: RoleGroups, audit: AuditTrail,
             clock: Clock) -> tuple[Consents, ApplicationAccess]:
    """Build what tells, for officers and for administrators, what applications have of officers, and ends it."""
    store = SqlApplicationAccess(database, clock)
    return Consents(store, audit, clock), ApplicationAccess(store, clients, mirror, groups, clock)


def officer_rooms(database: Database, around: Around, officers: OfficerAdministration, search: OfficerSearch,
                  mirror: OfficerMirror, actors: Actors, directory: Directory, ledger: Ledger, units: UnitMirror,
                  groups: RoleGroups, notices: Notices, passes: TemporaryPasses, deprovisioning: Deprovisioning,
                  settings: Settings, audit: AuditTrail, files: ListFiles, clock: Clock) -> OfficerRooms:
    """Build them; ``around`` are the rooms of what an officer's page shows beside the officer."""
    people = SqlPeople(database, clock)
    shown = OfficerDirectory(people, search, mirror, groups, actors, around, audit, clock)
    return OfficerRooms(
        directory=shown, file=OfficerFile(shown, files),
        many=ManyOfficers(officers, people, mirror, notices, clock),
        agencies=AgencyAdministration(people, units, mirror, SqlAgencyAdministrators(database, groups, clock).all,
                                      around.enrollments, around.devices, around.tasks, around.registry),
        resets=FactorResets(SqlProposals(database), around.factors, mirror, groups, clock),
        passes=TemporaryAccess(SqlTemporaryPasses(database), passes, deprovisioning.end_access, settings.temporary_pass_hours,
                               mirror, groups, clock),
        stops=AccessStops(SqlStops(database), mirror, directory, ledger, groups, clock),
        holders=RoleHolders(SqlRoleHolders(database, clock), mirror, groups, files, clock),
        deputies=DeputyAdministration(SqlDeputies(database, clock), mirror, groups, clock))
